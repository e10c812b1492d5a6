//! From a request and what the script says to the bytes of a response. Pure.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::endpoint::{Endpoint, Verb};
use crate::frame::{Frame, Framing, Part};
use crate::notes::Mint;
use crate::playback::End;
use crate::question::{Question, tokens_of};
use crate::reply::Reply;
use crate::script::{Fault, Then};
use crate::{chat, embeddings, gemini, messages, models, refusal, responses};

/// A response, ready to be played.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub pieces: Vec<Bytes>,
    pub end: End,
}

/// A request, as far as answering it needs.
pub(crate) struct Request<'a> {
    pub endpoint: &'a Endpoint,
    pub path: &'a str,
    pub query: Option<&'a str>,
    pub headers: &'a HeaderMap,
    pub body: &'a Value,
    /// The credential presented.
    pub key: Option<&'a str>,
    /// Counts the simulator's requests; answers' ids are made of it.
    pub number: u64,
}

/// Who answers.
pub(crate) struct Speaker<'a> {
    pub name: &'a str,
    pub models: &'a [String],
}

const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
const JSON: &str = "application/json";
const PAGE: &str = "<!doctype html><html><body><h1>Please sign in to the network</h1></body></html>\n";

/// Answers a request the way the script says; `HangUp` and `Silence` are the server's business.
pub(crate) fn answer(request: &Request<'_>, then: &Then, speaker: &Speaker<'_>) -> Answer {
    let mut answer = match scripted(request, then) {
        Some(answer) => answer,
        None => proper(request, then, speaker),
    };
    for (name, value) in &then.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            tracing::warn!(name, "the script's header is not one that HTTP allows");
            continue;
        };
        answer.headers.insert(name, value);
    }
    answer
}

/// Refuses a request that breaks a rule of its provider; `code` is a word for programs, which `OpenAI` has for some.
pub(crate) fn refused(request: &Request<'_>, broken: &str, code: Option<&str>) -> Answer {
    let mut body = refusal::body(request.endpoint.dialect(), 400, broken);
    if let Some(code) = code {
        body["error"]["code"] = code.into();
    }
    Answer::whole(StatusCode::BAD_REQUEST, JSON, body.to_string())
}

/// Answers that do not depend on what was asked.
fn scripted(request: &Request<'_>, then: &Then) -> Option<Answer> {
    let status = then.status.and_then(|status| StatusCode::from_u16(status).ok());
    if let Some(body) = &then.body {
        let bytes = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        return Some(Answer::whole(status.unwrap_or(StatusCode::OK), JSON, bytes));
    }
    if let Some(status) = status.filter(|status| !status.is_success()) {
        return Some(refuse(request, status, &refusal::message(status.as_u16())));
    }
    match then.fault? {
        Fault::Html => Some(Answer::whole(StatusCode::OK, "text/html", PAGE)),
        Fault::Empty => Some(Answer::whole(StatusCode::OK, JSON, "")),
        Fault::Redirect => {
            let mut answer = Answer::whole(StatusCode::FOUND, "text/html", "");
            answer.headers.insert(header::LOCATION, HeaderValue::from_static("http://127.0.0.1:9/elsewhere"));
            Some(answer)
        }
        Fault::HeadThenSilence => Some(Answer {
            headers: content_type(EVENT_STREAM),
            end: End::Silence,
            pieces: Vec::new(),
            status: StatusCode::OK,
        }),
        Fault::HangUp
        | Fault::Silence
        | Fault::CutAfterEvents(_)
        | Fault::StallAfterEvents(_)
        | Fault::ErrorEvent(_)
        | Fault::MalformedEvent(_)
        | Fault::Malformed
        | Fault::NoTerminal
        | Fault::PreambleThenSilence => None,
    }
}

fn proper(request: &Request<'_>, then: &Then, speaker: &Speaker<'_>) -> Answer {
    let body = request.body;
    let ok = |value: &Value| whole(value, request, then.fault);
    match request.endpoint {
        Endpoint::Chat => generate(&Question::of_chat(body), request, then, speaker),
        Endpoint::Responses => generate(&Question::of_responses(body), request, then, speaker),
        Endpoint::Messages => generate(&Question::of_messages(body), request, then, speaker),
        Endpoint::CountTokens => ok(&serde_json::json!({"input_tokens": tokens_of(body)})),
        Endpoint::InputTokens => {
            ok(&serde_json::json!({"object": "response.input_tokens", "input_tokens": tokens_of(body)}))
        }
        Endpoint::Embeddings => ok(&embeddings::openai(body)),
        Endpoint::Gemini { model, verb } => match verb {
            Verb::Generate => generate(&Question::of_gemini(body, model, false), request, then, speaker),
            Verb::Stream => generate(&Question::of_gemini(body, model, true), request, then, speaker),
            Verb::Count => ok(&serde_json::json!({"totalTokens": tokens_of(body)})),
            Verb::Embed => ok(&embeddings::gemini(body)),
            Verb::BatchEmbed => ok(&embeddings::gemini_batch(body)),
        },
        Endpoint::Models => {
            let shape = models::Shape::of(request.path, request.query, request.headers);
            ok(&models::list(shape, speaker.models))
        }
        Endpoint::Model(name) => {
            let shape = models::Shape::of(request.path, request.query, request.headers);
            ok(&models::one(shape, name))
        }
        Endpoint::Unknown => refuse(request, StatusCode::NOT_FOUND, "the simulator has no such operation"),
    }
}

