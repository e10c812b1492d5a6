//! Makes the upstream's request out of a lease and the client's request. Pure.

use bytes::Bytes;
use config::{Auth, Candidate, Key};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::ExposeSecret;
use url::Url;
use wire::{
    Operation, Protocol,
    ask::Setting,
    count,
    dialect::Target,
    head::{Head, PathModel},
    note::{Notes, Why},
    quirks::Quirks,
    splice::{self, Change},
    state::{self, Forgetful, Issuer, Recall, Strip},
    translate::{self, Translated, Untranslatable},
};

use crate::{headers, native::Errand};

/// A client's request as it came: the bytes stay as they are, only the head was looked at.
pub(crate) struct Asked {
    pub head: Head,
    pub body: Bytes,
    pub headers: HeaderMap,
    pub query: Option<String>,
    /// What a native operation is about.
    pub errand: Option<Errand>,
}

/// A request ready to be sent.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Whether we asked for usage on the client's behalf, so that its extra chunk must not reach the client.
    pub usage_is_ours: bool,
}

/// Why an attempt cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Uncomposable {
    /// The key's bytes cannot stand in a header.
    #[error("the channel's key holds characters that no header can carry")]
    UnusableKey,
    /// The request says something that the channel's protocol cannot say.
    #[error(transparent)]
    Untranslatable(#[from] Untranslatable),
}

/// A key whose bytes cannot stand in a header.
#[derive(Debug)]
pub(crate) struct UnusableKey;

impl From<UnusableKey> for Uncomposable {
    fn from(_unusable: UnusableKey) -> Uncomposable {
        Uncomposable::UnusableKey
    }
}

/// A request ready to be sent, and what reading its answer takes where it was translated.
pub(crate) struct Composed {
    pub outgoing: Outgoing,
    /// The translated request, and who mints the opaque notes in its answer.
    pub translated: Option<(Translated, Issuer)>,
    /// What was changed though client and channel speak the same protocol.
    pub notes: Notes,
}

/// What becomes of a provider's opaque notes in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opaque {
    /// The provider gets those that it minted.
    Kept,
    /// It gets none: it has refused one.
    Forgotten,
}

/// The API version that a Messages request without one gets: the one that every Anthropic-compatible vendor knows.
const ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// Composes one attempt: the channel's address and credential, and the client's bytes with the splices it needs, or the
/// request in the channel's words.
pub(crate) fn request(
    candidate: &Candidate,
    key: &Key,
    asked: &Asked,
    opaque: Opaque,
    recall: &dyn Recall,
) -> Result<Composed, Uncomposable> {
    if candidate.protocol == asked.head.protocol {
        return same_protocol(candidate, key, asked, opaque);
    }
    foreign_protocol(candidate, key, asked, opaque, recall)
}

/// Says whose opaque notes a channel reads and mints.
///
/// Anthropic's and Google's hold wherever their models are served. What is encrypted is bound to an account. Every other
/// vendor is taken to read its own alone.
fn issuer(candidate: &Candidate, key: &Key) -> Issuer {
    let channel = &candidate.channel;
    let spoken = &channel.spoken[candidate.base];
    let model = candidate.model.to_ascii_lowercase();
    let url = spoken.base.as_url();
    let place = format!("{}:{}", spoken.base.host(), url.port_or_known_default().unwrap_or_default());
    match candidate.protocol {
        Protocol::Messages if spoken.is_first_party() || model.contains("claude") => Issuer::anthropic(),
        Protocol::Gemini if spoken.is_first_party() || model.contains("gemini") => Issuer::gemini(),
        Protocol::Chat if spoken.base.host() == GOOGLE => Issuer::gemini(),
        Protocol::Responses => Issuer::account(&format!("{place} {} {}", channel.name, key.name)),
        Protocol::Chat | Protocol::Messages | Protocol::Gemini => Issuer::vendor(&place),
    }
}

/// Google's own host, which also speaks Chat.
const GOOGLE: &str = "generativelanguage.googleapis.com";

