//! One upstream stream as it is read: which bytes pass, what they mean, what may be added and where.

use std::{collections::VecDeque, mem};

use bytes::{Bytes, BytesMut};
use wire::{
    Protocol, Usage,
    errors::{self, ErrorBody, SoFar},
    frames::{self, Framing, Splitter},
    observe::{Observer, Seen, StreamFailure, WholeSeen},
    sse::{Event, Kind, TooLong},
};

use crate::foreign::{Foreign, Outflow};

/// A stream being read. Bytes pass as they are, but for two cases that work event by event.
pub(crate) struct Stream {
    protocol: Protocol,
    framing: Framing,
    splitter: Splitter,
    observer: Observer,
    sieve: Option<Sieve>,
    /// Writes the answer for a client of another protocol; then no byte of the upstream's passes.
    outflow: Option<Outflow>,
    closed: bool,
}

/// What some bytes brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing of the answer yet.
    Preamble,
    /// Something of the answer.
    Content,
    /// The protocol's terminal, now or before.
    Ended,
    /// The upstream's own words that it failed.
    Failed(StreamFailure),
}

/// Takes out the events that are not meant for the client.
struct Sieve {
    /// Drop the usage chunk that we asked for and the client did not.
    usage: bool,
    /// Drop comments: google-genai for Python fails on one.
    comments: bool,
    /// Bytes of the event that is not complete yet.
    pending: BytesMut,
    /// Where `pending` begins in the stream.
    offset: u64,
    /// Whether the last event ended in a CR and was dropped or kept: an LF behind it belongs to it.
    open_line: Option<Verdict>,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Drop,
}

impl Stream {
    /// Reads a stream; `usage_is_ours` says that the client did not ask for the usage chunk.
    pub(crate) fn new(
        protocol: Protocol,
        framing: Framing,
        usage_is_ours: bool,
        event_limit: usize,
    ) -> Stream {
        let comments = protocol == Protocol::Gemini && framing == Framing::Sse;
        let sieve = (usage_is_ours || comments).then(|| Sieve {
            usage: usage_is_ours,
            comments,
            pending: BytesMut::new(),
            offset: 0,
            open_line: None,
        });
        Stream {
            protocol,
            framing,
            splitter: Splitter::new(framing, event_limit),
            observer: Observer::new(protocol),
            sieve,
            outflow: None,
            closed: false,
        }
    }

