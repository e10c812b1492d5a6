//! One request's life: read, routed, tried until somebody answers, delivered.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use config::{Candidate, Route, RouteRefusal, Snapshot};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};
use pool::{Failure, Lease, Outcome, Phase, Progress, Relay, Starved, StarvedKind, Verdict};
use wire::{
    Operation, Protocol,
    errors::{self, Kind},
    frames::Framing,
    head::{Head, PathModel},
    observe::WholeSeen,
};

use crate::{
    compose::{self, Asked},
    decode::Inflow,
    delivery::{self, Aborted, Fault, Flow, Patience, Whole},
    gateway::Gateway,
    headers,
    held::Held,
    intake,
    refusal::{Refusal, Relayed},
    stream::Stream,
    trace::{Ending, Recording},
    upstream,
};

/// What a client asks for, as far as the path tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub protocol: Protocol,
    pub operation: Operation,
    /// Gemini names model and streaming in the path.
    pub path: Option<(String, bool)>,
}

/// Serves one request from its head to the answer's first byte; the answer's body carries on from there.
pub(crate) async fn serve(
    gateway: Arc<Gateway>,
    snapshot: Arc<Snapshot>,
    call: Call,
    parts: Parts,
    body: hyper::body::Incoming,
) -> Response<Body> {
    let mut recording = Recording::start(&gateway, gateway.clock.now(), call.protocol, call.operation);
    let asked = match read(&gateway, &call, parts, body).await {
        Ok(asked) => asked,
        Err(refusal) => return refuse(refusal, call.protocol, recording),
    };
    let route = config::route(&snapshot, asked.head.model.as_deref(), call.protocol, call.operation);
    recording.routed(&route, asked.head.stream);
    if let Some(refusal) = route.refusal.as_ref().map(|refusal| unroutable(&route, refusal)) {
        return refuse(refusal, call.protocol, recording);
    }
    let framing = asked.framing();
    let streamed = asked.head.stream && call.operation == Operation::Generate;
    let first_keep_alive = gateway.timers.keep_alive_first;
    let mut answering: Answering = Box::pin(answer(asked, route, recording));
    if !streamed {
        return answering.await.respond(call.protocol);
    }
    match tokio::time::timeout(first_keep_alive, &mut answering).await {
        Ok(answer) => answer.respond(call.protocol),
        Err(_silence) => open_early(&gateway, call.protocol, framing, answering),
    }
}

/// Reads what routing needs to know; the body's bytes stay as they are.
async fn read(
    gateway: &Gateway,
    call: &Call,
    parts: Parts,
    body: hyper::body::Incoming,
) -> Result<Asked, Refusal> {
    let idle = gateway.timers.request_body_idle;
    let body = intake::read(&parts.headers, body, gateway.sizes.request_body, idle).await?;
    let path = call.path.as_ref().map(|(model, stream)| PathModel { model, stream: *stream });
    let head = Head::read(call.protocol, call.operation, &body, path).map_err(|malformed| {
        Refusal::bad_request(format!("the request body is not a JSON object: {malformed}"))
    })?;
    Ok(Asked { head, body, query: parts.uri.query().map(str::to_owned), headers: parts.headers })
}

/// An answer that is being worked on. It borrows nothing, so that a body can go on with it.
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What a request came to.
enum Answer {
    /// A whole reply, already settled.
    Whole(Stamp, HeaderMap, StatusCode, Bytes),
    /// A body that flows.
    Flowing(Stamp, HeaderMap, StatusCode, Box<Flow>),
    Refused(Stamp, Refusal),
}

