//! One decoder and one encoder for each protocol, with the canonical form between them.
//!
//! ```text
//!  client's request ─► Dialect::decode_request ─► Ask ─► Dialect::encode_request ─► channel's request
//!  client's answer  ◄─ Encode ◄─ Restore ◄─ Delta ◄─ Decode ◄─ channel's answer
//! ```
//!
//! To add a protocol: a module here with an `impl Dialect`, a variant of [`Protocol`], its paths in the gateway's server.

mod chat;
mod gemini;
mod messages;
mod responses;

pub(crate) use gemini::NO_SIGNATURE as GEMINI_NO_SIGNATURE;
pub(crate) use responses::{failed as responses_failed, summary as responses_summary};

use crate::Protocol;
use crate::ask::{Ask, Wanted};
use crate::calls::Names;
use crate::errors::SoFar;
use crate::frames::Framing;
use crate::head::Head;
use crate::json::{Tape, Value};
use crate::note::{Notes, Unsaid};
use crate::observe::Counts;
use crate::quirks::Quirks;
use crate::reply::{Delta, Reply};
use crate::state::Issuer;

/// A protocol's words: what is asked and answered in it.
pub trait Dialect: Sync {
    /// Reads a client's request.
    fn decode_request<'a>(&self, body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid>;

    /// Writes a request for a channel.
    fn encode_request(&self, ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid>;

    /// Reads a channel's whole answer, which is known to be no error.
    fn decode_reply(&self, reply: Value<'_>, each: &mut dyn FnMut(Delta<'_>));

    /// Reads a channel's streamed answer.
    fn stream_decoder(&self) -> Box<dyn Decode>;

    /// Writes a whole answer for a client.
    fn encode_reply(&self, reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8>;

    /// Writes a streamed answer for a client.
    fn stream_encoder(&self, to: &Addressee) -> Box<dyn Encode>;
}

/// Reads one streamed answer.
pub trait Decode: Send + std::fmt::Debug {
    /// Reads one event, which is well-formed JSON, no failure and no `[DONE]`.
    ///
    /// `name` is the event's own, where it has one. An event that says nothing to us is passed over.
    fn event(&mut self, name: Option<&str>, data: Value<'_>, each: &mut dyn FnMut(Delta<'_>));

    /// Ends the answer, of which the protocol's terminal has been seen.
    fn finish(&mut self, each: &mut dyn FnMut(Delta<'_>));
}

/// Writes one streamed answer.
pub trait Encode: Send + std::fmt::Debug {
    /// Appends what the client gets of the next delta. `counts` are the tokens as far as they are known by now.
    fn push(&mut self, delta: Delta<'_>, counts: &Counts, out: &mut Vec<u8>);

    /// Says what has been said, for an error event that must fit behind it.
    fn so_far(&self) -> SoFar<'_>;
}

/// Which channel a request is written for.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The protocol that it speaks.
    pub protocol: Protocol,
    /// The model, in the channel's own name.
    pub model: &'a str,
    /// Whether it is the protocol's own provider (`OpenAI`, Anthropic, Google), with its newest words and strictest rules.
    pub first_party: bool,
    /// The most tokens that the model may answer, where it is known.
    pub output_max: Option<u64>,
    /// What it wants otherwise than most. The protocol's own provider is known in other ways.
    pub quirks: Quirks,
    /// Whose opaque notes it reads.
    pub issuer: &'a Issuer,
}

/// A request as a channel gets it.
#[derive(Debug, Clone, Default)]
pub struct Encoded {
    /// The body.
    pub body: Vec<u8>,
    /// What was left out or said in another way.
    pub notes: Notes,
    /// What the tools are called there.
    pub names: Names,
}

/// Who gets an answer.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// The protocol that it reads.
    pub protocol: Protocol,
    /// How it wants its answer.
    pub wanted: Wanted,
    /// How a stream's events are set apart.
    pub framing: Framing,
    /// What makes the answer's own ids unique: letters and digits.
    pub id: String,
    /// When the request came, in Unix seconds.
    pub created_s: u64,
    /// About how many tokens the request has, for protocols that must say so before it is known.
    pub input_estimate: u64,
    /// Who answers: the issuer of the opaque notes in the answer.
    pub issuer: Issuer,
    /// Whether the answer begins with thoughts between tags.
    pub think_tags: bool,
}

/// Returns a protocol's words.
pub const fn of(protocol: Protocol) -> &'static dyn Dialect {
    match protocol {
        Protocol::Chat => &chat::Chat,
        Protocol::Responses => &responses::Responses,
        Protocol::Messages => &messages::Messages,
        Protocol::Gemini => &gemini::Gemini,
    }
}