/// Composes an attempt in the channel's protocol. Nothing of the client's headers means anything there.
fn foreign_protocol(
    candidate: &Candidate,
    key: &Key,
    asked: &Asked,
    opaque: Opaque,
    recall: &dyn Recall,
) -> Result<Composed, Uncomposable> {
    let channel = &candidate.channel;
    let protocol = candidate.protocol;
    let spoken = &channel.spoken[candidate.base];
    let issuer = issuer(candidate, key);
    let (reader, recall): (_, &dyn Recall) = match opaque {
        Opaque::Kept => (&issuer, recall),
        Opaque::Forgotten => (&state::NOBODY, &Forgetful),
    };
    let target = Target {
        protocol,
        model: &candidate.model,
        first_party: spoken.is_first_party(),
        output_max: None,
        quirks: channel.quirks.of(&candidate.model),
        issuer: reader,
    };
    let mut translated = translate::request(&asked.head, &asked.body, &target, recall)?;
    let stream = asked.head.stream;
    let path = (protocol == Protocol::Gemini).then_some(PathModel { model: &candidate.model, stream });
    let operation = asked.head.operation;
    let body = match operation {
        Operation::CountTokens => count::request(protocol, &candidate.model, &translated.body)
            .map_err(Untranslatable::Malformed)?
            .unwrap_or_default(),
        Operation::Generate
        | Operation::Complete
        | Operation::Embed
        | Operation::BatchEmbed
        | Operation::Native(_) => std::mem::take(&mut translated.body),
    };
    let body = Bytes::from(body);
    let head = Head::read(protocol, operation, &body, path).map_err(Untranslatable::Malformed)?;
    let change = Change {
        model: None,
        params: if operation == Operation::Generate { &channel.params } else { &[] },
        force: channel.params_force,
        ask_usage: false,
        // What is translated heeds them already.
        quirks: Quirks::DEFAULT,
    };
    let mut notes = std::mem::take(&mut translated.notes);
    let mut headers = headers::to_foreign_upstream(&asked.headers);
    authorize(&mut headers, channel.auth(protocol), key)?;
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    say_json(&mut headers);
    if protocol == Protocol::Messages {
        headers.insert(HeaderName::from_static("anthropic-version"), ANTHROPIC_VERSION);
    }
    let query = (protocol == Protocol::Gemini && stream).then_some("alt=sse");
    let outgoing = Outgoing {
        method: Method::POST,
        url: spoken.base.endpoint(protocol, operation, &candidate.model, stream, query),
        headers,
        body: splice::apply(&head, &body, &change, &mut notes),
        usage_is_ours: false,
    };
    Ok(Composed { outgoing, translated: Some((translated, issuer)), notes })
}

/// Takes out the notes that a provider would refuse; none, where the client's bytes can stay as they are.
fn without_notes(
    candidate: &Candidate,
    key: &Key,
    asked: &Asked,
    opaque: Opaque,
) -> Result<Option<(Head, Bytes)>, Uncomposable> {
    let head = &asked.head;
    let what = match opaque {
        Opaque::Kept if !state::may_carry(head.protocol, &asked.body) => return Ok(None),
        Opaque::Kept => Strip::Carriers,
        Opaque::Forgotten => Strip::Everything,
    };
    let issuer = issuer(candidate, key);
    let Some(stripped) = state::strip(head.protocol, &asked.body, &issuer, what) else { return Ok(None) };
    let body = Bytes::from(stripped);
    let path = (head.protocol == Protocol::Gemini)
        .then_some(PathModel { model: head.model.as_deref().unwrap_or_default(), stream: head.stream });
    let head = Head::read(head.protocol, head.operation, &body, path).map_err(Untranslatable::Malformed)?;
    Ok(Some((head, body)))
}

