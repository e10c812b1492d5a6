//! What the client sees when nothing is left to try.

use std::time::Duration;

use wire::Protocol;
use wire::errors::Kind;

use crate::constants::RETRY_AFTER_S_MAX;
use crate::failure::{Class, Failure, Phase};
use crate::policy::{Policy, Words, policy};

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
    /// The field of the request that is to blame, in the client's own words.
    pub field: Option<String>,
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
            Kind::InvalidRequest
            | Kind::Authentication
            | Kind::Permission
            | Kind::NotFound
            | Kind::TooLarge
            | Kind::RateLimit
            | Kind::Unavailable
            | Kind::Timeout
            | Kind::Upstream
            | Kind::NotSupported
            | Kind::Internal
            | Kind::ContextLength => self.status,
        }
    }

    /// The value of `Retry-After` in whole seconds, rounded up and never above a minute.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }
}

impl Refusal {
    /// Decides what the client of `protocol` sees of a failure on `channel`. `nothing_else` tells whether no other
    /// cell was tried.
    pub fn of(failure: &Failure, channel: &str, protocol: Protocol, nothing_else: bool) -> Refusal {
        let row = policy(failure.class);
        let theirs = match row.words {
            Words::Theirs => speaks_for_itself(failure, protocol),
            Words::TheirsIfOnly => nothing_else,
            Words::Ours => false,
        };
        // Only a refusal by status has a status and a body to pass on.
        let passed_on = theirs && failure.phase == Phase::P2 && has_a_fitting_status(failure);
        let relay = if passed_on { Relay::Verbatim } else { Relay::Own };
        Refusal {
            class: failure.class,
            relay,
            kind: row.kind,
            status: status_of(failure, row),
            code: failure.blame.as_ref().and_then(|blame| blame.code).or(row.code),
            field: failure.blame.as_ref().map(|blame| blame.field.clone()),
            message: message_of(failure, channel, protocol),
            retry_after: failure.retry_after.filter(|_| row.should_retry),
            should_retry: row.should_retry,
        }
    }

    /// Of an earlier refusal of the same request and this one, the one that helps the client more: what it did
    /// wrong, else what passes soon, else the latest.
    pub(crate) fn after(self, earlier: Option<Refusal>) -> Refusal {
        match earlier {
            Some(earlier) if earlier.should_retry && !self.should_retry && !self.blames_the_caller() => {
                Refusal { relay: Relay::Own, ..earlier }
            }
            Some(_) | None => self,
        }
    }

    fn blames_the_caller(&self) -> bool {
        policy(self.class).words == Words::Theirs
    }
}

/// Whether the upstream's own words tell this client what it must know. Clients compact an over-long conversation
/// when they read their own protocol's marker, which compatible vendors do not all write.
fn speaks_for_itself(failure: &Failure, protocol: Protocol) -> bool {
    if failure.class != Class::ContextLength {
        return true;
    }
    match protocol {
        Protocol::Messages => failure.message.contains("prompt is too long"),
        Protocol::Chat | Protocol::Responses => failure.code.as_deref() == Some("context_length_exceeded"),
        Protocol::Gemini => true,
    }
}

/// Whether the upstream's status says to a client what the class means. Vendors report limits and faults of their own
/// under statuses by which clients would blame themselves or ask their user to log in.
fn has_a_fitting_status(failure: &Failure) -> bool {
    let Some(status) = failure.status else { return false };
    match failure.class {
        Class::RateLimit => status == 429,
        Class::Overloaded | Class::ServerError => matches!(status, 408 | 425 | 429 | 499 | 500..=599),
        Class::ContextLength | Class::ContentFilter | Class::CallerFault => status != 401,
        Class::Network
        | Class::ProxyFailure
        | Class::Tls
        | Class::Silent
        | Class::Quota
        | Class::Credential
        | Class::ModelAccess
        | Class::ModelGone
        | Class::RegionBlocked
        | Class::NotOffered
        | Class::Untranslatable
        | Class::Malformed
        | Class::ClientGone => false,
    }
}

/// A failure of the upstream's own keeps its status where that is a common one; a fault of the caller's keeps any but
/// the one that would send its user to log in.
fn status_of(failure: &Failure, row: Policy) -> u16 {
    let kept = match failure.class {
        Class::ServerError => failure.status.filter(|status| matches!(status, 500 | 502 | 503 | 504)),
        Class::CallerFault | Class::ContentFilter => {
            failure.status.filter(|&status| (400..500).contains(&status) && status != 401)
        }
        Class::Network
        | Class::ProxyFailure
        | Class::Tls
        | Class::Overloaded
        | Class::Silent
        | Class::RateLimit
        | Class::Quota
        | Class::Credential
        | Class::ModelAccess
        | Class::ModelGone
        | Class::RegionBlocked
        | Class::NotOffered
        | Class::Untranslatable
        | Class::ContextLength
        | Class::Malformed
        | Class::ClientGone => None,
    };
    kept.unwrap_or(row.status)
}

fn message_of(failure: &Failure, channel: &str, protocol: Protocol) -> String {
    let theirs = &failure.message;
    if failure.class == Class::ContextLength && protocol == Protocol::Messages {
        return too_long(theirs);
    }
    let what = format!("channel {channel:?} {}", failure.class.words());
    if theirs.is_empty() { what } else { format!("{what}: {theirs}") }
}

