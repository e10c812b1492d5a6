//! Errors in the shape that each protocol's clients read.

mod words;

use serde_json::{Value, json};

use crate::Protocol;
use crate::dialect::responses_failed;
use crate::frames::{Framing, Place};

/// One error, before it takes a protocol's shape.
#[derive(Debug, Clone, Copy)]
pub struct ErrorBody<'a> {
    /// The HTTP status.
    pub status: u16,
    /// What kind of error it is; it decides the protocol's type or status word.
    pub kind: Kind,
    /// A code that overrides the kind's own, where the protocol has codes (Chat, Responses).
    pub code: Option<&'a str>,
    /// The field of the request that is to blame, where protocols name one (Chat, Responses).
    pub param: Option<&'a str>,
    /// What happened, to whom, and what to do.
    pub message: &'a str,
    /// When to come back, in seconds. Only Gemini says so in the body.
    pub retry_after_s: Option<u64>,
    /// Our id of the request. Only Messages says so in the body.
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
    /// When a Responses answer was begun, in Unix seconds.
    pub created_s: u64,
    /// Where the bytes written so far end; it matters to a JSON array only.
    pub place: Place,
}

/// Returns the error as a whole body.
pub fn body(protocol: Protocol, error: &ErrorBody<'_>) -> Vec<u8> {
    value(protocol, error).to_string().into_bytes()
}

/// Returns the event that ends a broken stream honestly. Nothing is made up in front of it: no stop, no finish reason, no
/// `[DONE]`.
///
/// A place inside an event is closed by a blank line first, so that the error is an event of its own; inside an array's
/// element nothing can be closed, and the result is empty.
pub fn stream_end(
    protocol: Protocol,
    framing: Framing,
    error: &ErrorBody<'_>,
    so_far: &SoFar<'_>,
) -> Vec<u8> {
    match framing {
        Framing::Sse => {
            let closing: &[u8] = if so_far.place == Place::Inside { b"\n\n" } else { b"" };
            [closing, &sse_event(protocol, error, so_far)].concat()
        }
        Framing::JsonArray => {
            let opening = match so_far.place {
                Place::Start => "[",
                Place::Opened | Place::Comma => "",
                Place::Between => ",\n",
                Place::Inside | Place::Closed => return Vec::new(),
            };
            format!("{opening}{}\n]", value(protocol, error)).into_bytes()
        }
    }
}

/// Returns what keeps a silent stream alive, to be written at a boundary only.
///
/// `committed` tells whether content has been sent: until then Messages gets a comment, which commits nothing. Gemini
/// never sees a comment, because google-genai for Python fails on one: its candidate with an empty text commits nothing
/// either. In a JSON array white space may stand anywhere between elements.
pub fn keep_alive(protocol: Protocol, framing: Framing, committed: bool) -> &'static [u8] {
    match (framing, protocol) {
        (Framing::JsonArray, Protocol::Chat | Protocol::Responses | Protocol::Messages | Protocol::Gemini) => b"\n",
        (Framing::Sse, Protocol::Gemini) => {
            b"data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"index\":0}]}\r\n\r\n"
        }
        (Framing::Sse, Protocol::Messages) if committed => b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
        (Framing::Sse, Protocol::Chat | Protocol::Responses | Protocol::Messages) => b": keep-alive\n\n",
    }
}

fn value(protocol: Protocol, error: &ErrorBody<'_>) -> Value {
    match protocol {
        Protocol::Chat | Protocol::Responses => openai(error),
        Protocol::Messages => anthropic(error),
        Protocol::Gemini => gemini(error),
    }
}

fn openai(error: &ErrorBody<'_>) -> Value {
    let (kind, code) = words::openai(error.kind, error.code);
    json!({"error": {"message": error.message, "type": kind, "param": error.param, "code": code}})
}

fn anthropic(error: &ErrorBody<'_>) -> Value {
    let mut body = json!({
        "type": "error",
        "error": {"type": words::anthropic(error.kind), "message": error.message},
    });
    if let Some(request_id) = error.request_id {
        body["request_id"] = request_id.into();
    }
    body
}

fn gemini(error: &ErrorBody<'_>) -> Value {
    let mut body = json!({
        "error": {"code": error.status, "message": error.message, "status": words::gemini(error.kind)},
    });
    if let Some(seconds) = error.retry_after_s {
        body["error"]["details"] = json!([{
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{seconds}s"),
        }]);
    }
    body
}

