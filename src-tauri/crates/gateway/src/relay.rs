//! One request's life: read, routed, tried until somebody answers, delivered.

use std::sync::Arc;

use axum::body::Body;
use config::{Route, Snapshot};
use http::{Response, StatusCode, request::Parts};
use pool::{Progress, Starved, Verdict};
use wire::{
    Operation, Protocol,
    errors::Kind,
    head::{Head, PathModel},
};

use crate::{
    answer::{self, Answer, Answering},
    attempt::{self, Passed},
    compose::Asked,
    counting,
    gateway::Gateway,
    held::Held,
    intake,
    native::{self, Errand},
    refusal::{self, Refusal},
    trace::Recording,
};

/// What a client asks for, as far as the path tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub protocol: Protocol,
    pub operation: Operation,
    /// Gemini names model and streaming in the path.
    pub path: Option<(String, bool)>,
    /// What a native operation is about.
    pub errand: Option<Errand>,
}

/// Serves one request from its head to the answer's first byte; the answer's body carries on from there.
pub(crate) async fn serve(
    gateway: Arc<Gateway>,
    snapshot: Arc<Snapshot>,
    call: Call,
    client: Option<Arc<str>>,
    parts: Parts,
    body: hyper::body::Incoming,
) -> Response<Body> {
    let mut recording = Recording::start(&gateway, gateway.clock.now(), &call, client);
    if gateway.is_paused() {
        return Answer::refused(paused(), recording).respond(call.protocol);
    }
    let asked = match read(&gateway, &call, parts, body).await {
        Ok(asked) => asked,
        Err(refusal) => return Answer::refused(refusal, recording).respond(call.protocol),
    };
    let catalog = gateway.catalog();
    let model = asked.head.model.as_deref();
    let mut route = config::route(&snapshot, &catalog, model, call.protocol, call.operation);
    native::go_home(&gateway, &asked, &mut route);
    recording.routed(&route, asked.head.stream);
    if let Some(refusal) = refusal::unroutable(&route) {
        return Answer::refused(refusal, recording).respond(call.protocol);
    }
    let framing = asked.framing();
    let streamed = asked.head.stream && call.operation.is_answer();
    let first_keep_alive = gateway.timers.keep_alive_first;
    let id = recording.id();
    let mut answering: Answering = match call.operation {
        Operation::CountTokens => Box::pin(counting::answer(asked, route, recording)),
        Operation::Generate
        | Operation::Complete
        | Operation::Embed
        | Operation::BatchEmbed
        | Operation::Native(_) => Box::pin(answer(asked, route, recording)),
    };
    if !streamed {
        return answering.await.respond(call.protocol);
    }
    match tokio::time::timeout(first_keep_alive, &mut answering).await {
        Ok(answer) => answer.respond(call.protocol),
        Err(_silence) => answer::open_early(&gateway, id, call.protocol, framing, answering),
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
    let mut errand = call.errand.clone();
    let head = match (call.operation, &mut errand) {
        (Operation::Native(native), Some(errand)) => {
            errand.head(call.protocol, native, &parts.headers, &body)?
        }
        (_, _) => {
            let path = call.path.as_ref().map(|(model, stream)| PathModel { model, stream: *stream });
            Head::read(call.protocol, call.operation, &body, path).map_err(|malformed| {
                Refusal::bad_request(format!("the request body is not a JSON object: {malformed}"))
            })?
        }
    };
    let name_bytes = head.model.as_ref().map_or(0, String::len);
    if name_bytes > gateway.sizes.model_name {
        return Err(Refusal::bad_request(format!("a model's name of {name_bytes} bytes is too long")));
    }
    Ok(Asked { head, body, query: parts.uri.query().map(str::to_owned), headers: parts.headers, errand })
}

/// Tries candidates until one answers, nothing is left to try, or the gateway stops.
async fn answer(asked: Asked, route: Route, mut recording: Recording) -> Answer {
    let gateway = Arc::clone(recording.gateway());
    let found = tokio::select! {
        biased;
        found = find(&gateway, &asked, &route, &mut recording) => found,
        () = gateway.closing.cancelled() => Err(stopping()),
    };
    match found {
        Ok((passed, held)) => {
            let candidate = &route.candidates[held.lease().candidate];
            recording.sample(&asked, candidate);
            answer::deliver(passed, candidate, &route, held, recording)
        }
        Err(refusal) => Answer::refused(refusal, recording),
    }
}

/// The loop over attempts. The pool decides who is asked and what a failure means.
async fn find(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    route: &Route,
    recording: &mut Recording,
) -> Result<(Passed, Held), Refusal> {
    let protocol = asked.head.protocol;
    let mut progress = Progress::new(gateway.clock.now(), asked.head.stateful);
    loop {
        let held = match admit(gateway, route, &mut progress).await {
            Ok(held) => held,
            Err(starved) => {
                recording.excluded(&starved.candidates);
                return Err(match progress.refusal() {
                    Some(decided) => refusal::decided(decided.clone(), protocol),
                    None => refusal::starving(&starved, protocol),
                });
            }
        };
        let candidate = &route.candidates[held.lease().candidate];
        recording.dispatched(candidate, held.lease());
        let missed = match attempt::run(gateway, asked, candidate, &held, recording).await {
            Ok(passed) => return Ok((passed, held)),
            Err(missed) => missed,
        };
        let verdict = held.settle_failed(&missed.failure, route, &mut progress);
        recording.failed(&missed.failure, word(&verdict));
        match verdict {
            Verdict::SameAgain { after } => tokio::time::sleep(after).await,
            Verdict::TryAnother => {}
            Verdict::Refuse(refusal) => {
                let refusal = refusal::of_operation(refusal, asked.head.operation);
                return Err(refusal::last_word(refusal, missed.relayed, protocol));
            }
        }
    }
}

/// Gets a lease, waiting in the queue where everything is benched and the soonest recovery is near.
async fn admit(gateway: &Arc<Gateway>, route: &Route, progress: &mut Progress) -> Result<Held, Starved> {
    let mut ask = || {
        let now = gateway.clock.now();
        gateway.pool().admit(now, route, progress).map(|lease| Held::new(lease, Arc::clone(gateway)))
    };
    let mut starved = None;
    if !gateway.waiting.has_line(&route.asked) {
        match ask() {
            Ok(held) => return Ok(held),
            Err(refused) if refused.worth_waiting().is_none() => return Err(refused),
            Err(refused) => starved = Some(refused),
        }
    }
    match (gateway.waiting.enter(&route.asked), starved) {
        (Some(place), _) => place.ask(gateway.timers.queue, ask, Starved::worth_waiting).await,
        (None, Some(starved)) => Err(starved),
        (None, None) => ask(),
    }
}

/// Told while a person has paused the gateway.
fn paused() -> Refusal {
    let message = "Sluice is paused; resume it from its tray icon, its window or with `sluice resume`";
    let mut refusal =
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Kind::Unavailable, message).code("paused");
    refusal.retry_after_s = Some(5);
    refusal
}

fn stopping() -> Refusal {
    let message = "the gateway is stopping; ask again in a moment";
    let mut refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Kind::Unavailable, message);
    refusal.retry_after_s = Some(1);
    refusal
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::SameAgain { .. } => "same channel again",
        Verdict::TryAnother => "try another",
        Verdict::Refuse(_) => "refuse",
    }
}
