//! From the first byte of an upstream's answer to its first content. What comes after that is [`crate::flow`]'s.
//!
//! ```text
//! headers ─► gate ──(first content)──► flow ─► terminal: clean end
//!              │ held, nothing sent      │
//!              └► failure: another       └► cut, idle, error: the protocol's own error event, then the
//!                 channel may answer        connection breaks, so that no reader takes it for a whole answer
//! ```

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use pool::{Class, Failure, Phase};
use wire::{
    Operation, Protocol,
    errors::{self, ErrorBody, SoFar},
    frames::{self, Framing, Sniffed},
    observe::{self, StreamFailure, WholeFault, WholeSeen},
};

use crate::{
    decode::Inflow,
    gateway::Sizes,
    stream::{Stream as Reading, Turn},
    upstream::malformed,
};

/// How long an attempt may take to show content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From dispatch to response headers.
    pub headers: Duration,
    /// To the first content of a stream.
    pub content: Content,
    /// From dispatch to the end of a whole reply.
    pub total: Duration,
}

/// How long a stream may take to show content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// From response headers on.
    AfterHeaders(Duration),
    /// What the headers have left of the channel's own timeout, which covers both.
    WithinTotal,
}

impl Patience {
    /// What is left for the first content once the headers have come, `spent` after dispatch.
    pub(crate) fn content_after(&self, spent: Duration) -> Duration {
        match self.content {
            Content::AfterHeaders(content) => content,
            Content::WithinTotal => self.total.saturating_sub(spent),
        }
    }
}

/// A whole reply that was held and checked, or one too large to hold, which flows.
pub(crate) enum Whole {
    Checked(Bytes, WholeSeen),
    /// It came as a stream, to its end.
    Streamed(Bytes),
    Large(Vec<Bytes>, Inflow),
}

/// What a whole reply may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// What was asked for.
    Json,
    /// A stream too, since the reply is written anew anyway.
    JsonOrStream,
}

/// Reads a whole reply. Up to `most` bytes nothing reaches the client before it is known to be an answer.
pub(crate) async fn hold(
    protocol: Protocol,
    operation: Operation,
    status: u16,
    mut inflow: Inflow,
    within: Duration,
    most: usize,
    accepts: Accepts,
) -> Result<Whole, Fault> {
    let reading = async {
        let mut parts: Vec<Bytes> = Vec::new();
        let mut size = 0;
        while let Some(part) = inflow.next().await {
            let part = part.map_err(|words| Fault::Failed(broken_off(status, &words)))?;
            size += part.len();
            parts.push(part);
            if size > most {
                return Ok(Whole::Large(parts, inflow));
            }
        }
        let whole = join(parts);
        if accepts == Accepts::JsonOrStream && frames::sniff(&whole) == Some(Sniffed::Sse) {
            return Ok(Whole::Streamed(whole));
        }
        match observe::whole(protocol, operation, &whole) {
            Ok(seen) => Ok(Whole::Checked(whole, seen)),
            Err(WholeFault::NotJson(at)) => {
                Err(Fault::Failed(malformed(status, not_json(&whole, &at.to_string()))))
            }
            Err(WholeFault::ErrorBody(said)) => Err(Fault::Said(said)),
            Err(WholeFault::Empty) => Err(Fault::Failed(malformed(status, "the answer is empty".to_owned()))),
        }
    };
    match tokio::time::timeout(within, reading).await {
        Ok(result) => result,
        Err(_elapsed) => Err(Fault::Failed(silent("the reply was not whole", within))),
    }
}

/// Why an answer with a success status is none.
pub(crate) enum Fault {
    /// It broke, or is not an answer.
    Failed(Failure),
    /// It is an error in the upstream's own words; `pool` knows what such words mean.
    Said(StreamFailure),
}

/// Reads a stream up to its first content, holding what came. Nothing reaches the client before.
pub(crate) async fn gate(
    reading: &mut Reading,
    inflow: &mut Inflow,
    status: u16,
    within: Duration,
    sizes: &Sizes,
) -> Result<VecDeque<Bytes>, Fault> {
    let mut held = VecDeque::new();
    let holding = async {
        let mut size = 0;
        let mut sniffed = None;
        let mut head = Vec::new();
        while let Some(part) = inflow.next().await {
            let part = part.map_err(|words| Fault::Failed(before_content(broken_off(status, &words))))?;
            size += part.len();
            if sniffed.is_none() {
                head.extend_from_slice(&part[..part.len().min(SNIFFED_BYTES)]);
                sniffed = frames::sniff(&head);
                if let Some(found) = sniffed
                    && !fits(found, reading.framing())
                {
                    if found == Sniffed::Json && reading.writes_anew() {
                        return replay(reading, part, &mut held, inflow, status, within, sizes).await;
                    }
                    return Err(not_a_stream(found, part, &held, inflow, status, sizes).await);
                }
            }
            match reading.take(part, &mut held) {
                Ok(Turn::Preamble) if reading.events() <= sizes.gate_events && size <= sizes.gate_bytes => {}
                Ok(Turn::Preamble | Turn::Content | Turn::Ended) => return Ok(()),
                Ok(Turn::Failed(said)) => return Err(Fault::Said(said)),
                Err(too_long) => return Err(Fault::Failed(malformed(status, too_long.to_string()))),
            }
        }
        match reading.finish(&mut held) {
            Turn::Content | Turn::Ended => Ok(()),
            Turn::Failed(said) => Err(Fault::Said(said)),
            Turn::Preamble => {
                let words = "the stream ended before any content".to_owned();
                Err(Fault::Failed(before_content(malformed(status, words))))
            }
        }
    };
    match tokio::time::timeout(within, holding).await {
        Ok(result) => result.map(|()| held),
        Err(_elapsed) => Err(Fault::Failed(before_content(silent("no content came", within)))),
    }
}

