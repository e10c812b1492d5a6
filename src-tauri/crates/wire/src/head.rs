//! What routing needs to know of a request.

use std::ops::Range;

use crate::json::Malformed;
use crate::{Operation, Protocol};

/// What routing needs to know of a request, read without parsing it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts of a request, not a state")]
pub struct Head {
    /// The dialect the client speaks.
    pub protocol: Protocol,
    /// What it asks for.
    pub operation: Operation,
    /// The model asked for, unescaped; for Gemini from the path. Absent where the body has none, or null.
    pub model: Option<String>,
    /// Whether the answer is to be streamed; for Gemini from the verb.
    pub stream: bool,
    /// Whether thinking or reasoning was asked for.
    pub reasoning: bool,
    /// Whether the call makes or uses state in one upstream account, so that it must not be sent twice.
    pub stateful: bool,
    /// Whether a Chat client asked for the usage chunk itself.
    pub asks_usage: bool,
    /// The client's own id of the conversation.
    pub session: Option<String>,
    /// The length of the body in bytes.
    pub bytes_in: usize,
    pub(crate) spots: Vec<Spot>,
    pub(crate) model_spots: Vec<Range<usize>>,
}

/// Where one top-level member stands in the body.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    /// The key with its quotes.
    pub(crate) key: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// What a Gemini path says of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathModel<'a> {
    /// The model's name, percent-decoded, without `models/`.
    pub model: &'a str,
    /// Whether the verb is `streamGenerateContent`.
    pub stream: bool,
}

impl Head {
    /// Reads the head of a request, checking that its body is one well-formed JSON object.
    ///
    /// `path` is what the path says of the model, for Gemini.
    pub fn read(
        protocol: Protocol,
        operation: Operation,
        body: &[u8],
        path: Option<PathModel<'_>>,
    ) -> Result<Self, Malformed> {
        Ok(Self {
            protocol,
            operation,
            model: path.map(|path| path.model.to_owned()),
            stream: path.is_some_and(|path| path.stream),
            reasoning: false,
            stateful: false,
            asks_usage: false,
            session: None,
            bytes_in: body.len(),
            spots: Vec::new(),
            model_spots: Vec::new(),
        })
    }
}
