//! Kinds of upstream, as data: the protocols they speak, where, and how they want to be asked.

mod base_url;

pub use base_url::{Auth, BadBaseUrl, BaseUrl};

use serde::{Deserialize, Serialize};

/// A kind of upstream (`type` in the file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub enum ProviderKind {
    /// Anything that speaks as OpenAI does.
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
