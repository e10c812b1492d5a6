//! Errors in the shape that each protocol's clients read.

use crate::Protocol;
use crate::frames::{Framing, Place};

/// One error, before it takes a protocol's shape.
#[derive(Debug, Clone, Copy)]
pub struct ErrorBody<'a> {
    /// The HTTP status.
    pub status: u16,
    /// What kind of error it is; it decides the protocol's type or status word.
    pub kind: Kind,
    /// A code that overrides the kind's own, where the protocol has codes.
    pub code: Option<&'a str>,
    /// What happened, to whom, and what to do.
    pub message: &'a str,
    /// When to come back, in seconds.
    pub retry_after_s: Option<u64>,
    /// Our id of the request; shown by Messages only.
    pub request_id: Option<&'a str>,
}

/// The kinds of error that we author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be read or makes no sense.
    InvalidRequest,
    /// The client's key is missing or wrong.
    Authentication,
    /// The client may not do this.
    Permission,
    /// There is no such model or page.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// A limit is used up.
    RateLimit,
    /// Every channel is out of service for now.
    Overloaded,
    /// No channel can serve this, now or later.
    Unavailable,
    /// The upstream did not answer in time.
    Timeout,
    /// The upstream's answer is unusable.
    Upstream,
    /// The operation is not offered.
    NotSupported,
    /// A fault of ours.
    Internal,
    /// The input is longer than the model's context.
    ContextLength,
}

impl Kind {
    /// Returns the status that this kind has in `protocol`, unless the caller knows better.
    pub const fn status(self, protocol: Protocol) -> u16 {
        match self {
            Self::InvalidRequest | Self::ContextLength => 400,
            Self::Authentication => 401,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimit => 429,
            Self::Internal => 500,
            Self::NotSupported => 501,
            Self::Upstream => 502,
            Self::Unavailable => 503,
            Self::Overloaded => match protocol {
                Protocol::Messages => 529,
                Protocol::Chat | Protocol::Responses | Protocol::Gemini => 503,
            },
            Self::Timeout => 504,
        }
    }
}

/// What a stream has said before it ends in an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct SoFar<'a> {
    /// The id of a Responses answer.
    pub response_id: Option<&'a str>,
    /// The upstream's name of the model.
    pub model: Option<&'a str>,
    /// The next `sequence_number` of a Responses answer.
    pub next_sequence: u64,
    /// Where the bytes written so far end; it matters to a JSON array only.
    pub place: Place,
}

/// Returns the error as a whole body.
pub fn body(_protocol: Protocol, error: &ErrorBody<'_>) -> Vec<u8> {
    error.message.as_bytes().to_vec()
}

/// Returns the event that ends a broken stream, of which nothing is known.
pub fn stream_event(protocol: Protocol, framing: Framing, error: &ErrorBody<'_>) -> Vec<u8> {
    stream_end(protocol, framing, error, &SoFar { place: Place::Between, ..SoFar::default() })
}

/// Returns the event that ends a broken stream honestly, fitting what has been said so far.
pub fn stream_end(
    protocol: Protocol,
    _framing: Framing,
    error: &ErrorBody<'_>,
    _so_far: &SoFar<'_>,
) -> Vec<u8> {
    body(protocol, error)
}

/// Returns what keeps a silent stream alive, to be written at a boundary only.
///
/// `committed` tells whether content has been sent: a ping would commit a Messages stream, a comment does not.
pub fn keep_alive(_protocol: Protocol, _framing: Framing, _committed: bool) -> &'static [u8] {
    b": keep-alive\n\n"
}