/// Tries candidates until one answers or nothing is left to try.
async fn answer(asked: Asked, route: Route, mut recording: Recording) -> Answer {
    let gateway = Arc::clone(recording.gateway());
    let mut progress = Progress::new(gateway.clock.now(), asked.head.stateful);
    loop {
        let held = match admit(&gateway, &route, &mut progress).await {
            Ok(held) => held,
            Err(starved) => {
                recording.excluded(&starved.reasons);
                let refusal = match progress.refusal() {
                    Some(decided) => from_pool(decided.clone(), asked.head.protocol),
                    None => starving(&starved, asked.head.protocol),
                };
                return Answer::refused(refusal, recording);
            }
        };
        let candidate = &route.candidates[held.lease().candidate];
        recording.dispatched(&candidate.channel, held.lease());
        let missed = match attempt(&gateway, &asked, candidate, &held, &mut recording).await {
            Ok(passed) => return deliver(passed, candidate, &route, held, recording),
            Err(missed) => missed,
        };
        let verdict = held.settle_failed(&missed.failure, &route, &mut progress);
        recording.failed(&missed.failure, word(&verdict));
        match verdict {
            Verdict::SameAgain { after } => tokio::time::sleep(after).await,
            Verdict::TryAnother => {}
            Verdict::Refuse(refusal) => {
                let refusal = last_word(refusal, missed, asked.head.protocol);
                return Answer::refused(refusal, recording);
            }
        }
    }
}

/// Gets a lease, waiting in the queue where everything is benched and the soonest recovery is near.
async fn admit(gateway: &Arc<Gateway>, route: &Route, progress: &mut Progress) -> Result<Held, Starved> {
    let try_once = |progress: &mut Progress| {
        let now = gateway.clock.now();
        gateway.pool().admit(now, route, progress).map(|lease| Held::new(lease, Arc::clone(gateway)))
    };
    let mut starved = match try_once(progress) {
        Ok(held) => return Ok(held),
        Err(starved) => starved,
    };
    if starved.worth_waiting().is_none() {
        return Err(starved);
    }
    let Some(_place) = gateway.waiting.enter() else { return Err(starved) };
    let until = gateway.clock.mono() + gateway.timers.queue;
    loop {
        let left = until.saturating_sub(gateway.clock.mono());
        let Some(wait) = starved.worth_waiting().filter(|_| !left.is_zero()) else { return Err(starved) };
        gateway.waiting.turn(wait.min(left)).await;
        match try_once(progress) {
            Ok(held) => return Ok(held),
            Err(again) => starved = again,
        }
    }
}

/// An attempt that did not come to an answer.
struct Missed {
    failure: Failure,
    /// The upstream's refusal as it came, for a client that may see it.
    relayed: Option<(StatusCode, Relayed)>,
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Missed {
        Missed { failure, relayed: None }
    }
}

/// An answer whose first content has been seen.
enum Passed {
    Whole(StatusCode, HeaderMap, Bytes, WholeSeen, Duration),
    Flowing(StatusCode, HeaderMap, Opened),
}

/// A body past its gate.
enum Opened {
    Stream(Box<Stream>, VecDeque<Bytes>, Inflow, Duration),
    Large(Vec<Bytes>, Inflow),
}

/// One attempt: composed, sent, judged, and held until its first content.
async fn attempt(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    candidate: &Candidate,
    held: &Held,
    recording: &mut Recording,
) -> Result<Passed, Missed> {
    let head = &asked.head;
    let began = recording.elapsed();
    let key = &candidate.channel.keys[held.lease().key_index];
    let outgoing = compose::request(candidate, key, asked).map_err(|_unusable| unusable_key())?;
    let usage_is_ours = outgoing.usage_is_ours;
    let patience = patience(gateway, candidate, head, held.lease());
    let sizes = &gateway.sizes;
    let reply = gateway.upstream.send(&candidate.channel.hop, outgoing, patience.headers, sizes).await?;
    let (status, reply_headers, mut inflow) = (reply.status, reply.headers, reply.inflow);
    recording.headers(status.as_u16());
    if !status.is_success() {
        return Err(
            refused(gateway, candidate.protocol, head.operation, status, &reply_headers, inflow).await
        );
    }
    let passing = headers::to_client(&reply_headers);
    let spent = recording.elapsed().saturating_sub(began);
    if head.stream && head.operation == Operation::Generate {
        let mut stream =
            Box::new(Stream::new(candidate.protocol, asked.framing(), usage_is_ours, sizes.event));
        let within = patience.content_after(spent);
        return match delivery::gate(&mut stream, &mut inflow, status.as_u16(), within, sizes).await {
            Ok(out) => {
                let first_content = note_first_content(gateway, held, recording, began);
                Ok(Passed::Flowing(status, passing, Opened::Stream(stream, out, inflow, first_content)))
            }
            Err(fault) => Err(missed(gateway, candidate.protocol, head.operation, fault)),
        };
    }
    let within = patience.total.saturating_sub(spent);
    match delivery::hold(candidate.protocol, head.operation, status.as_u16(), inflow, within, sizes).await {
        Ok(Whole::Checked(body, seen)) => {
            let took = note_first_content(gateway, held, recording, began);
            Ok(Passed::Whole(status, passing, body, seen, took))
        }
        Ok(Whole::Large(parts, inflow)) => {
            note_first_content(gateway, held, recording, began);
            Ok(Passed::Flowing(status, passing, Opened::Large(parts, inflow)))
        }
        Err(fault) => Err(missed(gateway, candidate.protocol, head.operation, fault)),
    }
}

