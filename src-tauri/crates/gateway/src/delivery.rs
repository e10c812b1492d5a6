//! From the first byte of an upstream's answer to the last byte that the client gets.
//!
//! ```text
//! headers ─► gate ──(first content)──► flow ─► terminal: clean end
//!              │ held, nothing sent      │
//!              └► failure: another       └► cut, idle, error: the protocol's own error event, then the
//!                 channel may answer        connection breaks, so that no reader takes it for a whole answer
//! ```

use std::{collections::VecDeque, io, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use config::Channel;
use futures_util::{Stream, stream};
use pool::{Class, Failure, Outcome, Phase};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;
use wire::{
    Operation, Protocol,
    errors::{self, ErrorBody, Kind, SoFar},
    frames::{self, Framing, Sniffed},
    observe::{self, StreamFailure, WholeFault, WholeSeen},
};

use crate::{
    decode::Inflow,
    gateway::{Gateway, Sizes, Timers},
    held::Held,
    mask::Mask,
    stream::{Stream as Reading, Turn},
    trace::{Ending, Recording},
    upstream::malformed,
};

/// How long an attempt may take to show content.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From dispatch to response headers.
    pub headers: Duration,
    /// From response headers to the first content of a stream.
    pub content: Duration,
    /// From dispatch to the end of a whole reply.
    pub total: Duration,
}

/// A whole reply that was held and checked, or one too large to hold, which flows.
pub(crate) enum Whole {
    Checked(Bytes, WholeSeen),
    Large(Vec<Bytes>, Inflow),
}

