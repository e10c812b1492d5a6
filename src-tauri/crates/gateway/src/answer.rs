//! What a client gets: a whole reply, a body that flows, or a refusal, each with the headers that explain it.

use std::{pin::Pin, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use config::{Candidate, Route};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use pool::Outcome;
use uuid::Uuid;
use wire::{Protocol, errors, frames::Framing, note::Note};

use crate::{
    attempt::{Opened, Passed},
    counting::{CountSource, Counted},
    delivery,
    flow::{Aborted, Flow, LAST_WORDS},
    gateway::Gateway,
    headers,
    held::Held,
    refusal::Refusal,
    trace::{Ending, Recording},
};

/// An answer that is being worked on. It borrows nothing, so that a body can go on with it.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What a request came to.
pub(crate) enum Answer {
    /// A whole reply, already settled.
    Whole(Stamp, HeaderMap, StatusCode, Bytes),
    /// A body that flows.
    Flowing(Stamp, HeaderMap, StatusCode, Box<Flow>),
    Refused(Stamp, Refusal),
}

/// Hands an answer over to the client, with everything that says where it came from.
pub(crate) fn deliver(
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
            let channel = Arc::clone(&candidate.channel);
            let flow = Flow::stream(*stream, out, inflow, held, recording, first_content, channel);
            Answer::Flowing(stamp, headers, status, Box::new(flow))
        }
        Passed::Flowing(status, headers, Opened::Passing(inflow)) => {
            let flow = Flow::passing(inflow, held, recording, candidate.protocol);
            Answer::Flowing(stamp, headers, status, Box::new(flow))
        }
        Passed::Flowing(status, headers, Opened::Large(parts, inflow, left)) => {
            let flow = Flow::whole(parts, inflow, left, held, recording, candidate.protocol);
            Answer::Flowing(stamp, headers, status, Box::new(flow))
        }
    }
}

/// The answer's own headers: request id, channel, model, attempts, and a note where the model was not known.
pub(crate) struct Stamp {
    id: HeaderValue,
    attempts: usize,
    /// Channel and model, where one answered.
    served: Option<(HeaderValue, HeaderValue)>,
    /// What translation left out or said in another way.
    dropped: Option<HeaderValue>,
    by_default: bool,
}

impl Stamp {
    fn of(recording: &Recording) -> Stamp {
        Stamp {
            id: id_value(recording.id()),
            attempts: recording.attempts(),
            served: None,
            dropped: dropped(recording.notes()),
            by_default: false,
        }
    }

    fn served(&mut self, candidate: &Candidate, route: &Route) {
        self.served = Some((headers::visible(&candidate.channel.name), headers::visible(&candidate.model)));
        self.by_default = route.rule.served_by_default();
    }

    fn put_on(self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.id);
        headers.insert(HeaderName::from_static("x-sluice-attempts"), HeaderValue::from(self.attempts));
        if let Some((channel, model)) = self.served {
            headers.insert(HeaderName::from_static("x-sluice-channel"), channel);
            if !model.is_empty() {
                headers.insert(HeaderName::from_static("x-sluice-model"), model);
            }
        }
        if let Some(dropped) = self.dropped {
            headers.insert(HeaderName::from_static("x-sluice-dropped"), dropped);
        }
        if self.by_default {
            headers.insert(HeaderName::from_static("x-sluice-note"), UNKNOWN_MODEL);
        }
    }
}

/// How long the list of what translation dropped may be.
const DROPPED_BYTES_MAX: usize = 1024;

/// Lists what translation left out or said in another way, as far as there is room.
fn dropped(notes: &[Note]) -> Option<HeaderValue> {
    let mut list = String::new();
    for note in notes {
        let item = note.to_string();
        if list.len() + item.len() + 1 > DROPPED_BYTES_MAX {
            break;
        }
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(&item);
    }
    (!list.is_empty()).then(|| headers::visible(&list))
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-sluice-request-id");

fn id_value(id: Uuid) -> HeaderValue {
    HeaderValue::try_from(id.simple().to_string()).expect("an id is visible ASCII")
}

/// Who says how many tokens a request has.
const COUNT: HeaderName = HeaderName::from_static("x-sluice-count");

const UNKNOWN_MODEL: HeaderValue = HeaderValue::from_static("unknown-model-served-by-default");

impl Answer {
    /// A count of tokens. The channel is named where it counted.
    pub(crate) fn counted(counted: Counted, route: &Route, mut recording: Recording) -> Answer {
        let Counted { count, mut headers, body } = counted;
        let mut stamp = Stamp::of(&recording);
        match route.candidates.first().filter(|_| count.source == CountSource::Exact) {
            Some(candidate) => stamp.served(candidate, route),
            None => stamp.by_default = route.rule.served_by_default(),
        }
        headers.insert(COUNT, HeaderValue::from_static(count.source.word()));
        recording.counted(count);
        recording.finish(Ending::Done, StatusCode::OK.as_u16());
        Answer::Whole(stamp, headers, StatusCode::OK, body)
    }

    pub(crate) fn refused(mut refusal: Refusal, mut recording: Recording) -> Answer {
        recording.refused(&refusal.message);
        refusal.request_id = Some(recording.id().simple().to_string());
        let stamp = Stamp::of(&recording);
        recording.finish(Ending::Error, refusal.status.as_u16());
        Answer::Refused(stamp, refusal)
    }

    pub(crate) fn respond(self, protocol: Protocol) -> Response<Body> {
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

/// Opens the answer before anybody has answered: some clients give up on headers that take a minute. What
/// follows until the first content commits nothing, so that every candidate can still be tried.
pub(crate) fn open_early(
    gateway: &Arc<Gateway>,
    id: Uuid,
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
                tokio::time::sleep(LAST_WORDS).await;
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
    response.headers_mut().insert(REQUEST_ID, id_value(id));
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
