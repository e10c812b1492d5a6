//! `Google Gemini`: `generateContent` and `streamGenerateContent`.
//!
//! ```text
//!  body ─► read::ask (with read::content, read::settings, read::tools) ─► Ask
//!  Ask ─► write::request (with write::contents, write::settings, write::tools) ─► body
//!  chunks, or a whole answer ─► heard::Reader ─► Delta
//!  Delta, or a whole answer ─► said::Writer ─► chunks
//! ```

mod heard;
mod read;
mod said;
mod words;
mod write;

pub(crate) use words::NO_SIGNATURE;

use super::{Addressee, Decode, Dialect, Encode, Encoded, Target};
use crate::ask::Ask;
use crate::head::Head;
use crate::json::{Tape, Value};
use crate::note::Unsaid;
use crate::observe::Counts;
use crate::reply::{Delta, Reply};

/// The words of `Google Gemini`.
#[derive(Debug)]
pub(super) struct Gemini;

impl Dialect for Gemini {
    fn decode_request<'a>(&self, body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
        read::ask(body, head)
    }

    fn encode_request(&self, ask: &Ask<'_>, target: &Target<'_>) -> Result<Encoded, Unsaid> {
        write::request(ask, target)
    }

    fn decode_reply(&self, reply: Value<'_>, each: &mut dyn FnMut(Delta<'_>)) {
        let mut reader = heard::Reader::default();
        reader.chunk(reply, each);
        reader.finish(each);
    }

    fn stream_decoder(&self) -> Box<dyn Decode> {
        Box::new(heard::Reader::default())
    }

    fn encode_reply(&self, reply: &Reply, counts: &Counts, to: &Addressee) -> Vec<u8> {
        said::whole(reply, counts, to)
    }

    fn stream_encoder(&self, to: &Addressee) -> Box<dyn Encode> {
        Box::new(said::Writer::new(to))
    }
}

#[cfg(test)]
mod tests;