/// Reads a whole reply. Up to `most` bytes nothing reaches the client before it is known to be an answer.
pub(crate) async fn hold(
    protocol: Protocol,
    operation: Operation,
    status: u16,
    mut inflow: Inflow,
    within: Duration,
    most: usize,
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

fn join(mut parts: Vec<Bytes>) -> Bytes {
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

/// An answer on its way to the client, after the commit point.
pub(crate) struct Flow {
    out: VecDeque<Bytes>,
    inflow: Inflow,
    /// The stream's reader; a whole reply too large to hold has none.
    reading: Option<Reading>,
    stage: Stage,
    held: Option<Held>,
    recording: Option<Recording>,
    first_content: Option<Duration>,
    /// Who streams; its secrets are kept out of what it says about its failure.
    channel: Option<Arc<Channel>>,
    status: u16,
    size: usize,
    watch: Watch,
}

/// What nginx calls a request whose client went away.
const CLIENT_LEFT: u16 = 499;
const NO_CONTENT: &str = "the stream carried no content for too long";

/// Where a flow stands.
enum Stage {
    Running,
    /// Nothing more comes; the body ends properly.
    Clean,
    /// What is queued goes out, then the connection breaks.
    Abort,
}

/// The clocks of a flow. One timer serves all of them: it is set again only when it rings.
struct Watch {
    timers: Timers,
    alarm: Pin<Box<Sleep>>,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Times since the request began.
    last_bytes: Duration,
    last_content: Duration,
    last_sent: Duration,
    /// When a whole reply must have ended; streams have no total.
    end: Option<Duration>,
}

/// The body is broken off on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut")]
pub(crate) struct Aborted;

impl Flow {
    pub(crate) fn stream(
        reading: Reading,
        out: VecDeque<Bytes>,
        inflow: Inflow,
        held: Held,
        recording: Recording,
        first_content: Duration,
        channel: Arc<Channel>,
    ) -> Flow {
        let mut flow = Flow::new(Some(reading), out, inflow, held, recording, Some(first_content), None);
        flow.channel = Some(channel);
        flow
    }

    /// A whole reply that is too large to hold; `left` is what is left of its time.
    pub(crate) fn whole(
        parts: Vec<Bytes>,
        inflow: Inflow,
        left: Duration,
        held: Held,
        recording: Recording,
    ) -> Flow {
        Flow::new(None, parts.into(), inflow, held, recording, None, Some(left))
    }

    fn new(
        reading: Option<Reading>,
        out: VecDeque<Bytes>,
        inflow: Inflow,
        held: Held,
        recording: Recording,
        first_content: Option<Duration>,
        left: Option<Duration>,
    ) -> Flow {
        let gateway: &Gateway = recording.gateway();
        let now = recording.elapsed();
        let timers = gateway.timers.clone();
        let watch = Watch {
            alarm: Box::pin(tokio::time::sleep(
                timers.keep_alive.min(timers.idle_bytes).min(left.unwrap_or(Duration::MAX)),
            )),
            closing: Box::pin(gateway.closing.clone().cancelled_owned()),
            last_bytes: now,
            last_content: now,
            last_sent: now,
            end: left.map(|left| now + left),
            timers,
        };
        let size = out.iter().map(Bytes::len).sum();
        let mut flow = Flow {
            out,
            inflow,
            reading,
            stage: Stage::Running,
            held: Some(held),
            recording: Some(recording),
            first_content,
            channel: None,
            status: 200,
            size,
            watch,
        };
        if flow.reading.as_ref().is_some_and(Reading::ended_with_body) {
            flow.upstream_ended();
        }
        flow
    }

    /// The flow as a response body.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Aborted>> + Send {
        stream::unfold(self, |mut flow| async move { flow.next().await.map(|item| (item, flow)) })
    }

    /// The next bytes for the client.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Aborted>> {
        loop {
            if let Some(bytes) = self.out.pop_front() {
                return Some(Ok(bytes));
            }
            match self.stage {
                Stage::Running => {}
                Stage::Clean => return None,
                Stage::Abort => {
                    // Yielding lets the connection flush the error event before it breaks.
                    tokio::task::yield_now().await;
                    return Some(Err(Aborted));
                }
            }
            tokio::select! {
                biased;
                // Before the upstream: one that always has more must not keep the gateway from stopping.
                () = self.watch.closing.as_mut() => self.cut(Break::Stopping, "the gateway is stopping"),
                part = self.inflow.next() => self.came(part),
                () = self.watch.alarm.as_mut() => self.rang(),
            }
        }
    }

    fn came(&mut self, part: Option<Result<Bytes, String>>) {
        let now = self.elapsed();
        self.watch.last_bytes = now;
        match part {
            Some(Ok(part)) => self.took(part, now),
            Some(Err(words)) => {
                self.cut(Break::Cut, &format!("the stream broke off: {words}"));
            }
            None => self.upstream_ended(),
        }
    }

    fn took(&mut self, part: Bytes, now: Duration) {
        self.size += part.len();
        let Some(reading) = &mut self.reading else {
            if self.size > self.reply_limit() {
                return self.cut(Break::Wrong, "the reply is larger than any answer may be");
            }
            self.watch.last_sent = now;
            return self.out.push_back(part);
        };
        match reading.take(part, &mut self.out) {
            Ok(Turn::Preamble) => {
                if now.saturating_sub(self.watch.last_content) >= self.watch.timers.idle_content {
                    return self.cut(Break::Silent, NO_CONTENT);
                }
            }
            Ok(Turn::Content | Turn::Ended) => self.watch.last_content = now,
            Ok(Turn::Failed(said)) => self.failed_in_band(&said),
            Err(too_long) => self.cut(Break::Wrong, &too_long.to_string()),
        }
        if !self.out.is_empty() {
            self.watch.last_sent = now;
        }
    }

    /// The upstream closed its body properly. Whether that is an end is the protocol's to say.
    fn upstream_ended(&mut self) {
        let Some(reading) = &mut self.reading else { return self.done() };
        match reading.finish(&mut self.out) {
            Turn::Failed(said) => self.failed_in_band(&said),
            Turn::Preamble | Turn::Content | Turn::Ended if reading.ended() => self.done(),
            Turn::Preamble | Turn::Content | Turn::Ended => {
                self.cut(Break::Wrong, "the stream ended without its terminal event");
            }
        }
    }

    fn done(&mut self) {
        self.close();
        let usage = self.reading.as_ref().and_then(Reading::usage);
        self.settle(Outcome::Served { first_content: self.first_content, usage });
        self.file(Ending::Done);
    }

    /// The upstream itself said in its stream that it failed; the client has its words already.
    fn failed_in_band(&mut self, said: &StreamFailure) {
        let Some(reading) = &self.reading else { return };
        let masked = self.channel.as_deref().map(|channel| Mask::of(channel).failure(said));
        let said = masked.unwrap_or_else(|| said.clone());
        let wall = self.recording.as_ref().map(|recording| recording.gateway().clock.now());
        let Some(now) = wall else { return };
        let mut failure = pool::judge_stream_failure(reading.protocol(), &said, now);
        failure.phase = Phase::P4;
        if reading.ends_cleanly_on_error() {
            self.close();
        } else {
            self.stage = Stage::Abort;
        }
        self.fail(failure, Ending::Error);
    }

    /// Ends the answer honestly: the protocol's own error event, then a broken connection. What breaks after the
    /// protocol's terminal breaks nothing.
    fn cut(&mut self, cause: Break, words: &str) {
        if self.reading.as_ref().is_some_and(Reading::ended) {
            return self.done();
        }
        self.stage = Stage::Abort;
        if let Some(reading) = &mut self.reading {
            if reading.ends_cleanly_on_error() {
                self.stage = Stage::Clean;
            }
            let created_s = self.recording.as_ref().map_or(0, Recording::started_s);
            self.out.extend(reading.last_words(&cause.error_body(words), created_s));
        }
        self.fail(Failure::new(cause.class(), Phase::P4, words), cause.ending());
    }

    fn rang(&mut self) {
        let now = self.elapsed();
        let timers = &self.watch.timers;
        let silent_for = now.saturating_sub(self.watch.last_bytes);
        let empty_for = now.saturating_sub(self.watch.last_content);
        if silent_for >= timers.idle_bytes {
            return self.cut(Break::Silent, "the stream fell silent");
        }
        if self.reading.is_some() && empty_for >= timers.idle_content {
            return self.cut(Break::Silent, NO_CONTENT);
        }
        let left = self.watch.end.map(|end| end.saturating_sub(now));
        if left.is_some_and(|left| left.is_zero()) {
            return self.cut(Break::Silent, "the reply took longer than any may");
        }
        let mut next = timers.idle_bytes.saturating_sub(silent_for).min(left.unwrap_or(Duration::MAX));
        if let Some(reading) = &self.reading {
            next = next.min(timers.idle_content.saturating_sub(empty_for));
            let quiet_for = now.saturating_sub(self.watch.last_sent);
            if quiet_for < timers.keep_alive {
                next = next.min(timers.keep_alive.saturating_sub(quiet_for));
            } else {
                self.watch.last_sent = now;
                self.out.extend(reading.keep_alive());
                next = next.min(timers.keep_alive);
            }
        }
        self.watch.alarm.set(tokio::time::sleep(next));
    }

    /// Ends the body properly; what is open in its framing is closed.
    fn close(&mut self) {
        self.stage = Stage::Clean;
        self.out.extend(self.reading.as_ref().and_then(Reading::closing));
    }

    fn fail(&mut self, failure: Failure, ending: Ending) {
        if let Some(recording) = &mut self.recording {
            recording.failed(&failure, ending.verdict());
        }
        self.settle(Outcome::Failed(failure));
        self.file(ending);
    }

    fn settle(&mut self, outcome: Outcome) {
        if let Some(held) = self.held.take() {
            held.settle(outcome);
        }
    }

    fn file(&mut self, ending: Ending) {
        let Some(mut recording) = self.recording.take() else { return };
        recording.usage(self.reading.as_ref().and_then(Reading::usage));
        let status = match ending {
            Ending::Running | Ending::Done | Ending::Idle | Ending::Cut | Ending::Error => self.status,
            Ending::ClientLeft => CLIENT_LEFT,
        };
        recording.finish(ending, status);
    }

    fn elapsed(&self) -> Duration {
        self.recording.as_ref().map_or(self.watch.last_bytes, Recording::elapsed)
    }

    fn reply_limit(&self) -> usize {
        self.recording.as_ref().map_or(usize::MAX, |recording| recording.gateway().sizes.reply)
    }
}

