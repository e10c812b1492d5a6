//! `Google Gemini`.

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
    fn decode_request<'a>(&self, _body: &'a Tape<'a>, _head: &Head) -> Result<Ask<'a>, Unsaid> {
        unimplemented!()
    }

    fn encode_request(&self, _ask: &Ask<'_>, _target: &Target<'_>) -> Result<Encoded, Unsaid> {
        unimplemented!()
    }

    fn decode_reply(&self, _reply: Value<'_>, _each: &mut dyn FnMut(Delta<'_>)) {
        unimplemented!()
    }

    fn stream_decoder(&self) -> Box<dyn Decode> {
        unimplemented!()
    }

    fn encode_reply(&self, _reply: &Reply, _counts: &Counts, _to: &Addressee) -> Vec<u8> {
        unimplemented!()
    }

    fn stream_encoder(&self, _to: &Addressee) -> Box<dyn Encode> {
        unimplemented!()
    }
}