/// Tells trace and pool that content has come; returns how long it took from dispatch.
fn note_first_content(
    gateway: &Gateway,
    held: &Held,
    recording: &mut Recording,
    began: Duration,
) -> Duration {
    recording.first_content();
    let took = recording.elapsed().saturating_sub(began);
    gateway.pool().first_content(gateway.clock.now(), held.lease(), took);
    took
}

/// How long this attempt may take: shorter where another channel could answer instead.
fn patience(gateway: &Gateway, candidate: &Candidate, head: &Head, lease: &Lease) -> Patience {
    let timers = &gateway.timers;
    if let Some(timeout) = candidate.channel.timeout {
        return Patience { headers: timeout, content: timeout, total: timeout };
    }
    let total = timers.whole_total;
    if lease.alone || candidate.channel.local {
        return Patience { headers: timers.headers_alone, content: timers.headers_alone, total };
    }
    if head.reasoning {
        let headers = if head.stream { timers.headers_reasoning } else { timers.headers_whole };
        return Patience { headers, content: timers.headers_reasoning, total };
    }
    let whole = head.operation == Operation::Generate && !head.stream;
    let headers = if whole { timers.headers_whole } else { timers.headers };
    let usual = if head.stream { gateway.pool().first_content_p95(lease) } else { None };
    let content = timers.first_content.max(usual.unwrap_or_default() * 3);
    Patience { headers, content, total }
}

impl Patience {
    /// What is left for the first content once the headers have come; a channel's own timeout covers both.
    fn content_after(&self, spent: Duration) -> Duration {
        if self.headers == self.total { self.total.saturating_sub(spent) } else { self.content }
    }
}

impl Asked {
    /// Gemini streams are events with `alt=sse` and one JSON array without.
    pub(crate) fn framing(&self) -> Framing {
        let events =
            self.query.as_deref().is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
        match self.head.protocol {
            Protocol::Gemini if !events => Framing::JsonArray,
            Protocol::Gemini | Protocol::Chat | Protocol::Responses | Protocol::Messages => Framing::Sse,
        }
    }
}

/// An answer with a status that is no success.
async fn refused(
    gateway: &Gateway,
    protocol: Protocol,
    operation: Operation,
    status: StatusCode,
    reply_headers: &HeaderMap,
    mut inflow: Inflow,
) -> Missed {
    let reading = delivery::rest(Vec::new(), &mut inflow, gateway.sizes.error_body);
    let body = tokio::time::timeout(gateway.timers.headers, reading).await.unwrap_or_default();
    let header = |name: &str| reply_headers.get(name).and_then(|value| value.to_str().ok());
    let now = gateway.clock.now();
    let failure = pool::judge(protocol, operation, status.as_u16(), &header, &body, now)
        .unwrap_or_else(|| upstream::malformed(status.as_u16(), format!("the upstream answered {status}")));
    let relayed = Relayed { headers: headers::to_client(reply_headers), body };
    Missed { failure, relayed: Some((status, relayed)) }
}

/// A success status that held no answer.
fn missed(gateway: &Gateway, protocol: Protocol, operation: Operation, fault: Fault) -> Missed {
    match fault {
        Fault::Failed(failure) => failure.into(),
        Fault::Said(said) => {
            let mut failure = pool::judge_reply_failure(protocol, operation, &said, gateway.clock.now());
            failure.phase = failure.phase.min(Phase::P3);
            failure.into()
        }
    }
}

fn unusable_key() -> Missed {
    let message = "the channel's key holds characters that no header can carry";
    Failure::new(pool::Class::Credential, Phase::P0, message).into()
}

