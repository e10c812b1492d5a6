//! Reading an answer in passing.

use crate::json::Malformed;
use crate::{Operation, Protocol, Usage};

/// What one event of a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It opens the answer and carries nothing of it.
    Preamble,
    /// It carries text, a tool call, thinking, a refusal or an image. It may end the answer too: see [`Observer::ended`].
    Content,
    /// It ends the answer in the protocol's own way.
    Terminal,
    /// It is `[DONE]`.
    Done,
    /// It says that the answer failed.
    Failure(StreamFailure),
    /// It carries usage and nothing else: a Chat chunk without choices.
    UsageOnly,
    /// Its data is not JSON.
    Unparsable,
    /// It is none of these: a ping, an empty delta, a marker between parts, something unknown.
    Other,
}

/// What an upstream said went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFailure {
    /// The HTTP status that the error stands for, where it tells.
    pub status: Option<u16>,
    /// The error's code, type or status word, whichever is there first.
    pub code: Option<String>,
    /// The upstream's own words.
    pub message: String,
    /// The JSON text that said so, at most 64 KiB of it.
    pub raw: String,
}

/// Reads a copy of a stream in its own protocol. Never changes a byte.
#[derive(Debug)]
pub struct Observer {
    protocol: Protocol,
    usage: Option<Usage>,
    model: Option<String>,
    response_id: Option<String>,
    finish_reason: Option<String>,
    content: bool,
    sequence: u64,
}

impl Observer {
    /// Makes an observer of one stream.
    pub fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            usage: None,
            model: None,
            response_id: None,
            finish_reason: None,
            content: false,
            sequence: 0,
        }
    }

    /// Reads one event and says what it is.
    pub fn event(&mut self, _name: Option<&[u8]>, _data: &[u8]) -> Seen {
        self.sequence += 1;
        match self.protocol {
            Protocol::Chat | Protocol::Responses | Protocol::Messages | Protocol::Gemini => Seen::Other,
        }
    }

    /// Returns the usage reported so far.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// Returns the upstream's own name of the model.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Tells whether the protocol's terminal has been seen.
    pub fn ended(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// Tells whether content has been seen.
    pub fn has_content(&self) -> bool {
        self.content
    }

    /// Returns why the answer ended, in the upstream's words.
    pub fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_deref()
    }

    /// Returns the id of a Responses answer.
    pub fn response_id(&self) -> Option<&str> {
        self.response_id.as_deref()
    }

    /// Returns the number of events read so far, which in Responses is the next `sequence_number`.
    pub fn events(&self) -> u64 {
        self.sequence
    }
}

/// What an acceptable whole answer says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WholeSeen {
    /// The tokens it cost, if it says so.
    pub usage: Option<Usage>,
    /// The upstream's own name of the model.
    pub model: Option<String>,
    /// Why the answer ended, in the upstream's words.
    pub finish_reason: Option<String>,
}

/// Why a 200 is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WholeFault {
    /// The body is not JSON.
    #[error("the answer is not JSON: {0}")]
    NotJson(Malformed),
    /// The body is an error.
    #[error("the answer is an error: {}", .0.message)]
    ErrorBody(StreamFailure),
    /// The body holds no answer.
    #[error("the answer is empty")]
    Empty,
}

/// Reads a whole answer with a success status.
pub fn whole(_protocol: Protocol, _operation: Operation, _body: &[u8]) -> Result<WholeSeen, WholeFault> {
    Ok(WholeSeen::default())
}

/// Finds what an error body says, in any of the shapes that vendors use.
pub fn error_body(_body: &[u8]) -> Option<StreamFailure> {
    None
}
