//! Why a request went where it went: recorded while it runs, kept for the last few hundred.

use std::{
    collections::VecDeque,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use config::{Candidate, Key, Route, Rule, SkipReason};
use jiff::Timestamp;
use pool::{Class, Exclusion, Failure, HeldCandidate, Lease, Now, Phase};
use serde::{Deserialize, Serialize, Serializer};
use tracing::{info, warn};
use uuid::Uuid;
use wire::{
    Operation, Protocol, Usage,
    note::{Note, Notes},
};

use crate::{
    Gateway,
    compose::Asked,
    counting::{self, Sample, TokenCount},
    relay::Call,
};

/// One request's whole story. Times are milliseconds since `started`.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Trace {
    /// The id that the client got as `x-sluice-request-id`.
    #[ts(type = "string")]
    pub id: Uuid,
    /// When the request was admitted.
    #[ts(type = "Timestamp")]
    pub started: Timestamp,
    /// The client's name, as far as its key tells.
    pub client: Option<Arc<str>>,
    /// What the client speaks.
    pub protocol: Protocol,
    /// What it asked to be done.
    pub operation: Operation,
    /// Whether it asked for a stream.
    pub stream: bool,
    /// The model name as the client asked for it.
    pub asked: Option<Arc<str>>,
    /// The routing rule that matched; shown in words.
    #[serde(serialize_with = "some_words")]
    #[ts(type = "string | null")]
    pub rule: Option<Rule>,
    /// The same rule, for programs that have words of their own.
    pub matched: Option<Rule>,
    /// The candidates in the order of their rank.
    pub candidates: Vec<Considered>,
    /// Channels that were no candidates, and why.
    pub skipped: Vec<SkippedChannel>,
    /// What was tried.
    pub attempts: Vec<AttemptTrace>,
    /// How it ended.
    pub ending: Ending,
    /// The status that the client got.
    pub status: u16,
    /// What the client was told where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refusal: Option<String>,
    /// Tokens, as the upstream counted them.
    pub usage: Option<Usage>,
    /// How many tokens the client was told that its request has, where it asked for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub count: Option<TokenCount>,
    /// When the first content reached the client.
    pub first_content_ms: Option<f64>,
    /// When it was over.
    pub total_ms: f64,
}

/// A candidate of a route.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Considered {
    /// The channel's name.
    pub channel: Arc<str>,
    /// The model it would be asked for.
    pub model: Arc<str>,
    /// Candidates of one rank share the load; lower ranks come first.
    pub rank: u32,
    /// Whether the channel merely stands in for a model that it does not list.
    pub stand_in: bool,
    /// Why it could not be tried when its turn came; in words that follow the channel's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub excluded: Option<String>,
    /// The same reason, for programs that have words of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exclusion: Option<Exclusion>,
}

/// A channel that was no candidate.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct SkippedChannel {
    /// The channel's name.
    pub channel: Arc<str>,
    /// Why; shown in words.
    #[serde(serialize_with = "words")]
    #[ts(type = "string")]
    pub reason: SkipReason,
    /// The same reason, for programs that have words of their own.
    pub cause: SkipReason,
}

/// One attempt. Times are milliseconds since the request's start.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct AttemptTrace {
    /// The channel's name.
    pub channel: Arc<str>,
    /// The key's name.
    pub key: Arc<str>,
    /// The model that the upstream was asked for.
    pub model: Arc<str>,
    /// What the upstream speaks.
    pub protocol: Protocol,
    /// What was left out of the request or said in another way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Note>>")]
    pub notes: Vec<Note>,
    /// When it was dispatched.
    pub started_ms: f64,
    /// When response headers arrived.
    pub headers_ms: Option<f64>,
    /// When its first content arrived.
    pub first_content_ms: Option<f64>,
    /// When it was over.
    pub ended_ms: Option<f64>,
    /// The upstream's status.
    pub status: Option<u16>,
    /// What kind of failure it was; nothing for success.
    pub class: Option<Class>,
    /// How far it had come when it failed.
    pub phase: Option<Phase>,
    /// The failure in words.
    pub error: Option<String>,
    /// What was decided.
    pub verdict: Option<&'static str>,
    /// Whether the upstream may have worked, and billed, for nothing.
    pub maybe_billed: bool,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It is not over yet.
    Running,
    /// The client got a whole answer.
    Done,
    /// The client went away first.
    ClientLeft,
    /// A stream fell silent.
    Idle,
    /// A stream broke off before its terminal.
    Cut,
    /// The client got an error.
    Error,
}

