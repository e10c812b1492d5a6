//! `OpenAI Chat Completions`, and what vendors made of it.
//!
//! ```text
//!  client's request  ─► decode ─► Ask        Ask ─► encode ─► channel's request
//!  channel's answer  ─► hear ─► Delta      Delta ─► tell ─► client's answer
//! ```

mod decode;
mod encode;
mod hear;
mod models;
mod tell;
#[cfg(test)]
mod tests;

use super::{Addressee, Decode, Dialect, Encode, Encoded, Target};
use crate::ask::Ask;
use crate::head::Head;
use crate::json::{Tape, Value};
use crate::note::Unsaid;
use crate::observe::Counts;
use crate::reply::{Delta, Reply};

/// The words of `OpenAI Chat Completions`.
#[derive(Debug)]
pub(super) struct Chat;

impl Dialect for Chat {
    fn decode_request<'a>(&self, body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
        decode::request(body, head)
    }

    fn encode_request(&self, ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
        encode::request(ask, target)
    }

    fn decode_reply(&self, reply: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        hear::whole(reply, each);
    }

    fn stream_decoder(&self) -> Box<dyn Decode> {
        Box::new(hear::Stream::default())
    }

    fn encode_reply(&self, reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
        tell::whole(reply, counts, to)
    }

    fn stream_encoder(&self, to: &Addressee) -> Box<dyn Encode> {
        Box::new(tell::Stream::new(to))
    }
}
