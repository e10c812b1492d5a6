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

    /// Tells whether it has words for embeddings.
    pub const fn embeds(self) -> bool {
        match self {
            Self::Chat | Self::Gemini => true,
            Self::Responses | Self::Messages => false,
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
    /// A text to be continued, streamed or whole (`OpenAI`'s legacy `/v1/completions`).
    Complete,
    /// The number of input tokens (Messages `count_tokens`, Gemini `:countTokens`).
    CountTokens,
    /// Embeddings (Chat `/v1/embeddings`, Gemini `:embedContent`).
    Embed,
    /// Several embeddings in one call (Gemini `:batchEmbedContents`).
    BatchEmbed,
    /// Something that only the client's own protocol has words for.
    #[serde(untagged)]
    Native(Native),
}

/// An operation that no other protocol has words for. It is passed on as it is, and the answer comes back as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Native {
    /// Images made, edited or varied (`/v1/images/…`).
    Image,
    /// Speech made of text (`/v1/audio/speech`).
    Speak,
    /// Text made of speech (`/v1/audio/transcriptions`, `/v1/audio/translations`).
    Transcribe,
    /// A judgement whether a text is harmful (`/v1/moderations`).
    Moderate,
    /// Documents put in the order of their fitness (`/v1/rerank`).
    Rerank,
    /// Files that an upstream keeps (`/v1/files`).
    File,
    /// Requests that an upstream works off by and by (`/v1/batches`, `/v1/messages/batches`).
    Batch,
    /// Answers that an upstream keeps (`/v1/responses/{id}`).
    Stored,
}

impl Native {
    /// Returns the word that logs and traces use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Speak => "speak",
            Self::Transcribe => "transcribe",
            Self::Moderate => "moderate",
            Self::Rerank => "rerank",
            Self::File => "file",
            Self::Batch => "batch",
            Self::Stored => "stored",
        }
    }
}

impl Operation {
    /// Returns the word that logs and traces use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Complete => "complete",
            Self::CountTokens => "count_tokens",
            Self::Embed => "embed",
            Self::BatchEmbed => "batch_embed",
            Self::Native(native) => native.word(),
        }
    }

    /// Tells whether a model's own words are asked for: they may be streamed, and the channel's parameters shape them.
    pub const fn is_answer(self) -> bool {
        match self {
            Self::Generate | Self::Complete => true,
            Self::CountTokens | Self::Embed | Self::BatchEmbed | Self::Native(_) => false,
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

    #[test]
    fn an_operation_is_written_as_its_word() {
        use Native::{Batch, File, Image, Moderate, Rerank, Speak, Stored, Transcribe};
        let native = [Image, Speak, Transcribe, Moderate, Rerank, File, Batch, Stored];
        let others = [Operation::Generate, Operation::Complete, Operation::CountTokens, Operation::Embed];
        for operation in native.map(Operation::Native).into_iter().chain(others) {
            assert_eq!(serde_json::to_string(&operation).unwrap(), format!("\"{operation}\""));
        }
    }
}
