//! Anthropic Messages: what is read of a client's request, what is written for a channel, and the answers of both.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod arbitrary;
mod clients;
mod reading;
mod settings;
mod streams;
mod turns;

use serde_json::{Value, json};
use wire::ask::Ask;
use wire::dialect::{self, Encoded, Target};
use wire::head::Head;
use wire::json::Tape;
use wire::note::Unsaid;
use wire::{Operation, Protocol};

pub(crate) const NEWEST: Target<'_> = target("claude-sonnet-5", true);
pub(crate) const OPUS_4_8: Target<'_> = target("claude-opus-4-8", true);
pub(crate) const V4_6: Target<'_> = target("claude-sonnet-4-6", true);
pub(crate) const V4_5: Target<'_> = target("claude-sonnet-4-5-20250929", true);
pub(crate) const VENDOR: Target<'_> = target("glm-4.6", false);

pub(crate) const fn target(model: &str, first_party: bool) -> Target<'_> {
    Target {
        protocol: Protocol::Messages,
        model,
        first_party,
        output_max: None,
        issuer: &wire::state::NOBODY,
        quirks: wire::quirks::Quirks::DEFAULT,
    }
}

/// Reads a request, lets it come from a client of `protocol`, and hands it on.
pub(crate) fn with_ask<T>(
    protocol: Protocol,
    body: &Value,
    then: impl FnOnce(Result<Ask<'_>, Unsaid>) -> T,
) -> T {
    let bytes = body.to_string();
    let head = Head::read(Protocol::Messages, Operation::Generate, bytes.as_bytes(), None).unwrap();
    let tape = Tape::read(bytes.as_bytes()).unwrap();
    let ask = dialect::of(Protocol::Messages).decode_request(&tape, &head);
    then(ask.map(|ask| Ask { protocol, ..ask }))
}

pub(crate) fn read<T>(body: &Value, then: impl FnOnce(Ask<'_>) -> T) -> T {
    with_ask(Protocol::Messages, body, |ask| then(ask.unwrap()))
}

pub(crate) fn encoded(
    protocol: Protocol,
    body: &Value,
    target: &Target<'_>,
) -> Result<(Value, Vec<String>), Unsaid> {
    with_ask(protocol, body, |ask| {
        let Encoded { body, notes, .. } = dialect::of(Protocol::Messages).encode_request(&ask?, target)?;
        let notes = notes.list().iter().map(ToString::to_string).collect();
        Ok((serde_json::from_slice(&body).unwrap(), notes))
    })
}

/// A request with these members beside one question.
pub(crate) fn question(members: Value) -> Value {
    let mut body = json!({"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]});
    if let Value::Object(members) = members {
        body.as_object_mut().unwrap().extend(members);
    }
    body
}

/// One request for a channel: which rule it shows, who asks, for which channel, what, and what stands where.
pub(crate) type Row = (&'static str, Protocol, Target<'static>, Value, Vec<(&'static str, Value)>);

pub(crate) fn check(rows: Vec<Row>) {
    for (what, protocol, target, body, expected) in rows {
        let (out, notes) =
            encoded(protocol, &body, &target).unwrap_or_else(|refused| panic!("{what}: {refused}"));
        for (pointer, value) in expected {
            let found = match pointer.strip_prefix("note ") {
                Some(note) => json!(notes.iter().any(|noted| noted == note)),
                None => out.pointer(pointer).cloned().unwrap_or_default(),
            };
            assert_eq!(found, value, "{what}: {pointer} in {out} {notes:?}");
        }
    }
}
