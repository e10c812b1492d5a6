//! Operations that only the client's own protocol has words for: images, speech, files. The client's bytes go to a channel
//! that speaks the protocol, below its base URL, and the answer's bytes come back as they flow.
//!
//! Once a byte of such a request was sent it is never sent again, but for those that only read: nobody knows what a second
//! one would make or cost. What an upstream made it keeps under an id that no other account knows, so requests that name
//! such an id go where it was made (see [`Objects`](crate::objects::Objects)).

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use config::{Candidate, Channel, Route};
use http::{HeaderMap, Method, header};
use pool::Lease;
use serde::Deserialize;
use wire::{
    Native, Operation, Protocol,
    head::Head,
    multipart,
    note::Notes,
    quirks::Quirks,
    splice::{self, Change},
};

use crate::{
    attempt::{self, Missed, Opened, Passed},
    compose::{self, Asked, Uncomposable},
    delivery::{self, Accepts, Whole},
    gateway::Gateway,
    headers,
    held::Held,
    objects::Home,
    refusal::Refusal,
    trace::Recording,
    upstream,
};

/// What a native request is about, as far as its path tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Errand {
    pub method: Method,
    /// The path below the version, as in `files/file-1/content`.
    pub tail: String,
    /// The id of what an upstream made and keeps.
    pub object: Option<String>,
    /// Where a form names the model.
    form_model: Option<Range<usize>>,
}

/// What stands at a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Errand(Protocol, Native, Errand),
    /// Only these methods are served here.
    WrongMethod(&'static str),
}

/// Finds what a path of a native operation asks for. Files are kept by two vendors at one path: `caller` tells whose
/// protocol the client's headers speak.
pub(crate) fn find(method: &Method, path: &str, caller: Protocol) -> Option<Found> {
    const MAKE: &str = "POST";
    const LIST: &str = "GET, POST";
    const READ: &str = "GET";
    const KEEP: &str = "GET, DELETE";
    let path = path.strip_prefix("/v1").filter(|rest| rest.starts_with("/v1/")).unwrap_or(path);
    let tail = path.strip_prefix("/v1/").or_else(|| path.strip_prefix('/'))?;
    let segments: Vec<&str> = tail.split('/').collect();
    let keeper = if caller == Protocol::Messages { Protocol::Messages } else { Protocol::Chat };
    let (protocol, native, methods, object) = match *segments.as_slice() {
        ["images", "generations" | "edits" | "variations"] => (Protocol::Chat, Native::Image, MAKE, None),
        ["audio", "speech"] => (Protocol::Chat, Native::Speak, MAKE, None),
        ["audio", "transcriptions" | "translations"] => (Protocol::Chat, Native::Transcribe, MAKE, None),
        ["moderations"] => (Protocol::Chat, Native::Moderate, MAKE, None),
        ["rerank"] => (Protocol::Chat, Native::Rerank, MAKE, None),
        ["files"] => (keeper, Native::File, LIST, None),
        ["files", id] => (keeper, Native::File, KEEP, Some(id)),
        ["files", id, "content"] => (keeper, Native::File, READ, Some(id)),
        ["batches"] => (Protocol::Chat, Native::Batch, LIST, None),
        ["batches", id] => (Protocol::Chat, Native::Batch, READ, Some(id)),
        ["batches", id, "cancel"] => (Protocol::Chat, Native::Batch, MAKE, Some(id)),
        ["messages", "batches"] => (Protocol::Messages, Native::Batch, LIST, None),
        ["messages", "batches", id] => (Protocol::Messages, Native::Batch, KEEP, Some(id)),
        ["messages", "batches", id, "results"] => (Protocol::Messages, Native::Batch, READ, Some(id)),
        ["messages", "batches", id, "cancel"] => (Protocol::Messages, Native::Batch, MAKE, Some(id)),
        // Below `responses` there are operations without an id too, which are posted.
        ["responses", id] if *method != Method::POST => (Protocol::Responses, Native::Stored, KEEP, Some(id)),
        ["responses", id, "input_items"] => (Protocol::Responses, Native::Stored, READ, Some(id)),
        ["responses", id, "cancel"] => (Protocol::Responses, Native::Stored, MAKE, Some(id)),
        _ => return None,
    };
    if object.is_some_and(|id| !is_id(id)) {
        return None;
    }
    if !methods.split(", ").any(|allowed| allowed == method.as_str()) {
        return Some(Found::WrongMethod(methods));
    }
    let object = object.map(str::to_owned);
    let errand = Errand { method: method.clone(), tail: tail.to_owned(), object, form_model: None };
    Some(Found::Errand(protocol, native, errand))
}

