//! Chat in and out.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "the tests read their fixtures; the crate itself does no I/O")]
#![expect(clippy::needless_pass_by_value, reason = "tables of JSON read better by value")]

mod history_out;
mod never_panics;
mod replies_in;
mod replies_out;
mod requests_in;
mod requests_out;

use serde_json::{Value as Json, json};

use super::Chat;
use crate::Protocol;
use crate::ask::{Ask, Wanted};
use crate::calls::Restore;
use crate::dialect::{Addressee, Dialect, Encoded, Target};
use crate::frames::Framing;
use crate::head::Head;
use crate::json::Tape;
use crate::note::Unsaid;
use crate::reply::{Delta, Fold, Reply};
use crate::{Operation, observe::Observer};

/// `OpenAI` itself.
const OPENAI: Target<'static> = Target {
    protocol: Protocol::Chat,
    model: "gpt-4.1",
    first_party: true,
    output_max: None,
    issuer: &crate::state::NOBODY,
    quirks: crate::quirks::Quirks::DEFAULT,
};

/// Some other vendor.
const VENDOR: Target<'static> = Target { first_party: false, model: "vendor/llama", ..OPENAI };

/// Reads a client's request and shows it to `look`.
fn decoded<R>(body: &[u8], look: impl FnOnce(Result<Ask<'_>, Unsaid>) -> R) -> R {
    let tape = Tape::read(body).unwrap();
    let head = Head::read(Protocol::Chat, Operation::Generate, body, None).unwrap();
    look(Chat.decode_request(&tape, &head))
}

/// Reads a client's request and writes it for a channel.
fn passed(body: &Json, target: &Target<'_>) -> Result<(Json, Vec<String>), Unsaid> {
    decoded(body.to_string().as_bytes(), |ask| {
        let ask = ask?;
        let encoded = Chat.encode_request(&ask, target)?;
        let mut notes = ask.notes.clone();
        notes.extend(encoded.notes.clone());
        Ok((read(&encoded), notes.list().iter().map(ToString::to_string).collect()))
    })
}

fn read(encoded: &Encoded) -> Json {
    serde_json::from_slice(&encoded.body).unwrap()
}

/// A request of one message with these members beside it.
fn ask_with(members: Json) -> Json {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn addressee(wanted: Wanted) -> Addressee {
    Addressee {
        protocol: Protocol::Chat,
        wanted,
        framing: Framing::Sse,
        id: "a1".to_owned(),
        created_s: 1_763_600_000,
        input_estimate: 0,
        issuer: crate::state::NOBODY.clone(),
        think_tags: false,
    }
}

/// Reads a stream's events in order and returns what it says, one line for each delta.
fn heard(events: &[Json]) -> Vec<String> {
    let mut decoder = Chat.stream_decoder();
    let mut lines = Vec::new();
    for event in events {
        let text = event.to_string();
        decoder
            .event(None, Tape::read(text.as_bytes()).unwrap().root(), &mut |delta| lines.push(line(&delta)));
    }
    decoder.finish(&mut |delta| lines.push(line(&delta)));
    lines
}

/// Reads a whole answer and returns what it says.
fn heard_whole(reply: &Json) -> Vec<String> {
    let text = reply.to_string();
    let mut lines = Vec::new();
    Chat.decode_reply(Tape::read(text.as_bytes()).unwrap().root(), &mut |delta| lines.push(line(&delta)));
    lines
}

/// Writes a delta in a line.
fn line(delta: &Delta<'_>) -> String {
    use crate::reply::Opening;
    match delta {
        Delta::Start { model } => {
            format!("start {}", model.as_ref().map_or("-".into(), crate::json::Text::plain))
        }
        Delta::Open(block, opening) => match opening {
            Opening::Text => format!("{block} text"),
            Opening::Thinking => format!("{block} thinking"),
            Opening::Refusal => format!("{block} refusal"),
            Opening::Call(call) => {
                let kind = if call.free { "free" } else { "call" };
                let state = call.state.as_ref().map(|state| format!(" {{{}}}", state.note.plain()));
                format!(
                    "{block} {kind} {} [{}]{}",
                    call.name.plain(),
                    call.id.plain(),
                    state.unwrap_or_default()
                )
            }
            Opening::Image { mime, base64 } => format!("{block} image {} {}", mime.plain(), base64.plain()),
        },
        Delta::Text(block, text) | Delta::Arguments(block, text) => format!("{block} + {}", text.plain()),
        Delta::State(block, state) => format!("{block} state {:?} {}", state.kind, state.note.plain()),
        Delta::Cite(block, source) => format!("{block} cite {} {:?}", source.url.plain(), source.span),
        Delta::Close(block) => format!("{block} end"),
        Delta::Finish(stop) => format!("finish {stop:?}"),
        Delta::Failed(failure) => format!("failed {}", failure.code.as_deref().unwrap_or_default()),
    }
}

/// Folds a whole answer.
fn folded(reply: &Json) -> Reply {
    let text = reply.to_string();
    let mut fold = Fold::default();
    Chat.decode_reply(Tape::read(text.as_bytes()).unwrap().root(), &mut |delta| fold.push(delta));
    fold.finish()
}