    /// Reads a stream for a client of another protocol.
    pub(crate) fn translated(protocol: Protocol, foreign: &Foreign, event_limit: usize) -> Stream {
        let outflow = Some(foreign.outflow(protocol));
        Stream { sieve: None, outflow, ..Stream::new(protocol, Framing::Sse, false, event_limit) }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// How many events have been read.
    pub(crate) fn events(&self) -> usize {
        usize::try_from(self.observer.events()).unwrap_or(usize::MAX)
    }

    /// The id of a Responses answer that reaches the client as it is.
    pub(crate) fn response_id(&self) -> Option<&str> {
        if self.outflow.is_some() { None } else { self.observer.response_id() }
    }

    pub(crate) fn usage(&self) -> Option<Usage> {
        let replayed = self.outflow.as_ref().and_then(|outflow| outflow.replayed);
        replayed.map_or_else(|| self.observer.usage(), |counts| counts.usage())
    }

    /// Whether the protocol's terminal was seen.
    pub(crate) fn ended(&self) -> bool {
        self.observer.ended() || self.outflow.as_ref().is_some_and(|outflow| outflow.replayed.is_some())
    }

    /// Whether the upstream's body ended while the stream was still held at the gate.
    pub(crate) fn ended_with_body(&self) -> bool {
        self.closed
    }

    /// Gemini clients recover from an error event with a clean end and crash on a broken connection.
    pub(crate) fn ends_cleanly_on_error(&self) -> bool {
        self.client_protocol() == Protocol::Gemini
    }

    /// What the client speaks.
    pub(crate) fn client_protocol(&self) -> Protocol {
        self.outflow.as_ref().map_or(self.protocol, |outflow| outflow.protocol)
    }

    /// Whether the answer is written anew for the client, so that it need not be a stream itself.
    pub(crate) fn writes_anew(&self) -> bool {
        self.outflow.is_some()
    }

    /// Tells a whole answer, which came in place of a stream, as one.
    pub(crate) fn replay(&mut self, body: &[u8], seen: &WholeSeen, out: &mut VecDeque<Bytes>) {
        if let Some(outflow) = &mut self.outflow {
            outflow.replay(self.protocol, body, seen);
            out.extend(outflow.take());
            self.closed = true;
        }
    }

    /// Whether the client has read the upstream's own words about a failure.
    pub(crate) fn passes_failures(&self) -> bool {
        self.outflow.is_none()
    }

    /// Takes the next bytes and queues what passes.
    pub(crate) fn take(&mut self, part: Bytes, out: &mut VecDeque<Bytes>) -> Result<Turn, TooLong> {
        let mut turn = Turn::Preamble;
        let observer = &mut self.observer;
        match (&mut self.outflow, &mut self.sieve) {
            (Some(outflow), _) => {
                self.splitter.push(&part, &mut |event| {
                    let seen = observe(observer, &event);
                    outflow.pass(&event, seen.as_ref(), observer);
                    turn.add(seen);
                })?;
                turn.add(outflow.failure().map(Seen::Failure));
                out.extend(outflow.take());
            }
            (None, None) => {
                self.splitter.push(&part, &mut |event| {
                    turn.add(observe(observer, &event));
                })?;
                out.push_back(part);
            }
            (None, Some(sieve)) => {
                sieve.pending.extend_from_slice(&part);
                self.splitter.push(&part, &mut |event| {
                    let seen = observe(observer, &event);
                    sieve.pass(&event, seen == Some(Seen::UsageOnly), out);
                    turn.add(seen);
                })?;
            }
        }
        Ok(self.settled(turn))
    }

    /// Reads what is left when the upstream's body has ended.
    pub(crate) fn finish(&mut self, out: &mut VecDeque<Bytes>) -> Turn {
        if mem::replace(&mut self.closed, true) {
            return self.settled(Turn::Preamble);
        }
        let mut turn = Turn::Preamble;
        let observer = &mut self.observer;
        let sieve = &mut self.sieve;
        let outflow = &mut self.outflow;
        // An event that grew over its limit has been reported by `take` already.
        let _ = self.splitter.finish(&mut |event| {
            let seen = observe(observer, &event);
            if let Some(sieve) = sieve {
                sieve.pass(&event, seen == Some(Seen::UsageOnly), out);
            }
            if let Some(outflow) = outflow {
                outflow.pass(&event, seen.as_ref(), observer);
            }
            turn.add(seen);
        });
        if let Some(outflow) = outflow {
            outflow.finish(observer);
            turn.add(outflow.failure().map(Seen::Failure));
            out.extend(outflow.take());
        }
        if let Some(sieve) = &mut self.sieve {
            sieve.finish(out);
        }
        self.settled(turn)
    }

    /// What keeps a silent stream alive, if this is a place for it.
    pub(crate) fn keep_alive(&self) -> Option<Bytes> {
        if let Some(outflow) = &self.outflow {
            return outflow.keep_alive(self.observer.has_content());
        }
        let quiet = self.splitter.at_boundary() && !self.observer.ended();
        let bytes = errors::keep_alive(self.protocol, self.framing, self.observer.has_content());
        (quiet && !bytes.is_empty()).then(|| Bytes::from_static(bytes))
    }

    /// The event that ends a broken stream honestly, fitting what was said before.
    ///
    /// `created_s` is when the request came, in Unix seconds.
    pub(crate) fn last_words(&mut self, error: &ErrorBody<'_>, created_s: u64) -> Option<Bytes> {
        if let Some(outflow) = &self.outflow {
            return outflow.last_words(error, created_s);
        }
        if self.observer.ended() {
            return None;
        }
        let so_far = SoFar {
            response_id: self.observer.response_id(),
            model: self.observer.model(),
            next_sequence: self.observer.events(),
            created_s,
            place: self.place(),
        };
        let event = errors::stream_end(self.protocol, self.framing, error, &so_far);
        (!event.is_empty()).then(|| event.into())
    }

    /// What is still to be said at a proper end: the end of a translated answer, or what closes a JSON array.
    pub(crate) fn closing(&mut self) -> Option<Bytes> {
        if let Some(outflow) = &mut self.outflow {
            outflow.finish(&self.observer);
            return outflow.take();
        }
        match self.framing {
            Framing::Sse => None,
            Framing::JsonArray => {
                Some(frames::closing(self.place())).filter(|end| !end.is_empty()).map(Bytes::from_static)
            }
        }
    }

    /// Where the bytes end that the client has: behind a sieve it never has half an event.
    fn place(&self) -> frames::Place {
        match (&self.sieve, self.splitter.place()) {
            (Some(_), frames::Place::Inside) => frames::Place::Between,
            (_, place) => place,
        }
    }

    /// Content and terminal may have come earlier, or in one event with others.
    fn settled(&self, turn: Turn) -> Turn {
        match turn {
            Turn::Failed(said) => Turn::Failed(said),
            Turn::Preamble | Turn::Content | Turn::Ended if self.observer.ended() => Turn::Ended,
            Turn::Preamble | Turn::Content | Turn::Ended => turn,
        }
    }
}

impl Turn {
    fn add(&mut self, seen: Option<Seen>) {
        match (&self, seen) {
            (Turn::Failed(_), _) | (_, None) => {}
            (_, Some(Seen::Failure(said))) => *self = Turn::Failed(said),
            (_, Some(Seen::Content)) => *self = Turn::Content,
            (
                _,
                Some(
                    Seen::Preamble
                    | Seen::Terminal
                    | Seen::Done
                    | Seen::UsageOnly
                    | Seen::Unparsable
                    | Seen::Other,
                ),
            ) => {}
        }
    }
}

impl Sieve {
    /// Passes or drops the event that has just been completed.
    fn pass(&mut self, event: &Event<'_>, is_usage: bool, out: &mut VecDeque<Bytes>) {
        self.close_line(out);
        let length = usize::try_from(event.end - self.offset).unwrap_or(usize::MAX).min(self.pending.len());
        self.offset = event.end;
        let raw = self.pending.split_to(length).freeze();
        let comments_only = event.kind == Kind::Comment;
        let dropped = (self.usage && is_usage) || (self.comments && comments_only);
        let verdict = if dropped { Verdict::Drop } else { Verdict::Keep };
        self.open_line = raw.ends_with(b"\r").then_some(verdict);
        match verdict {
            Verdict::Drop => {}
            Verdict::Keep if self.comments && event.has_comments => out.push_back(without_comments(&raw)),
            Verdict::Keep => out.push_back(raw),
        }
    }

