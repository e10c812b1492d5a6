//! What the client sees when nothing is left to try.

use std::time::Duration;

use wire::Protocol;
use wire::errors::Kind;

use crate::constants::RETRY_AFTER_S_MAX;
use crate::failure::Class;

/// What to do after a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Wait, then call `admit` again: it will grant the same cell once more.
    SameAgain {
        /// How long to wait.
        after: Duration,
    },
    /// Call `admit` again at once: it will grant another cell.
    TryAnother,
    /// Tell the client.
    Refuse(Refusal),
}

/// The error that a client sees, decided; writing it in the client's protocol is `wire::errors`' part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The failure behind it.
    pub class: Class,
    /// Whether the upstream's answer is passed on as it is, or ours is written.
    pub relay: Relay,
    /// What kind of error to write, if ours is written.
    pub kind: Kind,
    /// The status to answer with in any protocol but those that [`Refusal::status_for`] knows better.
    pub status: u16,
    /// The code to write, where clients act on one.
    pub code: Option<&'static str>,
    /// The message to write; names the channel.
    pub message: String,
    /// When the client may come again.
    pub retry_after: Option<Duration>,
    /// What `x-should-retry` says.
    pub should_retry: bool,
}

/// Whose words the client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relay {
    /// The upstream's own status and body, byte for byte. Where it has sent neither (a failure inside a stream), ours.
    Verbatim,
    /// Ours, in the client's protocol.
    Own,
}

impl Refusal {
    /// The status for a client of `protocol`: overload is 529 for Messages and 503 for the others.
    pub fn status_for(&self, protocol: Protocol) -> u16 {
        match self.kind {
            Kind::Overloaded => overload_status(protocol),
            _ => self.status,
        }
    }

    /// The value of `Retry-After` in whole seconds, rounded up and never above a minute.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }
}

/// The status that says "too much to do" to a client of `protocol`.
pub(crate) fn overload_status(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Messages => 529,
        Protocol::Chat | Protocol::Responses | Protocol::Gemini => 503,
    }
}

/// Rounds a wait up to whole seconds, within what clients will wait for.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    seconds.min(RETRY_AFTER_S_MAX)
}