/// Hands an answer over to the client, with everything that says where it came from.
fn deliver(
    passed: Passed,
    candidate: &Candidate,
    route: &Route,
    held: Held,
    mut recording: Recording,
) -> Answer {
    let mut stamp = Stamp::of(&recording);
    stamp.served(candidate, route);
    match passed {
        Passed::Whole(status, headers, body, seen, took) => {
            held.settle(Outcome::Served { first_content: Some(took), usage: seen.usage });
            recording.usage(seen.usage);
            recording.finish(Ending::Done, status.as_u16());
            Answer::Whole(stamp, headers, status, body)
        }
        Passed::Flowing(status, headers, Opened::Stream(stream, out, inflow, first_content)) => {
            let flow = Flow::stream(*stream, out, inflow, held, recording, first_content);
            Answer::Flowing(stamp, headers, status, Box::new(flow))
        }
        Passed::Flowing(status, headers, Opened::Large(parts, inflow)) => {
            Answer::Flowing(stamp, headers, status, Box::new(Flow::whole(parts, inflow, held, recording)))
        }
    }
}

/// The answer's own headers: request id, channel, model, attempts, and a note where the model was not known.
struct Stamp(HeaderMap);

impl Stamp {
    fn of(recording: &Recording) -> Stamp {
        let mut headers = HeaderMap::with_capacity(16);
        let id = HeaderValue::try_from(recording.id().simple().to_string()).expect("an id is visible ASCII");
        headers.insert(HeaderName::from_static("x-sluice-request-id"), id);
        headers.insert(HeaderName::from_static("x-sluice-attempts"), HeaderValue::from(recording.attempts()));
        Stamp(headers)
    }

    fn served(&mut self, candidate: &Candidate, route: &Route) {
        let headers = &mut self.0;
        headers
            .insert(HeaderName::from_static("x-sluice-channel"), headers::visible(&candidate.channel.name));
        headers.insert(HeaderName::from_static("x-sluice-model"), headers::visible(&candidate.model));
        if route.rule.served_by_default() {
            headers.insert(HeaderName::from_static("x-sluice-note"), UNKNOWN_MODEL);
        }
    }

    fn put_on(self, response: &mut Response<Body>) {
        response.headers_mut().extend(self.0);
    }
}

const UNKNOWN_MODEL: HeaderValue = HeaderValue::from_static("unknown-model-served-by-default");

impl Answer {
    fn refused(refusal: Refusal, mut recording: Recording) -> Answer {
        recording.refused(&refusal.message);
        let stamp = Stamp::of(&recording);
        recording.finish(Ending::Error, refusal.status.as_u16());
        Answer::Refused(stamp, refusal)
    }

    fn respond(self, protocol: Protocol) -> Response<Body> {
        match self {
            Answer::Whole(stamp, headers, status, body) => respond(stamp, headers, status, Body::from(body)),
            Answer::Flowing(stamp, headers, status, flow) => {
                let mut response = respond(stamp, headers, status, Body::from_stream(flow.into_stream()));
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                response
            }
            Answer::Refused(stamp, refusal) => {
                let mut response = refusal.render(protocol);
                stamp.put_on(&mut response);
                response
            }
        }
    }
}

fn respond(stamp: Stamp, headers: HeaderMap, status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    stamp.put_on(&mut response);
    response
}

/// Refuses a request before any channel was asked.
fn refuse(refusal: Refusal, protocol: Protocol, recording: Recording) -> Response<Body> {
    Answer::refused(refusal, recording).respond(protocol)
}

