//! `Anthropic Messages`.

mod cache;
mod client_tools;
mod content_written;
mod models;
mod reply_read;
mod reply_written;
mod request_read;
mod request_written;
mod stream_written;
mod thinking;
mod tools_read;
mod tools_written;
mod turns_read;
mod turns_written;
mod words;

use super::{Addressee, Decode, Dialect, Encode, Encoded, Target};
use crate::ask::Ask;
use crate::head::Head;
use crate::json::{Tape, Value};
use crate::note::Unsaid;
use crate::observe::Counts;
use crate::reply::{Delta, Reply};

/// The words of `Anthropic Messages`.
#[derive(Debug)]
pub(super) struct Messages;

impl Dialect for Messages {
    fn decode_request<'a>(&self, body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
        request_read::read(body, head)
    }

    fn encode_request(&self, ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
        request_written::write(ask, target)
    }

    fn decode_reply(&self, reply: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        reply_read::whole(reply, each);
    }

    fn stream_decoder(&self) -> Box<dyn Decode> {
        Box::<reply_read::Reading>::default()
    }

    fn encode_reply(&self, reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
        reply_written::whole(reply, counts, to)
    }

    fn stream_encoder(&self, to: &Addressee) -> Box<dyn Encode> {
        Box::new(stream_written::Writing::new(to))
    }
}