    /// The LF of a CRLF that was cut in the middle goes the way of its event.
    fn close_line(&mut self, out: &mut VecDeque<Bytes>) {
        let Some(verdict) = self.open_line.take() else { return };
        if self.pending.first() != Some(&b'\n') {
            return;
        }
        let line_feed = self.pending.split_to(1).freeze();
        self.offset += 1;
        match verdict {
            Verdict::Drop => {}
            Verdict::Keep => out.push_back(line_feed),
        }
    }

    /// What is left at the end is no event; it passes unless it is the end of a dropped one.
    fn finish(&mut self, out: &mut VecDeque<Bytes>) {
        self.close_line(out);
        if !self.pending.is_empty() {
            out.push_back(self.pending.split().freeze());
        }
    }
}

fn observe(observer: &mut Observer, event: &Event<'_>) -> Option<Seen> {
    (event.kind == Kind::Message).then(|| observer.event(event.name, event.data))
}

/// An event without its comment lines; every other byte stays.
fn without_comments(raw: &[u8]) -> Bytes {
    let mut kept = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while !rest.is_empty() {
        let line_end = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
        let after = match rest.get(line_end..) {
            Some([b'\r', b'\n', ..]) => line_end + 2,
            Some([_, ..]) => line_end + 1,
            Some([]) | None => line_end,
        };
        if rest[0] != b':' {
            kept.extend_from_slice(&rest[..after]);
        }
        rest = &rest[after..];
    }
    kept.into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    /// Passes `input` in pieces of `size` bytes and returns what the client gets.
    fn passed(protocol: Protocol, usage_is_ours: bool, input: &str, size: usize) -> String {
        let mut stream = Stream::new(protocol, Framing::Sse, usage_is_ours, 1 << 20);
        let mut out = VecDeque::new();
        for piece in input.as_bytes().chunks(size) {
            stream.take(Bytes::copy_from_slice(piece), &mut out).unwrap();
        }
        stream.finish(&mut out);
        String::from_utf8(out.into_iter().flatten().collect()).unwrap()
    }

    const CONTENT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
    const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\n";
    const DONE: &str = "data: [DONE]\n\n";

    #[test]
    fn the_usage_chunk_that_we_asked_for_never_reaches_the_client_however_it_is_cut() {
        let input = format!("{CONTENT}{USAGE}{DONE}");
        for size in 1..input.len() {
            assert_eq!(
                passed(Protocol::Chat, true, &input, size),
                format!("{CONTENT}{DONE}"),
                "cut at {size}"
            );
            assert_eq!(passed(Protocol::Chat, false, &input, size), input, "cut at {size}");
        }
    }

    #[test]
    fn a_gemini_client_sees_no_comment_and_every_other_byte() {
        let input = ": ping\r\n\r\ndata: {\"candidates\":[]}\r\n\r\n: a\n:b\ndata: {}\n: c\n\n";
        let expected = "data: {\"candidates\":[]}\r\n\r\ndata: {}\n\n";
        for size in 1..input.len() {
            assert_eq!(passed(Protocol::Gemini, false, input, size), expected, "cut at {size}");
        }
    }
}