/// Opens the answer before anybody has answered: some clients give up on headers that take a minute. What
/// follows until the first content commits nothing, so that every candidate can still be tried.
fn open_early(
    gateway: &Arc<Gateway>,
    protocol: Protocol,
    framing: Framing,
    answering: Answering,
) -> Response<Body> {
    let every = gateway.timers.keep_alive;
    let first = Bytes::from_static(errors::keep_alive(protocol, framing, false));
    let opening = Opening::Waiting(answering);
    let body = stream::unfold(opening, move |opening| async move {
        match opening {
            Opening::Waiting(mut answering) => match tokio::time::timeout(every, &mut answering).await {
                Err(_silence) => {
                    let bytes = Bytes::from_static(errors::keep_alive(protocol, framing, false));
                    Some((Ok(bytes), Opening::Waiting(answering)))
                }
                Ok(Answer::Flowing(_, _, _, mut flow)) => {
                    flow.next().await.map(|item| (item, Opening::Flowing(flow)))
                }
                Ok(Answer::Whole(_, _, _, body)) => Some((Ok(body), Opening::Ended)),
                Ok(Answer::Refused(_, refusal)) => {
                    let event = delivery::opened_in_vain(protocol, framing, &refusal.error_body());
                    let after = if protocol == Protocol::Gemini { Opening::Ended } else { Opening::Abort };
                    Some((Ok(event), after))
                }
            },
            Opening::Flowing(mut flow) => flow.next().await.map(|item| (item, Opening::Flowing(flow))),
            Opening::Abort => {
                tokio::task::yield_now().await;
                Some((Err(Aborted), Opening::Ended))
            }
            Opening::Ended => None,
        }
    });
    let body = stream::iter([Ok(first)])
        .chain(body)
        .filter(|item| std::future::ready(!matches!(item, Ok(bytes) if bytes.is_empty())));
    let mut response = Response::new(Body::from_stream(body));
    let kind = match framing {
        Framing::Sse => "text/event-stream",
        Framing::JsonArray => "application/json",
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A body that was opened before its answer.
enum Opening {
    Waiting(Answering),
    Flowing(Box<Flow>),
    Abort,
    Ended,
}

/// The refusal for a name that leads nowhere.
fn unroutable(route: &Route, refusal: &RouteRefusal) -> Refusal {
    match refusal {
        RouteRefusal::UnknownModel { close } => {
            let hint =
                if close.is_empty() { String::new() } else { format!("; close: {}", close.join(", ")) };
            let message = format!("no channel serves the model {:?}{hint}", route.asked);
            Refusal::new(StatusCode::NOT_FOUND, Kind::NotFound, message).code("model_not_found")
        }
    }
}

/// The refusal where no channel may be tried now: each with its reason.
fn starving(starved: &Starved, protocol: Protocol) -> Refusal {
    let what = match starved.refusal {
        StarvedKind::AllLimited => "every channel that could answer is at its limit",
        StarvedKind::AllBenched => "every channel that could answer is benched",
        StarvedKind::ModelUnavailable => "no channel serves this model now",
        StarvedKind::NoneCanEver => "no channel can answer this request",
        StarvedKind::Offline => "this machine seems to be offline",
        StarvedKind::BudgetSpent => "nothing is left to try",
    };
    let reasons: Vec<String> =
        starved.reasons.iter().map(|(channel, reason)| format!("{channel}: {reason}")).collect();
    let message = if reasons.is_empty() {
        format!("{what}: no channel is configured")
    } else {
        format!("{what}: {}", reasons.join("; "))
    };
    let status = StatusCode::from_u16(starved.status(protocol)).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    Refusal {
        retry_after_s: starved.retry_after_s(),
        should_retry: Some(starved.should_retry()),
        ..Refusal::new(status, starved.kind(), message)
    }
}

fn from_pool(refusal: pool::Refusal, protocol: Protocol) -> Refusal {
    Refusal {
        status: StatusCode::from_u16(refusal.status_for(protocol)).unwrap_or(StatusCode::BAD_GATEWAY),
        kind: refusal.kind,
        code: refusal.code,
        retry_after_s: refusal.retry_after_s(),
        should_retry: Some(refusal.should_retry),
        message: refusal.message,
        relayed: None,
    }
}

/// The refusal after the last attempt: the upstream's own words where the table says so and it sent some.
fn last_word(refusal: pool::Refusal, missed: Missed, protocol: Protocol) -> Refusal {
    let relay = refusal.relay;
    let mut own = from_pool(refusal, protocol);
    match (relay, missed.relayed) {
        (Relay::Verbatim, Some((status, relayed))) => {
            own.status = status;
            own.should_retry = None;
            own.relayed = Some(Box::new(relayed));
            own
        }
        (Relay::Verbatim | Relay::Own, _) => own,
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::SameAgain { .. } => "same channel again",
        Verdict::TryAnother => "try another",
        Verdict::Refuse(_) => "refuse",
    }
}
