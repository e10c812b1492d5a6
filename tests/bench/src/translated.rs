//! What the far ends of a translated exchange must get.

use std::ops::Range;

use anyhow::{Context, Result};
use memchr::memmem;
use wire::dialect::{Addressee, Target};
use wire::frames::Framing;
use wire::translate::Translated;

use crate::exchange::Exchange;
use crate::passage::{self, Sent};

/// Stands for the id that the gateway gives an answer: a UUID without hyphens.
const ID: &str = "00000000000000000000000000000000";

/// What the gateway takes for a token's length in bytes of JSON until the upstream has counted.
const BYTES_PER_TOKEN: usize = 4;

/// A body that is known but for the id that the gateway makes up.
#[derive(Debug)]
pub(crate) struct Expected {
    bytes: Vec<u8>,
    /// Where the id stands; empty where there is none.
    id: Range<usize>,
}

impl Expected {
    /// Expects these bytes and no others.
    pub(crate) fn exactly(bytes: Vec<u8>) -> Self {
        Self { bytes, id: 0..0 }
    }

    /// Whether `body` is what is expected.
    pub(crate) fn is(&self, body: &[u8]) -> bool {
        let Range { start, end } = self.id;
        body.len() == self.bytes.len()
            && body[..start] == self.bytes[..start]
            && body[end..] == self.bytes[end..]
            && body[start..end].iter().all(u8::is_ascii_hexdigit)
    }

    /// The body, with zeros for an id.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The body that the upstream gets.
pub(crate) fn request(exchange: Exchange) -> Result<Vec<u8>> {
    Ok(translate(exchange)?.body)
}

/// The body that the client gets.
pub(crate) fn reply(exchange: Exchange) -> Result<Expected> {
    let Translated { names, wanted, .. } = translate(exchange)?;
    let to = Addressee {
        protocol: exchange.asked_in(),
        wanted,
        framing: Framing::Sse,
        id: ID.to_owned(),
        created_s: 0,
        input_estimate: (exchange.request(exchange.model()).len() / BYTES_PER_TOKEN) as u64,
        issuer: wire::state::NOBODY.clone(),
        think_tags: false,
    };
    let (from, said) = (exchange.answered_in(), exchange.reply().concat());
    let bytes = if exchange.is_streamed() {
        passage::stream(from, &said, &names, &to)?
    } else {
        passage::whole(from, &said, &names, &to)?
    };
    let start = memmem::find(&bytes, ID.as_bytes()).context("the answer carries no id")?;
    Ok(Expected { bytes, id: start..start + ID.len() })
}

fn translate(exchange: Exchange) -> Result<Translated> {
    let sent = Sent {
        protocol: exchange.asked_in(),
        stream: exchange.is_streamed(),
        body: exchange.request(exchange.model()),
    };
    // Loopback is nobody's own API, so the channel gets the words that all of its kind know.
    let target = Target {
        protocol: exchange.answered_in(),
        model: exchange.model(),
        first_party: false,
        output_max: None,
        issuer: &wire::state::NOBODY,
        quirks: wire::quirks::Quirks::DEFAULT,
    };
    passage::request(&sent, &target)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const TRANSLATED: [Exchange; 3] =
        [Exchange::TranslatedWhole, Exchange::TranslatedStream, Exchange::TranslatedAgent];

    fn asked(exchange: Exchange) -> Value {
        serde_json::from_slice(&exchange.request(exchange.model())).expect("a request is JSON")
    }

    fn told(exchange: Exchange) -> Value {
        serde_json::from_slice(&request(exchange).expect("it can be translated")).expect("a request is JSON")
    }

    #[test]
    fn the_upstream_is_told_all_that_the_client_asked() {
        for exchange in [Exchange::TranslatedWhole, Exchange::TranslatedStream] {
            let (asked, told) = (asked(exchange), told(exchange));
            assert_eq!(told["model"], exchange.model());
            assert_eq!(told["messages"][0]["content"], asked["system"]);
            assert_eq!(told["messages"][1]["content"], asked["messages"][0]["content"]);
            assert_eq!(told["max_tokens"], asked["max_tokens"]);
            assert_eq!(told["temperature"], asked["temperature"]);
            assert_eq!(told["stream"].as_bool().unwrap_or_default(), exchange.is_streamed());
        }
    }

    #[test]
    fn the_long_session_arrives_with_every_tool_call_and_result() {
        let (asked, told) = (asked(Exchange::TranslatedAgent), told(Exchange::TranslatedAgent));
        let length = |value: &Value| value.as_array().map(Vec::len);
        assert_eq!(length(&told["tools"]), length(&asked["tools"]));
        let results = |turns: &Value, role: &str| {
            let turns = turns.as_array().expect("turns are an array");
            turns.iter().filter(|turn| turn["role"] == role).cloned().collect::<Vec<_>>()
        };
        let (theirs, ours) = (results(&asked["messages"], "user"), results(&told["messages"], "tool"));
        assert_eq!(ours.len(), theirs.len() - 1, "all but the first turn of the user is a result");
        for (one, other) in theirs[1..].iter().zip(&ours) {
            assert_eq!(one["content"][0]["content"], other["content"]);
            assert_eq!(one["content"][0]["tool_use_id"], other["tool_call_id"]);
        }
    }

    #[test]
    fn the_client_gets_all_that_the_upstream_said() {
        let said = serde_json::from_slice::<Value>(&Exchange::TranslatedWhole.reply().concat())
            .expect("the reply is JSON");
        let expected = reply(Exchange::TranslatedWhole).expect("it can be translated");
        let got: Value = serde_json::from_slice(expected.bytes()).expect("the answer is JSON");
        assert_eq!(got["content"][0]["text"], said["choices"][0]["message"]["content"]);

        let rows = [(Exchange::TranslatedStream, " scattered", 50), (Exchange::TranslatedAgent, "Done.", 1)];
        for (exchange, text, times) in rows {
            let expected = reply(exchange).expect("it can be translated");
            let delta = format!("\"text_delta\",\"text\":\"{text}\"");
            assert_eq!(memmem::find_iter(expected.bytes(), &delta).count(), times, "{exchange:?}");
            assert_eq!(memmem::find_iter(expected.bytes(), "event: message_stop").count(), 1, "{exchange:?}");
        }
    }

    #[test]
    fn an_answer_may_differ_in_its_id_and_in_nothing_else() {
        for exchange in TRANSLATED {
            let expected = reply(exchange).expect("it can be translated");
            assert_eq!(memmem::find_iter(expected.bytes(), ID).count(), 1, "{exchange:?}");
            let mut body = expected.bytes().to_vec();
            body[expected.id.clone()].copy_from_slice(b"0123456789abcdef0123456789abcdef");
            assert!(expected.is(&body), "{exchange:?}");
            for spoilt in [expected.id.start - 1, expected.id.start, expected.id.end, body.len() - 1] {
                let mut body = body.clone();
                body[spoilt] ^= 0x80;
                assert!(!expected.is(&body), "{exchange:?} spoilt at {spoilt}");
            }
            assert!(!expected.is(&body[1..]), "{exchange:?}");
        }
    }
}
