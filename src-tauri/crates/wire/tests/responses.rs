//! `OpenAI Responses` by way of the canonical form: requests read and written, answers read and written.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::needless_pass_by_value, reason = "what a table's row makes is used once")]

#[path = "responses/answers.rs"]
mod answers;
#[path = "responses/arbitrary.rs"]
mod arbitrary;
#[path = "responses/asked.rs"]
mod asked;
#[path = "responses/clients.rs"]
mod clients;
#[path = "responses/events.rs"]
mod events;
#[path = "responses/told.rs"]
mod told;
#[path = "responses/written.rs"]
mod written;

use serde_json::Value;
use wire::ask::Ask;
use wire::dialect::{self, Addressee, Dialect, Target};
use wire::frames::Framing;
use wire::head::Head;
use wire::json::Tape;
use wire::note::Unsaid;
use wire::{Operation, Protocol};

fn responses() -> &'static dyn Dialect {
    dialect::of(Protocol::Responses)
}

/// Reads a request and passes it on.
fn with_ask<T>(body: &str, then: impl FnOnce(Result<Ask<'_>, Unsaid>) -> T) -> T {
    let head = Head::read(Protocol::Responses, Operation::Generate, body.as_bytes(), None).unwrap();
    let tape = Tape::read(body.as_bytes()).unwrap();
    then(responses().decode_request(&tape, &head))
}

/// A channel of `OpenAI` itself.
fn target(model: &str) -> Target<'_> {
    Target {
        protocol: Protocol::Responses,
        model,
        first_party: true,
        output_max: None,
        issuer: &wire::state::NOBODY,
        quirks: wire::quirks::Quirks::DEFAULT,
    }
}

/// Writes a request and reads it as JSON.
fn sent(ask: &Ask<'_>, target: &Target<'_>) -> Value {
    let encoded = responses().encode_request(ask, target).unwrap();
    serde_json::from_slice(&encoded.body).unwrap()
}

/// A client whose answer has the id `1`.
fn client() -> Addressee {
    Addressee {
        protocol: Protocol::Responses,
        wanted: wire::ask::Wanted { encrypted: true, ..wire::ask::Wanted::default() },
        framing: Framing::Sse,
        id: "1".to_owned(),
        created_s: 1_763_600_000,
        input_estimate: 0,
        issuer: wire::state::NOBODY.clone(),
        think_tags: false,
    }
}