impl Drop for Flow {
    /// The client went away. Many do so at the terminal, without waiting for the end: they got all there is.
    fn drop(&mut self) {
        if self.reading.as_ref().is_some_and(Reading::ended) {
            self.done();
        }
        self.file(Ending::ClientLeft);
    }
}

/// Why an answer breaks after its commit point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// The connection to the upstream broke.
    Cut,
    /// What came is not what the protocol promises.
    Wrong,
    /// Nothing came for too long.
    Silent,
    /// We are shutting down.
    Stopping,
}

impl Break {
    fn class(self) -> Class {
        match self {
            Break::Cut => Class::Network,
            Break::Wrong => Class::Malformed,
            Break::Silent => Class::Silent,
            // The channel did nothing wrong; the client is about to lose us.
            Break::Stopping => Class::ClientGone,
        }
    }

    fn ending(self) -> Ending {
        match self {
            Break::Cut | Break::Wrong => Ending::Cut,
            Break::Silent => Ending::Idle,
            Break::Stopping => Ending::Error,
        }
    }

    /// What the last event of the stream says.
    fn error_body(self, words: &str) -> ErrorBody<'_> {
        let (kind, status) = match self {
            Break::Cut | Break::Wrong => (Kind::Upstream, 502),
            Break::Silent => (Kind::Timeout, 504),
            Break::Stopping => (Kind::Unavailable, 503),
        };
        ErrorBody { status, kind, code: None, message: words, retry_after_s: None, request_id: None }
    }
}

/// The error event for a client whose stream was opened before anybody could answer it.
pub(crate) fn opened_in_vain(protocol: Protocol, framing: Framing, error: &ErrorBody<'_>) -> Bytes {
    errors::stream_end(protocol, framing, error, &SoFar::default()).into()
}

impl From<Aborted> for io::Error {
    fn from(aborted: Aborted) -> io::Error {
        io::Error::other(aborted)
    }
}