/// Says "too long" in the words on which Claude Code compacts, with the vendor's numbers where it gave two.
fn too_long(theirs: &str) -> String {
    let digits =
        theirs.split(|c: char| !c.is_ascii_digit() && c != ',').map(|number| number.replace(',', ""));
    let mut numbers: Vec<u64> =
        digits.filter_map(|number| number.parse().ok()).filter(|&number| number >= 1_000).collect();
    numbers.sort_unstable();
    match numbers.as_slice() {
        [most, .., asked] if most < asked => format!("prompt is too long: {asked} tokens > {most} maximum"),
        _ => format!("prompt is too long: {theirs}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(class: Class, status: u16, message: &str) -> Failure {
        Failure { status: Some(status), ..Failure::new(class, Phase::P2, message) }
    }

    #[test]
    fn each_class_is_told_as_routing_says() {
        use Relay::{Own, Verbatim};
        for (class, status, nothing_else, relay, messages, chat, should_retry) in [
            (Class::Network, 0, true, Own, 502, 502, true),
            (Class::Overloaded, 529, true, Verbatim, 529, 503, true),
            (Class::Overloaded, 529, false, Own, 529, 503, true),
            (Class::ServerError, 500, true, Verbatim, 500, 500, true),
            (Class::ServerError, 522, false, Own, 502, 502, true),
            (Class::Silent, 0, true, Own, 504, 504, true),
            (Class::RateLimit, 429, true, Verbatim, 429, 429, true),
            (Class::RateLimit, 429, false, Own, 429, 429, true),
            (Class::RateLimit, 413, true, Own, 429, 429, true),
            (Class::ServerError, 403, true, Own, 502, 502, true),
            (Class::Quota, 403, true, Own, 429, 429, false),
            (Class::Credential, 401, true, Own, 502, 502, false),
            (Class::ModelGone, 404, true, Own, 404, 404, false),
            (Class::ModelAccess, 403, true, Own, 404, 404, false),
            (Class::NotOffered, 404, true, Own, 501, 501, false),
            (Class::ContentFilter, 400, false, Verbatim, 400, 400, false),
            (Class::CallerFault, 422, false, Verbatim, 422, 422, false),
            (Class::Malformed, 200, true, Own, 502, 502, true),
        ] {
            for (protocol, expected) in [(Protocol::Messages, messages), (Protocol::Chat, chat)] {
                let refusal = Refusal::of(&failure(class, status, "why"), "relay", protocol, nothing_else);
                let found = (refusal.relay, refusal.status_for(protocol), refusal.should_retry);
                assert_eq!(found, (relay, expected, should_retry), "{class:?} in {protocol}");
                if class != Class::ContextLength {
                    assert!(refusal.message.starts_with("channel \"relay\" "), "{}", refusal.message);
                }
            }
        }
    }

    #[test]
    fn an_error_inside_a_stream_has_no_body_to_pass_on() {
        let inside = Failure { phase: Phase::P3, ..failure(Class::CallerFault, 400, "no") };
        assert_eq!(Refusal::of(&inside, "relay", Protocol::Chat, true).relay, Relay::Own);
    }

    #[test]
    fn a_prompt_that_is_too_long_is_told_in_the_words_clients_act_on() {
        let kimi = failure(Class::ContextLength, 400, "Your request exceeded model token limit: 131072");
        let openai = failure(
            Class::ContextLength,
            400,
            "This model's maximum context length is 128,000 tokens. However, your messages resulted in 140012 tokens.",
        );
        let anthropic =
            failure(Class::ContextLength, 400, "prompt is too long: 210000 tokens > 200000 maximum");
        for (failure, relay, message) in [
            (&kimi, Relay::Own, "prompt is too long: Your request exceeded model token limit: 131072"),
            (&openai, Relay::Own, "prompt is too long: 140012 tokens > 128000 maximum"),
            (&anthropic, Relay::Verbatim, "prompt is too long: 210000 tokens > 200000 maximum"),
        ] {
            let refusal = Refusal::of(failure, "relay", Protocol::Messages, false);
            assert_eq!((refusal.relay, refusal.message.as_str()), (relay, message));
        }
        let coded = Failure { code: Some("context_length_exceeded".into()), ..openai };
        assert_eq!(Refusal::of(&coded, "relay", Protocol::Chat, false).relay, Relay::Verbatim);
        assert_eq!(Refusal::of(&kimi, "relay", Protocol::Chat, false).code, Some("context_length_exceeded"));
    }

    #[test]
    fn what_passes_soon_outlives_a_later_dead_end_but_not_the_caller_s_fault() {
        let refusal = |class| Refusal::of(&failure(class, 400, "why"), "relay", Protocol::Chat, false);
        for (earlier, later, told) in [
            (Class::RateLimit, Class::Credential, Class::RateLimit),
            (Class::RateLimit, Class::ServerError, Class::ServerError),
            (Class::Credential, Class::Quota, Class::Quota),
            (Class::Overloaded, Class::CallerFault, Class::CallerFault),
        ] {
            assert_eq!(refusal(later).after(Some(refusal(earlier))).class, told);
        }
    }

    #[test]
    fn waits_are_rounded_up_and_never_above_a_minute() {
        for (milliseconds, seconds) in [(0, 0), (1, 1), (1_000, 1), (1_001, 2), (59_500, 60), (300_000, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
        }
    }
}
