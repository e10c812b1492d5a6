//! Kinds of upstream, as data: the protocols they speak, where, and how they want to be asked.

mod base_url;
mod guess;
mod host;
mod key_shape;
mod presets;
mod quirks;

pub use base_url::{Auth, BadBaseUrl, BaseUrl};
pub use host::{is_loopback, is_private};
pub use presets::{PRESETS, Preset};
pub use quirks::{ByModel, ChannelQuirks};

use serde::{Deserialize, Serialize};
use wire::Protocol;

/// A kind of upstream (`type` in the file).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema, ts_rs::TS,
)]
pub enum ProviderKind {
    /// Anything that speaks as the inventor of Chat Completions does.
    #[default]
    #[serde(rename = "openai")]
    OpenAi,
    /// Anthropic, or whoever speaks its Messages.
    #[serde(rename = "claude")]
    Claude,
    /// Google's Gemini API.
    #[serde(rename = "gemini")]
    Gemini,
    /// Gemini by the Gemini CLI's login.
    #[serde(rename = "gemini-cli-oauth")]
    GeminiCliOauth,
    /// Claude by Kiro's login.
    #[serde(rename = "claude-kiro-oauth")]
    ClaudeKiroOauth,
    /// Qwen by the Qwen CLI's login.
    #[serde(rename = "openai-qwen-oauth")]
    OpenAiQwenOauth,
}

impl ProviderKind {
    /// The word that the file uses.
    pub fn word(self) -> &'static str {
        match self {
            ProviderKind::OpenAi => "openai",
            ProviderKind::Claude => "claude",
            ProviderKind::Gemini => "gemini",
            ProviderKind::GeminiCliOauth => "gemini-cli-oauth",
            ProviderKind::ClaudeKiroOauth => "claude-kiro-oauth",
            ProviderKind::OpenAiQwenOauth => "openai-qwen-oauth",
        }
    }

    /// The protocol that this kind speaks by nature.
    pub fn native(self) -> Protocol {
        match self {
            ProviderKind::OpenAi | ProviderKind::OpenAiQwenOauth => Protocol::Chat,
            ProviderKind::Claude | ProviderKind::ClaudeKiroOauth => Protocol::Messages,
            ProviderKind::Gemini | ProviderKind::GeminiCliOauth => Protocol::Gemini,
        }
    }

    /// Tells whether the channel's own base URL is meant for `protocol`.
    pub fn speaks_by_nature(self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::Chat | Protocol::Responses => self.native() == Protocol::Chat,
            Protocol::Messages | Protocol::Gemini => self.native() == protocol,
        }
    }

    /// Where this kind is found when a channel does not say.
    pub fn default_base(self) -> &'static str {
        match self {
            ProviderKind::OpenAi => "https://api.openai.com/v1",
            ProviderKind::Claude | ProviderKind::ClaudeKiroOauth => "https://api.anthropic.com",
            ProviderKind::Gemini | ProviderKind::GeminiCliOauth => {
                "https://generativelanguage.googleapis.com"
            }
            ProviderKind::OpenAiQwenOauth => "https://dashscope.aliyuncs.com/compatible-mode/v1",
        }
    }

    /// Tells whether it is reached by a login instead of a key.
    pub fn uses_login(self) -> bool {
        match self {
            ProviderKind::GeminiCliOauth | ProviderKind::ClaudeKiroOauth | ProviderKind::OpenAiQwenOauth => {
                true
            }
            ProviderKind::OpenAi | ProviderKind::Claude | ProviderKind::Gemini => false,
        }
    }
}