/// The longest id of an object.
const ID_BYTES_MAX: usize = 256;

/// Tells whether a path's segment may be an id. Whatever could mean another path is none.
fn is_id(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=ID_BYTES_MAX).contains(&segment.len())
        && segment.bytes().all(plain)
        && segment.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

impl Errand {
    /// Reads what routing needs to know of a body, which is JSON, a form with files, or nothing.
    pub(crate) fn head(
        &mut self,
        protocol: Protocol,
        native: Native,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Head, Refusal> {
        let operation = Operation::Native(native);
        let unread = |model| Head::unread(protocol, operation, body.len(), model);
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut head = if !has_model(native) {
            unread(None)
        } else if let Some(boundary) = content_type.and_then(multipart::boundary) {
            self.form_model = multipart::field(body, boundary, "model");
            let named = self.form_model.clone().map(|span| String::from_utf8_lossy(&body[span]));
            unread(named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()))
        } else {
            Head::read(protocol, operation, body, None).map_err(|malformed| {
                Refusal::bad_request(format!(
                    "the request body is neither a JSON object nor a form with files: {malformed}"
                ))
            })?
        };
        head.stateful = self.method != Method::GET;
        Ok(head)
    }

    /// The client's body, in which a model that it names stands as the channel calls it.
    pub(crate) fn body_for(&self, model: &str, asked: &Asked) -> Bytes {
        if asked.head.model.is_none() {
            return asked.body.clone();
        }
        match &self.form_model {
            Some(span) => {
                [&asked.body[..span.start], model.as_bytes(), &asked.body[span.end..]].concat().into()
            }
            None => {
                let quirks = Quirks::DEFAULT;
                let change =
                    Change { model: Some(model), params: &[], force: false, ask_usage: false, quirks };
                splice::apply(&asked.head, &asked.body, &change, &mut Notes::default())
            }
        }
    }
}

/// Whether a request of this kind may name a model.
fn has_model(native: Native) -> bool {
    match native {
        Native::Image | Native::Speak | Native::Transcribe | Native::Moderate | Native::Rerank => true,
        Native::File | Native::Batch | Native::Stored => false,
    }
}

/// Leaves of a route's candidates only the account that keeps what the request names, where that is known: a file, a
/// batch, an answer to go on from.
pub(crate) fn go_home(gateway: &Gateway, asked: &Asked, route: &mut Route) {
    let Some(home) = kept_object(asked).and_then(|id| gateway.objects().home_of(&id)) else { return };
    route.candidates.retain(|candidate| candidate.channel.id == home.channel);
    for candidate in &mut route.candidates {
        candidate.channel = with_one_key(&candidate.channel, &home.key);
    }
}

/// The id of what an upstream keeps and the request is about.
fn kept_object(asked: &Asked) -> Option<String> {
    #[derive(Deserialize)]
    struct Names {
        input_file_id: Option<String>,
        previous_response_id: Option<String>,
    }
    let object = asked.errand.as_ref().and_then(|errand| errand.object.clone());
    let continues = asked.head.operation == Operation::Generate && asked.head.stateful;
    if object.is_some() || !(continues || asked.head.operation == Operation::Native(Native::Batch)) {
        return object;
    }
    let Names { input_file_id, previous_response_id } = serde_json::from_slice(&asked.body).ok()?;
    if continues { previous_response_id } else { input_file_id }
}

