#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod any;
mod asked;
mod sent;

use super::super::{Addressee, Encoded, Target};
use crate::ask::{Ask, Wanted};
use crate::frames::Framing;
use crate::head::{Head, PathModel};
use crate::json::{Tape, validate};
use crate::note::Unsaid;
use crate::reply::Delta;
use crate::{Operation, Protocol, dialect};

/// Reads a request of a Gemini client and gives it to `look`.
fn asked<T>(body: &str, look: impl FnOnce(&mut Ask<'_>) -> T) -> Result<T, Unsaid> {
    let path = PathModel { model: "m", stream: false };
    let head = Head::read(Protocol::Gemini, Operation::Generate, body.as_bytes(), Some(path)).unwrap();
    let tape = Tape::read(body.as_bytes()).unwrap();
    let mut ask = dialect::of(Protocol::Gemini).decode_request(&tape, &head)?;
    Ok(look(&mut ask))
}

/// Writes a request for a model of Google.
fn encoded(ask: &Ask<'_>, model: &str) -> Result<Encoded, Unsaid> {
    let target = Target {
        protocol: Protocol::Gemini,
        model,
        first_party: true,
        output_max: Some(65_536),
        issuer: &crate::state::NOBODY,
        quirks: crate::quirks::Quirks::DEFAULT,
    };
    let encoded = dialect::of(Protocol::Gemini).encode_request(ask, &target)?;
    assert_eq!(validate(&encoded.body), Ok(()), "{}", String::from_utf8_lossy(&encoded.body));
    Ok(encoded)
}

/// Reads a Gemini client's request and writes it for a model, as if a client of `protocol` had sent it. Returns the body
/// and the notes.
fn passed(body: &str, protocol: Protocol, model: &str) -> Result<(String, Vec<String>), Unsaid> {
    asked(body, |ask| {
        ask.protocol = protocol;
        let encoded = encoded(ask, model)?;
        let notes = ask.notes.list().iter().chain(encoded.notes.list()).map(ToString::to_string).collect();
        Ok((String::from_utf8(encoded.body).unwrap(), notes))
    })?
}

fn addressee(framing: Framing, thinking_hidden: bool) -> Addressee {
    Addressee {
        protocol: Protocol::Gemini,
        wanted: Wanted { thinking_hidden, ..Wanted::default() },
        framing,
        id: "r1".to_owned(),
        created_s: 0,
        input_estimate: 1,
        issuer: crate::state::NOBODY.clone(),
        think_tags: false,
    }
}

/// Keeps a delta by way of its words, which tests compare.
fn shown(delta: &Delta<'_>) -> String {
    format!("{delta:?}")
}