impl Ending {
    /// What the trace says was decided about an attempt that ended so.
    pub(crate) fn verdict(self) -> &'static str {
        match self {
            Ending::Running => "runs",
            Ending::Done => "delivered",
            Ending::ClientLeft => "left",
            Ending::Idle | Ending::Cut | Ending::Error => "ended with an error event",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Ending::Running => "runs",
            Ending::Done => "done",
            Ending::ClientLeft => "client left",
            Ending::Idle => "idle",
            Ending::Cut => "cut",
            Ending::Error => "error",
        }
    }
}

/// A trace being written. Dropped unfinished, it records that the client left.
pub(crate) struct Recording {
    gateway: Arc<Gateway>,
    began: Duration,
    trace: Option<Box<Trace>>,
    /// The request, where its tokens are to be learnt from.
    sample: Option<Box<Sample>>,
}

impl Recording {
    pub(crate) fn start(
        gateway: &Arc<Gateway>,
        now: Now,
        call: &Call,
        client: Option<Arc<str>>,
    ) -> Recording {
        let trace = Trace {
            id: gateway.new_id(now),
            started: now.wall,
            client,
            protocol: call.protocol,
            operation: call.operation,
            stream: false,
            asked: None,
            rule: None,
            matched: None,
            candidates: Vec::new(),
            skipped: Vec::new(),
            attempts: Vec::new(),
            ending: Ending::Running,
            status: 0,
            refusal: None,
            usage: None,
            count: None,
            first_content_ms: None,
            total_ms: 0.0,
        };
        Recording {
            gateway: Arc::clone(gateway),
            began: now.mono,
            trace: Some(Box::new(trace)),
            sample: None,
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.trace().id
    }

    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// When the request began, in Unix seconds.
    pub(crate) fn started_s(&self) -> u64 {
        u64::try_from(self.trace().started.as_second()).unwrap_or(0)
    }

    pub(crate) fn operation(&self) -> Operation {
        self.trace().operation
    }

    pub(crate) fn attempts(&self) -> usize {
        self.trace().attempts.len()
    }

    /// Notes the decision. Every request pays for this, so nothing is put into words before somebody reads it.
    pub(crate) fn routed(&mut self, route: &Route, stream: bool) {
        let trace = self.trace_mut();
        trace.stream = stream;
        trace.asked = (route.rule != Rule::NoModel).then(|| Arc::clone(&route.asked));
        trace.rule = Some(route.rule.clone());
        trace.matched = Some(route.rule.clone());
        trace.candidates = considered(route);
        trace.skipped = skipped(route);
    }

    /// Notes what held the candidates when none was left to ask; `held` is in the route's order, as they are.
    pub(crate) fn excluded(&mut self, held: &[HeldCandidate]) {
        for (candidate, held) in self.trace_mut().candidates.iter_mut().zip(held) {
            candidate.excluded = Some(held.reason.clone());
            candidate.exclusion = Some(held.exclusion);
        }
    }

    pub(crate) fn dispatched(&mut self, candidate: &Candidate, lease: &Lease) {
        self.begin(candidate, &lease.cell.key, &lease.cell.model);
    }

    /// Notes that a channel is asked for a count, which takes no lease.
    pub(crate) fn counting(&mut self, candidate: &Candidate, key: &Key) {
        self.begin(candidate, &key.name, &candidate.model);
    }

    fn begin(&mut self, candidate: &Candidate, key: &Arc<str>, model: &Arc<str>) {
        let started_ms = self.elapsed_ms();
        self.trace_mut().attempts.push(AttemptTrace {
            channel: Arc::clone(&candidate.channel.name),
            key: Arc::clone(key),
            model: Arc::clone(model),
            protocol: candidate.protocol,
            notes: Vec::new(),
            started_ms,
            headers_ms: None,
            first_content_ms: None,
            ended_ms: None,
            status: None,
            class: None,
            phase: None,
            error: None,
            verdict: None,
            maybe_billed: false,
        });
        self.show();
    }

    /// Notes what writing the request for its channel cost.
    pub(crate) fn composed(&mut self, notes: &Notes) {
        self.attempt(|attempt| attempt.notes = notes.list().to_vec());
    }

    /// What the last attempt left out of the request or said in another way.
    pub(crate) fn notes(&self) -> &[Note] {
        self.trace().attempts.last().map_or(&[], |attempt| &attempt.notes)
    }

    pub(crate) fn headers(&mut self, status: u16) {
        let at = self.elapsed_ms();
        self.attempt(|attempt| {
            attempt.headers_ms = Some(at);
            attempt.status = Some(status);
        });
    }

    pub(crate) fn first_content(&mut self) {
        let at = self.elapsed_ms();
        self.trace_mut().first_content_ms.get_or_insert(at);
        self.attempt(|attempt| attempt.first_content_ms = Some(at));
        self.show();
    }

    /// Shows the request as it is now to whoever looks.
    fn show(&self) {
        if self.gateway.live.is_watched() {
            let mut trace = self.trace().clone();
            trace.total_ms = self.elapsed_ms();
            self.gateway.live.running(trace);
        }
    }

    pub(crate) fn failed(&mut self, failure: &Failure, verdict: &'static str) {
        let at = self.elapsed_ms();
        let id = self.id();
        self.attempt(|attempt| {
            attempt.ended_ms = Some(at);
            attempt.class = Some(failure.class);
            attempt.phase = Some(failure.phase);
            attempt.error = Some(failure.message.clone());
            attempt.verdict = Some(verdict);
            attempt.maybe_billed = failure.maybe_billed();
            warn!(
                request = %id.simple(),
                channel = %attempt.channel,
                class = ?failure.class,
                status = failure.status,
                verdict,
                "attempt failed: {}", failure.message
            );
        });
    }

    pub(crate) fn usage(&mut self, usage: Option<Usage>) {
        self.trace_mut().usage = usage;
    }

    /// Notes how many tokens the client is told, and who says so.
    pub(crate) fn counted(&mut self, count: TokenCount) {
        self.trace_mut().count = Some(count);
    }

    /// Keeps the request, if there is something to learn from it once its answer is complete.
    pub(crate) fn sample(&mut self, asked: &Asked, candidate: &Candidate) {
        self.sample = self.gateway.ledger.sample(asked, candidate, self.gateway.clock.mono());
    }

    pub(crate) fn refused(&mut self, message: &str) {
        self.trace_mut().refusal = Some(message.to_owned());
    }

    /// Ends the recording and files the trace.
    pub(crate) fn finish(mut self, ending: Ending, status: u16) {
        self.file(ending, status);
    }

    /// The time since the request began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.gateway.clock.mono().saturating_sub(self.began)
    }

