//! What routing needs to know of a request.

mod facts;

use std::ops::Range;

use crate::json::{MEMBERS_MAX, Malformed, Raw, each_element, each_member, is_key};
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
    /// The body's top-level members, in their order.
    pub(crate) spots: Vec<Spot>,
    /// Every place that names the model, in their order.
    pub(crate) model_spots: Vec<Range<usize>>,
}

/// Where one top-level member stands in the body.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    /// The key with its quotes.
    pub(crate) key: Range<usize>,
    pub(crate) value: Range<usize>,
    /// Whether the key is spelled with escapes. Each is compared with a dozen names, and hardly any is.
    escaped: bool,
}

impl Spot {
    /// Tells whether this is the member `name`, escaped or not.
    pub(crate) fn is(&self, body: &[u8], name: &str) -> bool {
        let inside = &body[self.key.start + 1..self.key.end - 1];
        inside == name.as_bytes() || (self.escaped && is_key(inside, name))
    }
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
    /// `path` is what the path says of the model, for Gemini; elsewhere the body's own last `model` counts.
    pub fn read(
        protocol: Protocol,
        operation: Operation,
        body: &[u8],
        path: Option<PathModel<'_>>,
    ) -> Result<Self, Malformed> {
        let mut head = Self {
            protocol,
            operation,
            model: path.map(|path| path.model.to_owned()),
            stream: path.is_some_and(|path| path.stream),
            reasoning: false,
            stateful: false,
            asks_usage: false,
            session: None,
            bytes_in: body.len(),
            spots: spots(body)?,
            model_spots: Vec::new(),
        };
        match protocol {
            Protocol::Chat | Protocol::Responses | Protocol::Messages => head.read_model(body)?,
            Protocol::Gemini => head.model_spots = gemini_model_spots(body, &head.spots),
        }
        head.read_facts(body);
        Ok(head)
    }

    /// The head of a request whose body is not JSON, or that has none. `model` is what another part of it says.
    pub fn unread(protocol: Protocol, operation: Operation, bytes_in: usize, model: Option<String>) -> Self {
        Self {
            protocol,
            operation,
            model,
            stream: false,
            reasoning: false,
            stateful: false,
            asks_usage: false,
            session: None,
            bytes_in,
            spots: Vec::new(),
            model_spots: Vec::new(),
        }
    }

    fn read_model(&mut self, body: &[u8]) -> Result<(), Malformed> {
        for spot in self.spots.iter().filter(|spot| spot.is(body, "model")) {
            let value = Raw::at(body, spot.value.clone());
            if !value.is_string() && !value.is_null() {
                return Err(Malformed { offset: spot.value.start, what: "the model is not a string" });
            }
            self.model = value.str().map(Into::into);
            self.model_spots.push(spot.value.clone());
        }
        Ok(())
    }
}

fn spots(body: &[u8]) -> Result<Vec<Spot>, Malformed> {
    let mut spots = Vec::with_capacity(32);
    each_member(body, 0..body.len(), |key, value| {
        if spots.len() == MEMBERS_MAX {
            return Err(Malformed { offset: key.start, what: "too many members in the request" });
        }
        let escaped = memchr::memchr(b'\\', &body[key.clone()]).is_some();
        spots.push(Spot { key, value, escaped });
        Ok(())
    })?;
    Ok(spots)
}

/// Finds the places where a Gemini body repeats the path's model, as embedding and counting requests do: Google refuses a
/// request whose body and path disagree.
fn gemini_model_spots(body: &[u8], spots: &[Spot]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for spot in spots {
        if spot.is(body, "model") {
            found.push(spot.value.clone());
        } else if spot.is(body, "generateContentRequest") || spot.is(body, "generate_content_request") {
            push_model_of(body, &spot.value, &mut found);
        } else if spot.is(body, "requests") && body[spot.value.start] == b'[' {
            // The body has been walked over before, so there is no fault to report here or below.
            let _ = each_element(body, spot.value.clone(), |request| {
                push_model_of(body, &request, &mut found);
                Ok(())
            });
        }
    }
    found.retain(|span| body[span.start] == b'"');
    found
}

