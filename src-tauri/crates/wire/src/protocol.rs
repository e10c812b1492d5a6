//! The wire dialects and what can be asked in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A wire dialect between a client and us, or between us and an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// `OpenAI` Chat Completions, `POST /v1/chat/completions`, and the embeddings beside it.
    Chat,
    /// `OpenAI` Responses, `POST /v1/responses`.
    Responses,
    /// Anthropic Messages, `POST /v1/messages`.
    Messages,
    /// Google Gemini, `POST /v1beta/models/{model}:{verb}`.
    Gemini,
}

impl Protocol {
    /// Every protocol, in the order in which lists show them.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Responses, Self::Messages, Self::Gemini];

    /// Returns the word that configuration files and logs use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Gemini => "gemini",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// A word that names no protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no protocol; use chat, responses, messages or gemini")]
pub struct UnknownProtocol(pub String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(word: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.word() == word)
            .ok_or_else(|| UnknownProtocol(word.to_owned()))
    }
}

/// What a client asks of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A reply, streamed or whole.
    Generate,
    /// The number of input tokens (Messages `count_tokens`, Gemini `:countTokens`).
    CountTokens,
    /// Embeddings (Chat `/v1/embeddings`, Gemini `:embedContent`).
    Embed,
    /// Several embeddings in one call (Gemini `:batchEmbedContents`).
    BatchEmbed,
}

impl Operation {
    /// Returns the word that logs and traces use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::CountTokens => "count_tokens",
            Self::Embed => "embed",
            Self::BatchEmbed => "batch_embed",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_protocol_is_read_back_from_its_word() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
            assert_eq!(serde_json::to_string(&protocol).unwrap(), format!("\"{protocol}\""));
        }
        assert_eq!("smtp".parse::<Protocol>(), Err(UnknownProtocol("smtp".to_owned())));
    }
}