fn generate(question: &Question, request: &Request<'_>, then: &Then, speaker: &Speaker<'_>) -> Answer {
    let mint = Mint::of(question.dialect, &question.model, speaker.name, request.key);
    let reply = Reply::to(question, then, speaker.name, mint, request.number);
    if question.stream {
        return stream(question, &reply, request, then.fault);
    }
    let body = match request.endpoint.dialect() {
        crate::endpoint::Dialect::Chat => chat::whole(question, &reply),
        crate::endpoint::Dialect::Responses => responses::whole(&reply),
        crate::endpoint::Dialect::Messages => messages::whole(question, &reply),
        crate::endpoint::Dialect::Gemini => gemini::whole(question, &reply),
    };
    whole(&body, request, then.fault)
}

fn stream(question: &Question, reply: &Reply, request: &Request<'_>, fault: Option<Fault>) -> Answer {
    let (mut frames, framing) = match question.dialect {
        crate::endpoint::Dialect::Chat => (chat::stream(question, reply), Framing::Sse),
        crate::endpoint::Dialect::Responses => (responses::stream(reply), Framing::Sse),
        crate::endpoint::Dialect::Messages => (messages::stream(question, reply), Framing::Sse),
        crate::endpoint::Dialect::Gemini => (gemini::stream(question, reply), gemini_framing(request.query)),
    };
    let cut_at = break_frames(&mut frames, fault, question.dialect);
    let mut pieces = framing.encode(&frames);
    let end = match cut_at {
        Some((events, end)) => {
            pieces.truncate(events);
            end
        }
        None => End::Clean,
    };
    let kind = match framing {
        Framing::Sse => EVENT_STREAM,
        Framing::Array => JSON,
    };
    Answer { status: StatusCode::OK, headers: content_type(kind), pieces, end }
}

/// Changes the events as the fault says; returns after how many of them the stream breaks off, and how.
fn break_frames(
    frames: &mut Vec<Frame>,
    fault: Option<Fault>,
    dialect: crate::endpoint::Dialect,
) -> Option<(usize, End)> {
    match fault? {
        Fault::CutAfterEvents(events) => Some((events, End::Cut)),
        Fault::StallAfterEvents(events) => Some((events, End::Silence)),
        Fault::PreambleThenSilence => {
            let preamble = frames.iter().take_while(|frame| frame.part == Part::Preamble).count();
            Some((preamble, End::Silence))
        }
        Fault::ErrorEvent(events) => {
            frames.truncate(events);
            frames.push(refusal::event(dialect));
            None
        }
        Fault::MalformedEvent(events) => {
            let broken = Frame { name: None, data: "{\"broken\": ".to_owned(), part: Part::Content };
            frames.insert(events.min(frames.len()), broken);
            None
        }
        Fault::NoTerminal => {
            frames.retain(|frame| frame.part != Part::Ending);
            None
        }
        Fault::Malformed => {
            for frame in frames {
                frame.data.truncate(frame.data.floor_char_boundary(frame.data.len() / 2));
            }
            None
        }
        Fault::HangUp
        | Fault::Silence
        | Fault::HeadThenSilence
        | Fault::Html
        | Fault::Empty
        | Fault::Redirect => None,
    }
}

/// A JSON reply, broken as far as the fault applies to one.
fn whole(body: &Value, request: &Request<'_>, fault: Option<Fault>) -> Answer {
    let text = body.to_string();
    let half = text.floor_char_boundary(text.len() / 2);
    match fault {
        Some(Fault::Malformed | Fault::MalformedEvent(_)) => {
            Answer::whole(StatusCode::OK, JSON, text[..half].to_owned())
        }
        Some(Fault::ErrorEvent(_)) => {
            let error = refusal::body(request.endpoint.dialect(), 503, "simulated overload");
            Answer::whole(StatusCode::OK, JSON, error.to_string())
        }
        Some(Fault::CutAfterEvents(_)) => Answer::partial(&text, half, End::Cut),
        Some(Fault::StallAfterEvents(_)) => Answer::partial(&text, half, End::Silence),
        Some(Fault::PreambleThenSilence) => Answer::partial(&text, 0, End::Silence),
        Some(
            Fault::HangUp
            | Fault::Silence
            | Fault::HeadThenSilence
            | Fault::Html
            | Fault::Empty
            | Fault::NoTerminal
            | Fault::Redirect,
        )
        | None => Answer::whole(StatusCode::OK, JSON, text),
    }
}

fn refuse(request: &Request<'_>, status: StatusCode, message: &str) -> Answer {
    let body = refusal::body(request.endpoint.dialect(), status.as_u16(), message);
    Answer::whole(status, JSON, body.to_string())
}

fn gemini_framing(query: Option<&str>) -> Framing {
    let sse = query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"));
    if sse { Framing::Sse } else { Framing::Array }
}

fn content_type(kind: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))])
}

impl Answer {
    pub(crate) fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let mut headers = content_type(kind);
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        let pieces = if body.is_empty() { Vec::new() } else { vec![body] };
        Self { status, headers, pieces, end: End::Clean }
    }

    /// Promises the whole text and sends a part of it.
    fn partial(text: &str, sent: usize, end: End) -> Self {
        let whole = Self::whole(StatusCode::OK, JSON, text.to_owned());
        Self { pieces: vec![Bytes::copy_from_slice(&text.as_bytes()[..sent])], end, ..whole }
    }
}