    fn elapsed_ms(&self) -> f64 {
        self.elapsed().as_secs_f64() * 1e3
    }

    fn attempt(&mut self, write: impl FnOnce(&mut AttemptTrace)) {
        if let Some(attempt) = self.trace_mut().attempts.last_mut() {
            write(attempt);
        }
    }

    fn trace(&self) -> &Trace {
        self.trace.as_deref().expect("the trace is taken only by filing it, which ends the recording")
    }

    fn trace_mut(&mut self) -> &mut Trace {
        self.trace.as_deref_mut().expect("the trace is taken only by filing it, which ends the recording")
    }

    fn file(&mut self, ending: Ending, status: u16) {
        let total_ms = self.elapsed_ms();
        let Some(mut trace) = self.trace.take() else { return };
        trace.ending = ending;
        trace.status = status;
        trace.total_ms = total_ms;
        if let Some(last) = trace.attempts.last_mut() {
            last.ended_ms.get_or_insert(total_ms);
        }
        if let (Ending::Done, Some(sample), Some(usage)) = (ending, self.sample.take(), trace.usage) {
            counting::learn_from_answer(&self.gateway, *sample, usage);
        }
        log(&trace);
        let trace: Arc<Trace> = Arc::from(trace);
        self.gateway.traces.push(Arc::clone(&trace));
        self.gateway.live.ended(&trace);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.file(Ending::ClientLeft, 499);
    }
}

