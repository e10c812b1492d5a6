//! `OpenAI Responses`.
//!
//! ```text
//!  decode, decode/*   a client's request     answer            a channel's answer
//!  encode, encode/*   a channel's request    stream, output,   a client's answer
//!                                            response
//! ```

mod answer;
mod compaction;
mod decode;
mod encode;
mod output;
mod response;
mod stream;

pub(crate) use compaction::open as summary;
pub(crate) use response::failed;

use super::{Addressee, Decode, Dialect, Encode, Encoded, Target};
use crate::ask::Ask;
use crate::head::Head;
use crate::json::{Tape, Value};
use crate::note::Unsaid;
use crate::observe::Counts;
use crate::reply::{Delta, Reply};

/// The words of `OpenAI Responses`.
#[derive(Debug)]
pub(super) struct Responses;

impl Dialect for Responses {
    fn decode_request<'a>(&self, body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
        decode::request(body, head)
    }

    fn encode_request(&self, ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
        encode::request(ask, target)
    }

    fn decode_reply(&self, reply: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        answer::whole(reply, each);
    }

    fn stream_decoder(&self) -> Box<dyn Decode> {
        Box::new(answer::Answer::default())
    }

    fn encode_reply(&self, reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
        stream::whole(reply, counts, to)
    }

    fn stream_encoder(&self, to: &Addressee) -> Box<dyn Encode> {
        Box::new(stream::Stream::new(to))
    }
}