/// How long the rest of something that is no stream may take.
const NOT_A_STREAM: Duration = Duration::from_secs(10);

/// Enough to tell a stream from a web page or a JSON object.
const SNIFFED_BYTES: usize = 64;

fn fits(found: Sniffed, framing: Framing) -> bool {
    match (found, framing) {
        (Sniffed::Sse, Framing::Sse) | (Sniffed::Json, Framing::JsonArray) => true,
        (Sniffed::Sse | Sniffed::Html | Sniffed::Other, Framing::JsonArray) => false,
        (Sniffed::Json | Sniffed::Html | Sniffed::Other, Framing::Sse) => false,
    }
}

/// A stream was asked for and a whole reply came, as some vendors answer. Where it is written anew anyway, it is told as a
/// stream.
async fn replay(
    reading: &mut Reading,
    part: Bytes,
    held: &mut VecDeque<Bytes>,
    inflow: &mut Inflow,
    status: u16,
    within: Duration,
    sizes: &Sizes,
) -> Result<(), Fault> {
    let mut parts: Vec<Bytes> = held.drain(..).collect();
    parts.push(part);
    let body = rest(parts, inflow, sizes.reply, within).await;
    match observe::whole(reading.protocol(), Operation::Generate, &body.bytes) {
        Ok(seen) => {
            reading.replay(&body.bytes, &seen, held);
            Ok(())
        }
        Err(WholeFault::ErrorBody(said)) => Err(Fault::Said(said)),
        Err(WholeFault::NotJson(_) | WholeFault::Empty) => {
            let words = "a stream was asked for and something else came".to_owned();
            Err(Fault::Failed(malformed(status, words)))
        }
    }
}

/// A stream was asked for and something else came: an error as JSON, or a web page.
async fn not_a_stream(
    found: Sniffed,
    part: Bytes,
    held: &VecDeque<Bytes>,
    inflow: &mut Inflow,
    status: u16,
    sizes: &Sizes,
) -> Fault {
    let what = match found {
        Sniffed::Json => "a JSON body",
        Sniffed::Html => "a web page",
        Sniffed::Sse => "an event stream",
        Sniffed::Other => "something else",
    };
    let mut parts: Vec<Bytes> = held.iter().cloned().collect();
    parts.push(part);
    let body = rest(parts, inflow, sizes.error_body, NOT_A_STREAM).await;
    match observe::error_body(&body.bytes) {
        Some(said) => Fault::Said(said),
        None => Fault::Failed(malformed(status, format!("a stream was asked for and {what} came"))),
    }
}

/// A small body as far as it could be read.
pub(crate) struct Rest {
    pub bytes: Bytes,
    /// Whether it was read to its proper end.
    pub complete: bool,
}

/// Reads what is left of a small body, up to `most` bytes and for `within` at most.
pub(crate) async fn rest(mut parts: Vec<Bytes>, inflow: &mut Inflow, most: usize, within: Duration) -> Rest {
    let mut size: usize = parts.iter().map(Bytes::len).sum();
    let reading = async {
        while size <= most {
            match inflow.next().await {
                Some(Ok(part)) => {
                    size += part.len();
                    parts.push(part);
                }
                Some(Err(_broken)) => return false,
                None => return true,
            }
        }
        false
    };
    let complete = tokio::time::timeout(within, reading).await.unwrap_or(false);
    Rest { bytes: join(parts), complete }
}

pub(crate) fn join(mut parts: Vec<Bytes>) -> Bytes {
    match parts.len() {
        0 => Bytes::new(),
        1 => parts.swap_remove(0),
        _several => parts.concat().into(),
    }
}

fn not_json(body: &[u8], at: &str) -> String {
    match frames::sniff(body) {
        Some(Sniffed::Html) => "a web page came instead of JSON".to_owned(),
        Some(Sniffed::Sse) => "an event stream came although none was asked for".to_owned(),
        Some(Sniffed::Json | Sniffed::Other) => format!("the answer is not valid JSON: {at}"),
        None => "the answer is empty".to_owned(),
    }
}

/// The upstream began to answer and broke off.
fn broken_off(status: u16, words: &str) -> Failure {
    malformed(status, format!("the answer broke off: {words}"))
}

fn silent(what: &str, within: Duration) -> Failure {
    Failure::new(Class::Silent, Phase::P1, format!("{what} within {} s", within.as_secs_f32()))
}

/// A 200 with only preamble: it may be sent again, marked as perhaps billed.
fn before_content(mut failure: Failure) -> Failure {
    failure.phase = Phase::P3;
    failure
}

/// The error event for a client whose stream was opened before anybody could answer it.
pub(crate) fn opened_in_vain(protocol: Protocol, framing: Framing, error: &ErrorBody<'_>) -> Bytes {
    errors::stream_end(protocol, framing, error, &SoFar::default()).into()
}
