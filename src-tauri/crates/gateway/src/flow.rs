//! An answer on its way to the client: after the commit point it is completed or honestly broken off, never begun anew.

use std::{collections::VecDeque, io, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use config::Channel;
use futures_util::{Stream, stream};
use pool::{Class, Failure, Outcome, Phase};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;
use wire::{
    Operation, Protocol, Usage,
    errors::{ErrorBody, Kind},
    observe::{self, StreamFailure},
};

use crate::{
    decode::Inflow,
    delivery::join,
    gateway::{Gateway, Timers},
    held::Held,
    mask::Mask,
    native, refusal,
    stream::{Stream as Reading, Turn},
    trace::{Ending, Recording},
};

/// An answer on its way to the client, after the commit point.
pub(crate) struct Flow {
    out: VecDeque<Bytes>,
    inflow: Inflow,
    /// The stream's reader; a whole reply too large to hold has none.
    reading: Option<Reading>,
    /// What such a reply has brought, unless it is too large even to keep.
    kept: Option<Kept>,
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

/// A whole reply that flows, kept beside: its usage may stand anywhere in it.
pub(crate) struct Kept {
    protocol: Protocol,
    operation: Operation,
    parts: Vec<Bytes>,
    /// How many more bytes may be kept.
    room: usize,
}

impl Kept {
    /// Keeps what has come so far, up to `most` bytes altogether.
    fn new(protocol: Protocol, operation: Operation, parts: &[Bytes], most: usize) -> Option<Kept> {
        let kept = Kept { protocol, operation, parts: Vec::new(), room: most };
        parts.iter().try_fold(kept, Kept::with)
    }

    fn with(mut self, part: &Bytes) -> Option<Kept> {
        self.room = self.room.checked_sub(part.len())?;
        self.parts.push(part.clone());
        Some(self)
    }

    fn usage(self) -> Option<Usage> {
        observe::whole(self.protocol, self.operation, &join(self.parts)).ok()?.usage
    }
}

/// What nginx calls a request whose client went away.
const CLIENT_LEFT: u16 = 499;
const NO_CONTENT: &str = "the stream carried no content for too long";

/// How long a client gets to read the error event before the connection breaks: Node's `fetch` throws away what has come
/// but was not read when it learns of the break.
pub(crate) const LAST_WORDS: Duration = Duration::from_millis(200);

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
        protocol: Protocol,
    ) -> Flow {
        let most = recording.gateway().sizes.held_embeddings;
        let kept = Kept::new(protocol, recording.operation(), &parts, most);
        let mut flow = Flow::new(None, parts.into(), inflow, held, recording, None, Some(left));
        flow.kept = kept;
        flow
    }

    /// A reply that nobody looks into, as long as it flows.
    pub(crate) fn passing(inflow: Inflow, held: Held, recording: Recording, protocol: Protocol) -> Flow {
        let most = recording.gateway().sizes.held_embeddings;
        let kept = Kept::new(protocol, recording.operation(), &[], most);
        let mut flow = Flow::new(None, VecDeque::new(), inflow, held, recording, None, None);
        flow.kept = kept;
        flow
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
            kept: None,
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
                    tokio::time::sleep(LAST_WORDS).await;
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
            // What has no time to end by has no size to end at.
            if self.watch.end.is_some() && self.size > self.reply_limit() {
                return self.cut(Break::Wrong, "the reply is larger than any answer may be");
            }
            self.watch.last_sent = now;
            self.kept = self.kept.take().and_then(|kept| kept.with(&part));
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
        self.remember();
        let usage = self.usage();
        self.settle(Outcome::Served { first_content: self.first_content, usage });
        self.file(Ending::Done, usage);
    }

    /// Remembers whose account keeps the answer, for requests that name it.
    fn remember(&self) {
        let (Some(reading), Some(held), Some(recording)) = (&self.reading, &self.held, &self.recording)
        else {
            return;
        };
        if let Some(id) = reading.response_id() {
            native::keep(recording.gateway(), held.lease(), id.to_owned());
        }
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
        if !reading.passes_failures() {
            self.say_failure(&failure);
        } else if reading.ends_cleanly_on_error() {
            self.close();
        } else {
            self.stage = Stage::Abort;
        }
        self.fail(failure, Ending::Error);
    }

    /// Tells a client of another protocol, in its words, that the upstream failed.
    fn say_failure(&mut self, failure: &Failure) {
        let (Some(reading), Some(recording)) = (&mut self.reading, &self.recording) else { return };
        let protocol = reading.client_protocol();
        let channel = self.channel.as_ref().map_or("", |channel| &channel.name);
        let refusal = refusal::decided(pool::Refusal::of(failure, channel, protocol, false), protocol);
        self.stage = if reading.ends_cleanly_on_error() { Stage::Clean } else { Stage::Abort };
        self.out.extend(reading.last_words(&refusal.error_body(), recording.started_s()));
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
        self.out.extend(self.reading.as_mut().and_then(Reading::closing));
    }

    fn fail(&mut self, failure: Failure, ending: Ending) {
        if let Some(recording) = &mut self.recording {
            recording.failed(&failure, ending.verdict());
        }
        self.settle(Outcome::Failed(failure));
        self.file_as_far_as_it_came(ending);
    }

    fn settle(&mut self, outcome: Outcome) {
        if let Some(held) = self.held.take() {
            held.settle(outcome);
        }
    }

    /// The usage of an answer that came to its end.
    fn usage(&mut self) -> Option<Usage> {
        match &self.reading {
            Some(reading) => reading.usage(),
            None => self.kept.take()?.usage(),
        }
    }

    /// Files an answer that broke off: a stream may have told its usage before.
    fn file_as_far_as_it_came(&mut self, ending: Ending) {
        let usage = self.reading.as_ref().and_then(Reading::usage);
        self.file(ending, usage);
    }

    fn file(&mut self, ending: Ending, usage: Option<Usage>) {
        let Some(mut recording) = self.recording.take() else { return };
        recording.usage(usage);
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
        self.file_as_far_as_it_came(Ending::ClientLeft);
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
        ErrorBody {
            status,
            kind,
            code: None,
            param: None,
            message: words,
            retry_after_s: None,
            request_id: None,
        }
    }
}

impl From<Aborted> for io::Error {
    fn from(aborted: Aborted) -> io::Error {
        io::Error::other(aborted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_of_a_reply_that_flows_is_read_up_to_the_bound_however_it_is_cut() {
        let usage = r#""usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}"#;
        let answer = r#""choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]"#;
        for body in [format!("{{{usage},{answer}}}"), format!("{{{answer},{usage}}}")] {
            for (most, size, tokens) in [
                (body.len(), 1, Some(12)),
                (body.len(), 50, Some(12)),
                (body.len() - 1, 50, None),
                (usize::MAX, body.len(), Some(12)),
            ] {
                let parts: Vec<Bytes> = body.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
                let (held, flowing) = parts.split_at(parts.len() / 2);
                let kept = Kept::new(Protocol::Chat, Operation::Generate, held, most);
                let kept = flowing.iter().fold(kept, |kept, part| kept.and_then(|kept| kept.with(part)));
                let read = kept.and_then(Kept::usage).map(|usage| usage.input() + usage.output);
                assert_eq!(read, tokens, "most {most}, in pieces of {size}");
            }
        }
    }
}