fn push_model_of(body: &[u8], object: &Range<usize>, found: &mut Vec<Range<usize>>) {
    let _ = each_member(body, object.clone(), |key, value| {
        if is_key(&body[key.start + 1..key.end - 1], "model") {
            found.push(value);
        }
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn read(protocol: Protocol, body: &str) -> Head {
        Head::read(protocol, Operation::Generate, body.as_bytes(), None).unwrap()
    }

    #[test]
    fn the_last_model_counts_escaped_or_not() {
        for (body, expected) in [
            (r#"{"model":"a"}"#, Some("a")),
            (r#"{"model":"a","model":"b"}"#, Some("b")),
            (r#"{"mod\u0065l":"\u0061\/b"}"#, Some("a/b")),
            (r#"{"x":{"model":"a"},"messages":[{"model":"b"}]}"#, None),
            (r#"{"model":null}"#, None),
            (r#"{"model":"a","model":null}"#, None),
            ("{}", None),
        ] {
            assert_eq!(read(Protocol::Chat, body).model.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        for body in ["", "[]", "\u{feff}{}", "{\"model\":\"a\"} x", "{\"model\":5}", "{\"a\":01}"] {
            let read = Head::read(Protocol::Messages, Operation::Generate, body.as_bytes(), None);
            assert!(read.is_err(), "{body}");
        }
    }

    #[test]
    fn gemini_takes_model_and_stream_from_the_path() {
        let path = PathModel { model: "gemini-x", stream: true };
        let body = br#"{"model":"models/other","contents":[],"stream":false}"#;
        let head = Head::read(Protocol::Gemini, Operation::Generate, body, Some(path)).unwrap();
        assert_eq!((head.model.as_deref(), head.stream), (Some("gemini-x"), true));
    }

    #[test]
    fn a_stream_is_asked_for_by_true_alone() {
        for (value, expected) in [("true", true), ("false", false), ("null", false), ("\"true\"", false)] {
            assert_eq!(read(Protocol::Chat, &format!("{{\"stream\":{value}}}")).stream, expected, "{value}");
        }
    }

    #[test]
    fn thinking_is_known_in_every_protocol() {
        for (protocol, body, expected) in [
            (Protocol::Messages, r#"{"thinking":{"type":"enabled","budget_tokens":1024}}"#, true),
            (Protocol::Messages, r#"{"thinking":{"type":"adaptive"}}"#, true),
            (Protocol::Messages, r#"{"thinking":{"type":"disabled"}}"#, false),
            (Protocol::Messages, r#"{"thinking":null}"#, false),
            (Protocol::Chat, r#"{"reasoning_effort":"low"}"#, true),
            (Protocol::Chat, r#"{"reasoning_effort":"none"}"#, false),
            (Protocol::Chat, r#"{"reasoning_effort":null}"#, false),
            (Protocol::Chat, r#"{"reasoning":{"effort":"high"}}"#, true),
            (Protocol::Chat, r#"{"thinking":{"type":"enabled"}}"#, true),
            (Protocol::Chat, r#"{"enable_thinking":true}"#, true),
            (Protocol::Responses, r#"{"reasoning":{"effort":"high","summary":"auto"}}"#, true),
            (Protocol::Responses, r#"{"reasoning":{"effort":"none"}}"#, false),
            (Protocol::Responses, r#"{"reasoning":{}}"#, false),
            (Protocol::Responses, r#"{"reasoning":null}"#, false),
            (Protocol::Gemini, r#"{"generationConfig":{"thinkingConfig":{"thinkingLevel":"HIGH"}}}"#, true),
            (Protocol::Gemini, r#"{"generation_config":{"thinking_config":{"thinking_budget":-1}}}"#, true),
            (Protocol::Gemini, r#"{"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}"#, false),
            (Protocol::Gemini, r#"{"generationConfig":{"temperature":1}}"#, false),
        ] {
            assert_eq!(read(protocol, body).reasoning, expected, "{protocol} {body}");
        }
    }

    #[test]
    fn a_stateful_call_is_known_in_every_protocol() {
        for (protocol, body, expected) in [
            (Protocol::Responses, r#"{"input":"hi"}"#, false),
            (Protocol::Responses, r#"{"store":false}"#, false),
            (Protocol::Responses, r#"{"store":true}"#, true),
            (Protocol::Responses, r#"{"background":true}"#, true),
            (Protocol::Responses, r#"{"previous_response_id":"resp_1"}"#, true),
            (Protocol::Responses, r#"{"previous_response_id":null}"#, false),
            (Protocol::Responses, r#"{"conversation":{"id":"conv_1"}}"#, true),
            (Protocol::Responses, r#"{"input":[{"type":"input_file","file_id":"file-1"}]}"#, true),
            (Protocol::Chat, r#"{"store":true}"#, true),
            (Protocol::Chat, r#"{"messages":[{"content":[{"file":{"file_id" : "file_1"}}]}]}"#, true),
            (Protocol::Chat, r#"{"messages":[{"content":"say \"file_id\":\"file-1\""}]}"#, false),
            (Protocol::Chat, r#"{"tools":[{"properties":{"file_id":{"type":"string"}}}]}"#, false),
            (Protocol::Messages, r#"{"messages":[{"source":{"type":"file","file_id":"file_01"}}]}"#, true),
            (Protocol::Messages, r#"{"container":"container_1"}"#, true),
            (Protocol::Messages, r#"{"thread":{"type":"continue","id":"t"}}"#, true),
            (Protocol::Messages, r#"{"thread":{"type":"new"}}"#, false),
            (Protocol::Gemini, r#"{"cachedContent":"cachedContents/1"}"#, true),
            (Protocol::Gemini, r#"{"a":{"fileUri":"https://x.googleapis.com/v1beta/files/1"}}"#, true),
            (Protocol::Gemini, r#"{"a":{"file_uri":"https://www.youtube.com/watch?v=1"}}"#, false),
        ] {
            assert_eq!(read(protocol, body).stateful, expected, "{protocol} {body}");
        }
    }

    #[test]
    fn the_client_s_own_session_is_found() {
        for (protocol, body, expected) in [
            (Protocol::Messages, r#"{"metadata":{"user_id":"{\"s\":1}"}}"#, Some("{\"s\":1}")),
            (Protocol::Messages, r#"{"metadata":{"user_id":null}}"#, None),
            (Protocol::Responses, r#"{"prompt_cache_key":"k"}"#, Some("k")),
            (Protocol::Chat, r#"{"prompt_cache_key":"k","user":"u"}"#, Some("k")),
            (Protocol::Chat, r#"{"user":"u"}"#, None),
        ] {
            assert_eq!(read(protocol, body).session.as_deref(), expected, "{protocol} {body}");
        }
    }

    #[test]
    fn only_chat_asks_for_a_usage_chunk() {
        for (protocol, body, expected) in [
            (Protocol::Chat, r#"{"stream_options":{"include_usage":true}}"#, true),
            (Protocol::Chat, r#"{"stream_options":{"include_usage":false}}"#, false),
            (Protocol::Chat, r#"{"stream_options":null}"#, false),
            (Protocol::Responses, r#"{"stream_options":{"include_usage":true}}"#, false),
        ] {
            assert_eq!(read(protocol, body).asks_usage, expected, "{protocol} {body}");
        }
    }
}
