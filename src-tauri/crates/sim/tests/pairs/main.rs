//! Every protocol to every protocol: what real clients ask, as each provider accepts it; what each provider answers, as each
//! client reads it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod assembled;
mod generated;
mod loss;
mod pitfalls;
mod prefix;
mod properties;
mod relay;
mod requests;

use wire::Protocol;
use wire::dialect::Addressee;
use wire::frames::Framing;

/// A client that wants nothing special.
fn addressee(protocol: Protocol) -> Addressee {
    Addressee {
        protocol,
        wanted: wire::ask::Wanted { stream: true, usage_chunk: true, ..wire::ask::Wanted::default() },
        framing: Framing::Sse,
        id: "0a1b2c".to_owned(),
        created_s: 1_763_600_000,
        input_estimate: 7,
        issuer: wire::state::NOBODY.clone(),
        think_tags: false,
    }
}

/// The protocol that a fixture's name tells.
fn protocol_of(file: &str) -> Protocol {
    let parts: Vec<&str> = file.split('.').collect();
    match (parts[0], parts[1]) {
        (_, "anthropic") | ("claude-code", _) => Protocol::Messages,
        (_, "responses") | ("codex", _) => Protocol::Responses,
        (_, "gemini") | ("gemini-cli", _) => Protocol::Gemini,
        (_, _) => Protocol::Chat,
    }
}

/// The path that a request for an answer takes.
fn path(protocol: Protocol, model: &str) -> String {
    match protocol {
        Protocol::Chat => "/v1/chat/completions".to_owned(),
        Protocol::Responses => "/v1/responses".to_owned(),
        Protocol::Messages => "/v1/messages".to_owned(),
        Protocol::Gemini => format!("/v1beta/models/{model}:generateContent"),
    }
}