pub(crate) fn considered(route: &Route) -> Vec<Considered> {
    route
        .candidates
        .iter()
        .map(|candidate| Considered {
            channel: Arc::clone(&candidate.channel.name),
            model: Arc::clone(&candidate.model),
            rank: candidate.rank,
            stand_in: candidate.stand_in,
            excluded: None,
            exclusion: None,
        })
        .collect()
}

pub(crate) fn skipped(route: &Route) -> Vec<SkippedChannel> {
    let reason = |skipped: &config::Skipped| SkippedChannel {
        channel: Arc::clone(&skipped.channel),
        reason: skipped.reason.clone(),
        cause: skipped.reason.clone(),
    };
    route.skipped.iter().map(reason).collect()
}

fn words<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn some_words<S: Serializer>(value: &Option<impl Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

fn log(trace: &Trace) {
    let last = trace.attempts.last();
    if let Some(refusal) = &trace.refusal {
        warn!(
            request = %trace.id.simple(),
            client = trace.client.as_deref(),
            protocol = %trace.protocol,
            asked = trace.asked.as_deref(),
            channel = last.map(|attempt| &*attempt.channel),
            attempts = trace.attempts.len(),
            status = trace.status,
            ms = trace.total_ms.round(),
            "refused: {refusal}"
        );
        return;
    }
    info!(
        request = %trace.id.simple(),
        client = trace.client.as_deref(),
        protocol = %trace.protocol,
        asked = trace.asked.as_deref(),
        channel = last.map(|attempt| &*attempt.channel),
        model = last.map(|attempt| &*attempt.model),
        attempts = trace.attempts.len(),
        status = trace.status,
        tokens = trace.usage.as_ref().map(|usage| usage.input().saturating_add(usage.output)),
        ms = trace.total_ms.round(),
        "{}", trace.ending.word()
    );
}

/// The last traces, bounded.
pub(crate) struct Traces {
    kept: Mutex<VecDeque<Arc<Trace>>>,
    most: usize,
}

impl Traces {
    pub(crate) fn new(most: usize) -> Traces {
        Traces { kept: Mutex::new(VecDeque::with_capacity(most)), most }
    }

    fn push(&self, trace: Arc<Trace>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = if kept.len() >= self.most { kept.pop_front() } else { None };
        kept.push_back(trace);
        drop(kept);
        drop(oldest);
    }

    pub(crate) fn newest(&self, count: usize) -> Vec<Arc<Trace>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().take(count).cloned().collect()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Trace>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if id == "last" {
            return kept.back().cloned();
        }
        let plain = id.replace('-', "").to_ascii_lowercase();
        let mut found = kept.iter().rev().filter(|trace| trace.id.simple().to_string().starts_with(&plain));
        let newest = found.next()?;
        match found.next() {
            Some(_another) if plain.len() < 32 => None,
            Some(_) | None => Some(Arc::clone(newest)),
        }
    }
}