fn sse_event(protocol: Protocol, error: &ErrorBody<'_>, so_far: &SoFar<'_>) -> Vec<u8> {
    match protocol {
        Protocol::Chat => format!("data: {}\n\n", openai(error)).into_bytes(),
        Protocol::Messages => format!("event: error\ndata: {}\n\n", anthropic(error)).into_bytes(),
        Protocol::Responses => {
            let code = words::response_code(error.kind, error.code);
            responses_failed(so_far, code, error.message)
        }
        Protocol::Gemini => format!("data: {}\r\n\r\n", gemini(error)).into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::observe::{Observer, Seen, error_body};
    use crate::sse::{EVENT_BYTES_MAX, Scanner};

    const EVERY_KIND: [Kind; 13] = [
        Kind::InvalidRequest,
        Kind::Authentication,
        Kind::Permission,
        Kind::NotFound,
        Kind::TooLarge,
        Kind::RateLimit,
        Kind::Overloaded,
        Kind::Unavailable,
        Kind::Timeout,
        Kind::Upstream,
        Kind::NotSupported,
        Kind::Internal,
        Kind::ContextLength,
    ];

    fn error(protocol: Protocol, kind: Kind) -> ErrorBody<'static> {
        ErrorBody {
            status: kind.status(protocol),
            kind,
            code: None,
            param: None,
            message: "channel \"a\"\nis busy",
            retry_after_s: None,
            request_id: None,
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn each_client_gets_its_own_shape() {
        for (protocol, kind, expected) in [
            (
                Protocol::Chat,
                Kind::ContextLength,
                r#"{"error":{"message":"channel \"a\"\nis busy","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}}"#,
            ),
            (
                Protocol::Responses,
                Kind::Overloaded,
                r#"{"error":{"message":"channel \"a\"\nis busy","type":"server_error","param":null,"code":"overloaded"}}"#,
            ),
            (
                Protocol::Messages,
                Kind::Overloaded,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"channel \"a\"\nis busy"}}"#,
            ),
            (
                Protocol::Gemini,
                Kind::RateLimit,
                r#"{"error":{"code":429,"message":"channel \"a\"\nis busy","status":"RESOURCE_EXHAUSTED"}}"#,
            ),
        ] {
            assert_eq!(text(body(protocol, &error(protocol, kind))), expected);
        }
    }

    #[test]
    fn what_only_one_protocol_says_stands_there_alone() {
        for (protocol, says_request_id, says_retry) in [
            (Protocol::Chat, false, false),
            (Protocol::Responses, false, false),
            (Protocol::Messages, true, false),
            (Protocol::Gemini, false, true),
        ] {
            let error = ErrorBody {
                retry_after_s: Some(17),
                request_id: Some("req_7"),
                ..error(protocol, Kind::RateLimit)
            };
            let body = text(body(protocol, &error));
            assert_eq!(body.contains(r#""request_id":"req_7""#), says_request_id, "{body}");
            assert_eq!(body.contains(r#"google.rpc.RetryInfo","retryDelay":"17s""#), says_retry, "{body}");
        }
    }

    #[test]
    fn every_error_is_read_back_with_its_message() {
        for protocol in Protocol::ALL {
            for kind in EVERY_KIND {
                let failure = error_body(&body(protocol, &error(protocol, kind))).unwrap();
                assert_eq!(failure.message, "channel \"a\"\nis busy", "{protocol} {kind:?}");
            }
        }
    }

    #[test]
    fn a_given_code_replaces_the_kind_s_own() {
        let error = ErrorBody { code: Some("insufficient_quota"), ..error(Protocol::Chat, Kind::RateLimit) };
        let body = text(body(Protocol::Chat, &error));
        assert!(
            body.contains(r#""type":"insufficient_quota","param":null,"code":"insufficient_quota""#),
            "{body}"
        );
    }

    #[test]
    fn a_broken_stream_ends_in_an_event_that_is_a_failure() {
        for protocol in Protocol::ALL {
            for place in [Place::Between, Place::Inside] {
                let so_far = SoFar { place, next_sequence: 4, ..SoFar::default() };
                let end = stream_end(protocol, Framing::Sse, &error(protocol, Kind::Upstream), &so_far);
                let mut seen = Vec::new();
                let mut scanner = Scanner::new(EVENT_BYTES_MAX);
                if place == Place::Inside {
                    scanner.push(b"data: {\"cut", &mut |_| {}).unwrap();
                }
                let mut observer = Observer::new(protocol);
                scanner.push(&end, &mut |event| seen.push(observer.event(event.name, event.data))).unwrap();
                assert!(matches!(seen.last(), Some(Seen::Failure(_))), "{protocol}: {seen:?}");
                assert!(scanner.at_boundary());
            }
        }
    }

    #[test]
    fn a_broken_array_is_closed_wherever_it_stands() {
        let error = error(Protocol::Gemini, Kind::Upstream);
        for (so_far, place) in
            [("", Place::Start), ("[", Place::Opened), ("[{}", Place::Between), ("[{},", Place::Comma)]
        {
            let so_far_place = SoFar { place, ..SoFar::default() };
            let end = text(stream_end(Protocol::Gemini, Framing::JsonArray, &error, &so_far_place));
            assert_eq!(crate::json::validate((so_far.to_owned() + &end).as_bytes()), Ok(()), "{so_far}{end}");
        }
    }

    #[test]
    fn keeping_a_stream_alive_commits_nothing() {
        for protocol in Protocol::ALL {
            let mut observer = Observer::new(protocol);
            let mut scanner = Scanner::new(EVENT_BYTES_MAX);
            let mut seen = Vec::new();
            for committed in [false, true] {
                scanner
                    .push(keep_alive(protocol, Framing::Sse, committed), &mut |event| {
                        seen.push((event.kind, observer.event(event.name, event.data)));
                    })
                    .unwrap();
            }
            assert_eq!(seen.len(), 2);
            assert!(!observer.has_content() && !observer.ended(), "{protocol}: {seen:?}");
            assert!(scanner.at_boundary());
        }
        let gemini = keep_alive(Protocol::Gemini, Framing::Sse, true);
        assert!(gemini.starts_with(b"data: "), "google-genai fails on comments");
    }
}