fn same_protocol(
    candidate: &Candidate,
    key: &Key,
    asked: &Asked,
    opaque: Opaque,
) -> Result<Composed, Uncomposable> {
    let channel = &candidate.channel;
    let stripped = without_notes(candidate, key, asked, opaque)?;
    let mut notes = Notes::default();
    if stripped.is_some() {
        notes.drop(Setting::State.word(asked.head.protocol), Why::Foreign);
    }
    let (head, body) = stripped.as_ref().map_or((&asked.head, &asked.body), |(head, body)| (head, body));
    let quirks = match candidate.protocol {
        Protocol::Chat => channel.quirks.of(&candidate.model),
        Protocol::Responses | Protocol::Messages | Protocol::Gemini => Quirks::DEFAULT,
    };
    let usage_is_ours = may_ask_usage(head) && quirks.include_usage;
    let base = &channel.spoken[candidate.base].base;
    let change = Change {
        model: Some(&candidate.model),
        params: if head.operation.is_answer() { &channel.params } else { &[] },
        force: channel.params_force,
        ask_usage: usage_is_ours,
        // They are those of Chat Completions, whose parameters the others do not share.
        quirks: if head.operation == Operation::Generate { quirks } else { Quirks::DEFAULT },
    };
    let mut headers = headers::to_upstream(&asked.headers, 4);
    authorize(&mut headers, channel.auth(candidate.protocol), key)?;
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    say_json(&mut headers);
    if candidate.protocol == Protocol::Messages {
        headers.entry(HeaderName::from_static("anthropic-version")).or_insert(ANTHROPIC_VERSION);
    }
    let outgoing = Outgoing {
        method: Method::POST,
        url: base.endpoint(
            candidate.protocol,
            head.operation,
            &candidate.model,
            head.stream,
            asked.query.as_deref(),
        ),
        headers,
        body: splice::apply(head, body, &change, &mut notes),
        usage_is_ours,
    };
    Ok(Composed { outgoing, translated: None, notes })
}

/// Composes one request for embeddings in the channel's protocol, of which `body` is translated already.
pub(crate) fn embeddings(
    candidate: &Candidate,
    key: &Key,
    asked: &Asked,
    operation: Operation,
    body: Vec<u8>,
) -> Result<Outgoing, Uncomposable> {
    let (channel, protocol) = (&candidate.channel, candidate.protocol);
    let mut headers = headers::to_foreign_upstream(&asked.headers);
    authorize(&mut headers, channel.auth(protocol), key)?;
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    say_json(&mut headers);
    Ok(Outgoing {
        method: Method::POST,
        url: channel.spoken[candidate.base].base.endpoint(protocol, operation, &candidate.model, false, None),
        headers,
        body: Bytes::from(body),
        usage_is_ours: false,
    })
}

/// Composes one attempt at a native operation: the client's own bytes but for the model's name, below the channel's base.
pub(crate) fn native(
    candidate: &Candidate,
    key: &Key,
    asked: &Asked,
    errand: &Errand,
) -> Result<Outgoing, UnusableKey> {
    let channel = &candidate.channel;
    let mut headers = headers::to_upstream(&asked.headers, 4);
    authorize(&mut headers, channel.auth(candidate.protocol), key)?;
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if candidate.protocol == Protocol::Messages {
        headers.entry(HeaderName::from_static("anthropic-version")).or_insert(ANTHROPIC_VERSION);
    }
    let base = &channel.spoken[candidate.base].base;
    Ok(Outgoing {
        method: errand.method.clone(),
        url: base.native(&errand.tail, &candidate.model, asked.query.as_deref()),
        headers,
        body: errand.body_for(&candidate.model, asked),
        usage_is_ours: false,
    })
}

/// Puts the channel's key where its provider wants it. A channel that needs none has an empty one.
pub(crate) fn authorize(headers: &mut HeaderMap, auth: Auth, key: &Key) -> Result<(), UnusableKey> {
    let Some(secret) = key.secret.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty())
    else {
        return Ok(());
    };
    let (name, value) = match auth {
        Auth::Bearer => (header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {secret}"))),
        Auth::XApiKey => (HeaderName::from_static("x-api-key"), HeaderValue::from_str(secret)),
        Auth::XGoogApiKey => (HeaderName::from_static("x-goog-api-key"), HeaderValue::from_str(secret)),
        Auth::ApiKey => (HeaderName::from_static("api-key"), HeaderValue::from_str(secret)),
    };
    let mut value = value.map_err(|_invalid| UnusableKey)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// The body is known to be JSON, whatever the client called it: curl calls everything a form.
fn say_json(headers: &mut HeaderMap) {
    let json = |value: &HeaderValue| value.as_bytes().to_ascii_lowercase().starts_with(b"application/json");
    if !headers.get(header::CONTENT_TYPE).is_some_and(json) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
}

fn may_ask_usage(head: &Head) -> bool {
    head.protocol == Protocol::Chat && head.operation.is_answer() && head.stream && !head.asks_usage
}