/// The channel with no key in use but this one, if it has it.
fn with_one_key(channel: &Arc<Channel>, key: &str) -> Arc<Channel> {
    if !channel.keys.iter().any(|one| *one.name == *key) {
        return Arc::clone(channel);
    }
    let mut narrowed = Channel::clone(channel);
    for one in &mut narrowed.keys {
        one.enabled &= *one.name == *key;
    }
    Arc::new(narrowed)
}

/// Makes one attempt.
pub(crate) async fn run(
    gateway: &Arc<Gateway>,
    asked: &Asked,
    candidate: &Candidate,
    held: &Held,
    recording: &mut Recording,
) -> Result<Passed, Missed> {
    let operation = asked.head.operation;
    let began = recording.elapsed();
    let key = &candidate.channel.keys[held.lease().key_index];
    let errand = asked.errand.as_ref().expect("a native request was read with its errand");
    let outgoing = compose::native(candidate, key, asked, errand).map_err(Uncomposable::from)?;
    let patience = attempt::patience(gateway, candidate, &asked.head, held.lease());
    let sizes = &gateway.sizes;
    let reply = gateway.upstream.send(&candidate.channel.hop, outgoing, patience.headers, sizes).await?;
    recording.headers(reply.status.as_u16());
    let took = recording.elapsed().saturating_sub(began);
    if !reply.status.is_success() {
        let within = patience.headers.saturating_sub(took);
        return Err(attempt::refused(gateway, candidate, operation, reply, within).await);
    }
    let (status, passing) = (reply.status, headers::to_client(&reply.headers));
    if !is_json(&reply.headers) {
        recording.first_content();
        return Ok(Passed::Flowing(status, passing, Opened::Passing(reply.inflow)));
    }
    let within = patience.total.saturating_sub(took);
    let (protocol, most) = (candidate.protocol, sizes.held_reply);
    let whole =
        delivery::hold(protocol, operation, status.as_u16(), reply.inflow, within, most, Accepts::Json);
    match whole.await.map_err(|fault| attempt::missed(gateway, candidate, operation, fault))? {
        Whole::Checked(body, seen) => {
            remember(gateway, asked, held, &body);
            recording.first_content();
            Ok(Passed::Whole(status, passing, body, seen, recording.elapsed().saturating_sub(began)))
        }
        Whole::Large(parts, inflow) => {
            recording.first_content();
            let left = patience.total.saturating_sub(recording.elapsed().saturating_sub(began));
            Ok(Passed::Flowing(status, passing, Opened::Large(parts, inflow, left)))
        }
        Whole::Streamed(_) => Err(upstream::malformed(status.as_u16(), "a stream came".to_owned()).into()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
    kind.is_some_and(|kind| kind.starts_with(b"application/json"))
}

/// Remembers whose account keeps what an answer in the client's own protocol names.
pub(crate) fn remember(gateway: &Gateway, asked: &Asked, held: &Held, body: &[u8]) {
    match asked.head.operation {
        Operation::Native(Native::File | Native::Batch | Native::Stored) => {}
        Operation::Generate if asked.head.protocol == Protocol::Responses => {}
        Operation::Generate
        | Operation::Complete
        | Operation::CountTokens
        | Operation::Embed
        | Operation::BatchEmbed
        | Operation::Native(
            Native::Image | Native::Speak | Native::Transcribe | Native::Moderate | Native::Rerank,
        ) => return,
    }
    for id in named_objects(body) {
        keep(gateway, held.lease(), id);
    }
}

/// Remembers that the account behind a lease keeps an object.
pub(crate) fn keep(gateway: &Gateway, lease: &Lease, id: String) {
    let home = Home { channel: Arc::clone(&lease.cell.channel), key: Arc::clone(&lease.cell.key) };
    gateway.objects().keep(id, home);
}

/// The ids in an answer: of the object itself, of the files that a batch wrote, of a list's entries.
fn named_objects(body: &[u8]) -> impl Iterator<Item = String> {
    #[derive(Default, Deserialize)]
    struct Entry {
        id: Option<String>,
    }
    #[derive(Default, Deserialize)]
    struct Named {
        id: Option<String>,
        output_file_id: Option<String>,
        error_file_id: Option<String>,
        #[serde(default)]
        data: Vec<Entry>,
    }
    let Named { id, output_file_id, error_file_id, data } = serde_json::from_slice(body).unwrap_or_default();
    let listed = data.into_iter().filter_map(|entry| entry.id);
    [id, output_file_id, error_file_id].into_iter().flatten().chain(listed)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_path_names_its_operation_by_method_and_caller() {
        use Native::{Batch, File, Image, Moderate, Rerank, Speak, Stored, Transcribe};
        use Protocol::{Chat, Messages, Responses};
        for (method, path, caller, protocol, native, tail, object) in [
            ("POST", "/v1/images/generations", Chat, Chat, Image, "images/generations", None),
            ("POST", "/v1/v1/images/edits", Chat, Chat, Image, "images/edits", None),
            ("POST", "/audio/speech", Chat, Chat, Speak, "audio/speech", None),
            ("POST", "/v1/audio/translations", Chat, Chat, Transcribe, "audio/translations", None),
            ("POST", "/v1/moderations", Chat, Chat, Moderate, "moderations", None),
            ("POST", "/v1/rerank", Chat, Chat, Rerank, "rerank", None),
            ("GET", "/v1/files", Chat, Chat, File, "files", None),
            ("POST", "/v1/files", Messages, Messages, File, "files", None),
            ("GET", "/v1/files/file-1/content", Chat, Chat, File, "files/file-1/content", Some("file-1")),
            ("DELETE", "/v1/files/file_1", Messages, Messages, File, "files/file_1", Some("file_1")),
            ("POST", "/v1/batches", Chat, Chat, Batch, "batches", None),
            ("POST", "/v1/batches/b/cancel", Chat, Chat, Batch, "batches/b/cancel", Some("b")),
            (
                "GET",
                "/v1/messages/batches/b/results",
                Messages,
                Messages,
                Batch,
                "messages/batches/b/results",
                Some("b"),
            ),
            (
                "DELETE",
                "/v1/responses/resp_1",
                Responses,
                Responses,
                Stored,
                "responses/resp_1",
                Some("resp_1"),
            ),
            (
                "POST",
                "/v1/responses/resp_1/cancel",
                Responses,
                Responses,
                Stored,
                "responses/resp_1/cancel",
                Some("resp_1"),
            ),
        ] {
            let method: Method = method.parse().unwrap();
            let errand = Errand {
                method: method.clone(),
                tail: tail.to_owned(),
                object: object.map(str::to_owned),
                form_model: None,
            };
            let found = find(&method, path, caller);
            assert_eq!(found, Some(Found::Errand(protocol, native, errand)), "{method} {path}");
        }
    }

    #[test]
    fn what_is_no_such_path_is_not_served() {
        for (method, path, expected) in [
            ("GET", "/v1/images/generations", Some(Found::WrongMethod("POST"))),
            ("PUT", "/v1/files/file-1", Some(Found::WrongMethod("GET, DELETE"))),
            ("POST", "/v1/responses/compact", None),
            ("POST", "/v1/images/stolen", None),
            ("GET", "/v1/files/..", None),
            ("GET", "/v1/files/../chat", None),
            ("GET", "/v1/files/%2e%2e", None),
            ("GET", "/v1/files/a%2Fb", None),
            ("GET", "/v1/files//content", None),
            ("GET", "/v1beta/files", None),
            ("GET", "/v1/files/a/b/c", None),
        ] {
            assert_eq!(find(&method.parse().unwrap(), path, Protocol::Chat), expected, "{method} {path}");
        }
    }

    #[test]
    fn an_answer_names_what_its_upstream_keeps() {
        for (body, expected) in [
            (r#"{"id":"file-1","object":"file"}"#, &["file-1"][..]),
            (r#"{"id":"b","output_file_id":"file-2","error_file_id":null}"#, &["b", "file-2"]),
            (r#"{"data":[{"id":"x"},{"name":"y"},{"id":"z"}]}"#, &["x", "z"]),
            (r#"{"data":"x"}"#, &[]),
            ("nonsense", &[]),
        ] {
            assert_eq!(named_objects(body.as_bytes()).collect::<Vec<_>>(), expected, "{body}");
        }
    }
}
