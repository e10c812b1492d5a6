//! Where an upstream's endpoints are, from whatever a person pasted.

use url::Url;
use wire::{Operation, Protocol};

use super::presets::Preset;

/// The header in which an upstream wants its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// `x-api-key: …` (Anthropic)
    XApiKey,
    /// `x-goog-api-key: …` (Google)
    XGoogApiKey,
    /// `api-key: …` (Azure)
    ApiKey,
}

impl Auth {
    /// The header that a protocol's own vendor reads.
    pub fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Chat | Protocol::Responses => Auth::Bearer,
            Protocol::Messages => Auth::XApiKey,
            Protocol::Gemini => Auth::XGoogApiKey,
        }
    }

    /// The name of the header, in lower case.
    pub fn header(self) -> &'static str {
        match self {
            Auth::Bearer => "authorization",
            Auth::XApiKey => "x-api-key",
            Auth::XGoogApiKey => "x-goog-api-key",
            Auth::ApiKey => "api-key",
        }
    }
}

/// The place below which an upstream's endpoints of one protocol are found.
///
/// People paste origins, bases with and without a version, and whole endpoints. Known endpoints are cut off, a version
/// that is there is kept, and the protocol's own is added where none is; vendors keep their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    join: Join,
    auth: Auth,
    protocol: Protocol,
    /// The endpoints that no model's name changes, made once: a URL is too dear to be joined for each request.
    ready: Option<Box<Ready>>,
}

/// Endpoints without a model in them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ready {
    main: Url,
    complete: Url,
    count: Url,
    embed: Url,
}

impl Ready {
    fn get(&self, operation: Operation) -> &Url {
        match operation {
            Operation::Generate | Operation::Native(_) => &self.main,
            Operation::Complete => &self.complete,
            Operation::CountTokens => &self.count,
            Operation::Embed | Operation::BatchEmbed => &self.embed,
        }
    }
}

/// How an endpoint follows from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// It stands below the base.
    Below,
    /// The base is the endpoint.
    Exact,
    /// Azure's older layout: it stands below `deployments/{model}`.
    Deployments,
}

/// Why a text is no base URL. None of the words repeats the text, which may hold a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    /// It is no URL at all.
    #[error("is no URL: {0}; write it as https://host/path")]
    NoUrl(url::ParseError),
    /// It does not begin with http or https.
    #[error("begins with neither https:// nor http://")]
    Scheme,
    /// It names no host.
    #[error("names no host")]
    Host,
    /// It holds a user name or a password.
    #[error("holds a user name or password; put the key into the channel's key instead")]
    UserInfo,
    /// It holds a key.
    #[error("holds a key in its query; put the key into the channel's key instead")]
    KeyInQuery,
}

impl BaseUrl {
    /// Reads what a person wrote as the base URL of a channel for `protocol`. `exact` turns normalisation off.
    pub fn parse(text: &str, protocol: Protocol, exact: bool) -> Result<Self, BadBaseUrl> {
        let mut url = Url::parse(text.trim()).map_err(BadBaseUrl::NoUrl)?;
        check(&url)?;
        url.set_fragment(None);
        let auth = auth_of(&url, protocol);
        let join = if exact { Join::Exact } else { normalise(&mut url, protocol) };
        let mut base = Self { url, join, auth, protocol, ready: None };
        base.ready = base.make_ready().map(Box::new);
        Ok(base)
    }

    /// The header in which this host wants its key.
    pub fn auth(&self, protocol: Protocol) -> Auth {
        let _ = protocol;
        self.auth
    }

    /// The URL of one operation. The client's own query follows the base's, without its `key`. `model` and `stream`
    /// matter where the URL names them.
    pub fn endpoint(
        &self,
        protocol: Protocol,
        operation: Operation,
        model: &str,
        stream: bool,
        query: Option<&str>,
    ) -> Url {
        let mut url = match &self.ready {
            Some(ready) if protocol == self.protocol => ready.get(operation).clone(),
            Some(_) | None => self.joined(protocol, operation, model, stream),
        };
        add_query(&mut url, query);
        url
    }

    /// The URL of a native operation, whose path below the version is `tail`, as in `images/edits`. Where the base names
    /// models, those operations stand below `model`'s that are asked of one. The client's own query follows as for
    /// [`BaseUrl::endpoint`].
    pub fn native(&self, tail: &str, model: &str, query: Option<&str>) -> Url {
        let mut url = self.url.clone();
        match self.join {
            Join::Exact => beside_exact(&mut url, tail),
            Join::Deployments if !model.is_empty() => {
                push(&mut url, &["deployments", model]);
                push(&mut url, &tail.split('/').collect::<Vec<_>>());
            }
            Join::Below | Join::Deployments => push(&mut url, &tail.split('/').collect::<Vec<_>>()),
        }
        add_query(&mut url, query);
        url
    }

    /// Joins the endpoints that are the same for every model, if they are.
    fn make_ready(&self) -> Option<Ready> {
        if self.join == Join::Deployments || self.protocol == Protocol::Gemini {
            return None;
        }
        let joined = |operation| self.joined(self.protocol, operation, "", false);
        Some(Ready {
            main: joined(Operation::Generate),
            complete: joined(Operation::Complete),
            count: joined(Operation::CountTokens),
            embed: joined(Operation::Embed),
        })
    }

    fn joined(&self, protocol: Protocol, operation: Operation, model: &str, stream: bool) -> Url {
        let mut url = self.url.clone();
        match self.join {
            Join::Below => push_endpoint(&mut url, protocol, operation, model, stream),
            Join::Deployments => {
                push(&mut url, &["deployments", model]);
                push_endpoint(&mut url, protocol, operation, model, stream);
            }
            Join::Exact if protocol == Protocol::Gemini => {
                push_endpoint(&mut url, protocol, operation, model, stream);
            }
            Join::Exact => exact_endpoint(&mut url, protocol, operation),
        }
        url
    }

    /// The URL of the upstream's list of models.
    pub fn models(&self, protocol: Protocol) -> Url {
        let _ = protocol;
        let mut url = self.url.clone();
        if self.join == Join::Exact {
            let mut segments = segments_of(&url);
            cut_endpoint(&mut segments);
            url.set_path(&segments.join("/"));
        }
        push(&mut url, &["models"]);
        url
    }

    /// The host, as it stands in the URL.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The URL as it is used, for people.
    pub fn as_url(&self) -> &Url {
        &self.url
    }
}

fn check(url: &Url) -> Result<(), BadBaseUrl> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BadBaseUrl::Scheme);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(BadBaseUrl::Host);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadBaseUrl::UserInfo);
    }
    if url.query_pairs().any(|(name, _)| is_key_name(&name)) {
        return Err(BadBaseUrl::KeyInQuery);
    }
    Ok(())
}

fn is_key_name(name: &str) -> bool {
    ["key", "api_key", "api-key", "apikey", "token", "access_token", "subscription-key"]
        .iter()
        .any(|key| name.eq_ignore_ascii_case(key))
}

fn auth_of(url: &Url, protocol: Protocol) -> Auth {
    let host = url.host_str().unwrap_or_default();
    if is_azure(host) {
        return Auth::ApiKey;
    }
    let bearer = Preset::of_host(host, url.port()).is_some_and(|preset| preset.bearer_messages);
    match protocol {
        Protocol::Messages if bearer => Auth::Bearer,
        Protocol::Chat | Protocol::Responses | Protocol::Messages | Protocol::Gemini => Auth::of(protocol),
    }
}

/// Microsoft's hosts for models (learn.microsoft.com, Azure `OpenAI` REST reference).
fn is_azure(host: &str) -> bool {
    [".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"]
        .iter()
        .any(|suffix| host.ends_with(suffix))
}

fn is_google(host: &str) -> bool {
    host == "generativelanguage.googleapis.com"
}

/// Cuts off what belongs to endpoints and adds the version where it is missing.
fn normalise(url: &mut Url, protocol: Protocol) -> Join {
    let host = url.host_str().unwrap_or_default().to_owned();
    let mut segments = segments_of(url);
    if ends_in_verb(&segments) {
        // Its stream was pasted: `alt` says how that one endpoint frames it.
        drop_parameter(url, "alt");
    }
    cut_endpoint(&mut segments);
    segments.dedup_by(|second, first| second == first && is_version(first));
    let mut join = Join::Below;
    if is_azure(&host) {
        join = azure(&mut segments, url);
    } else {
        if segments.is_empty()
            && let Some(base) =
                Preset::of_host(&host, url.port()).and_then(|preset| preset.base(protocol, ""))
        {
            segments = base.split('/').skip(3).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        }
        if protocol == Protocol::Gemini && segments.last().is_some_and(|last| last == "openai") {
            segments.pop();
        }
        if !segments.iter().any(|segment| is_version(segment)) {
            segments.push(version_of(protocol).to_owned());
        }
        if is_google(&host)
            && protocol == Protocol::Chat
            && segments.last().is_some_and(|last| last != "openai")
        {
            segments.push("openai".to_owned());
        }
    }
    url.set_path(&segments.join("/"));
    join
}

/// Tells whether `url` is Azure's in its layout of today, where Responses stand beside Chat. The dated layout has none
/// below its deployments.
pub(super) fn is_azure_with_responses(url: &Url) -> bool {
    let segments = segments_of(url);
    let in_deployment = segments.iter().any(|segment| segment == "deployments");
    let versioned = segments.iter().any(|segment| is_version(segment));
    url.host_str().is_some_and(is_azure) && !in_deployment && (versioned || !has_dated_version(url))
}

/// Azure's layouts: `/openai/v1` today; `/openai/deployments/{name}?api-version=<date>` before it.
fn azure(segments: &mut Vec<String>, url: &Url) -> Join {
    if segments.iter().any(|segment| segment == "deployments" || is_version(segment)) {
        return Join::Below;
    }
    if segments.is_empty() {
        segments.push("openai".to_owned());
    }
    if has_dated_version(url) {
        return Join::Deployments;
    }
    segments.push("v1".to_owned());
    Join::Below
}

fn has_dated_version(url: &Url) -> bool {
    url.query_pairs()
        .any(|(name, value)| name == "api-version" && value.starts_with(|first: char| first.is_ascii_digit()))
}

fn version_of(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Chat | Protocol::Responses | Protocol::Messages => "v1",
        Protocol::Gemini => "v1beta",
    }
}

/// Tells whether a path segment is a version: `v1`, `v4`, `v1beta`, `v1alpha2`.
fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v') else { return false };
    let stage = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let stage_name = stage.trim_end_matches(|digit: char| digit.is_ascii_digit());
    stage.len() < rest.len() && matches!(stage_name, "" | "alpha" | "beta")
}

fn segments_of(url: &Url) -> Vec<String> {
    url.path().split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

/// The endpoints that people paste, longest first.
const ENDPOINTS: &[&[&str]] = &[
    &["chat", "completions"],
    &["messages", "count_tokens"],
    &["responses", "input_tokens"],
    &["completions"],
    &["responses"],
    &["messages"],
    &["embeddings"],
    &["models"],
];

/// Tells whether a path ends as Gemini's endpoints do: `models/{name}:{verb}`.
fn ends_in_verb(segments: &[String]) -> bool {
    matches!(segments, [.., collection, last] if collection == "models" && last.contains(':'))
}

/// The protocol of the endpoint that a whole endpoint's URL is; nothing for a base, or for an endpoint of several.
pub(super) fn protocol_of_endpoint(url: &Url) -> Option<Protocol> {
    let segments = segments_of(url);
    if ends_in_verb(&segments) {
        return Some(Protocol::Gemini);
    }
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [.., "chat", "completions"] => Some(Protocol::Chat),
        [.., "messages"] | [.., "messages", "count_tokens"] => Some(Protocol::Messages),
        [.., "responses"] | [.., "responses", "input_tokens"] => Some(Protocol::Responses),
        _ => None,
    }
}

/// Removes a parameter from the query and leaves the others as they are written.
fn drop_parameter(url: &mut Url, name: &str) {
    let Some(query) = url.query() else { return };
    let kept: Vec<&str> = query.split('&').filter(|pair| pair.split('=').next() != Some(name)).collect();
    let kept = (!kept.is_empty()).then(|| kept.join("&"));
    url.set_query(kept.as_deref());
}

fn cut_endpoint(segments: &mut Vec<String>) {
    if ends_in_verb(segments) {
        segments.truncate(segments.len() - 2);
        return;
    }
    for endpoint in ENDPOINTS {
        if segments.ends_with(&endpoint.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>()) {
            segments.truncate(segments.len() - endpoint.len());
            return;
        }
    }
}

fn push(url: &mut Url, segments: &[&str]) {
    url.path_segments_mut().expect("an http URL has a path").pop_if_empty().extend(segments);
}

fn push_endpoint(url: &mut Url, protocol: Protocol, operation: Operation, model: &str, stream: bool) {
    match protocol {
        Protocol::Chat | Protocol::Responses | Protocol::Messages => push(url, below(protocol, operation)),
        Protocol::Gemini => push_gemini(url, operation, model, stream),
    }
}

/// The endpoint below the version. An operation that a protocol does not know falls back to its main one.
fn below(protocol: Protocol, operation: Operation) -> &'static [&'static str] {
    match (protocol, operation) {
        (Protocol::Messages, Operation::CountTokens) => &["messages", "count_tokens"],
        (
            Protocol::Messages,
            Operation::Generate
            | Operation::Complete
            | Operation::Embed
            | Operation::BatchEmbed
            | Operation::Native(_),
        ) => &["messages"],
        (
            Protocol::Chat | Protocol::Responses | Protocol::Gemini,
            Operation::Embed | Operation::BatchEmbed,
        ) => &["embeddings"],
        (Protocol::Chat | Protocol::Responses | Protocol::Gemini, Operation::Complete) => &["completions"],
        (Protocol::Responses, Operation::CountTokens) => &["responses", "input_tokens"],
        (Protocol::Responses, Operation::Generate | Operation::Native(_)) => &["responses"],
        (
            Protocol::Chat | Protocol::Gemini,
            Operation::Generate | Operation::CountTokens | Operation::Native(_),
        ) => &["chat", "completions"],
    }
}

fn push_gemini(url: &mut Url, operation: Operation, model: &str, stream: bool) {
    let verb = match operation {
        Operation::Generate if stream => "streamGenerateContent",
        Operation::Generate | Operation::Complete | Operation::Native(_) => "generateContent",
        Operation::CountTokens => "countTokens",
        Operation::Embed => "embedContent",
        Operation::BatchEmbed => "batchEmbedContents",
    };
    // A model may carry its collection; any other slash belongs to its name.
    let (collection, name) = match model.split_once('/') {
        Some((collection @ ("models" | "tunedModels"), name)) => (collection, name),
        Some(_) | None => ("models", model),
    };
    push(url, &[collection, &format!("{name}:{verb}")]);
}

/// An exact URL is the main endpoint itself; its siblings stand beside it.
fn exact_endpoint(url: &mut Url, protocol: Protocol, operation: Operation) {
    match operation {
        Operation::Generate | Operation::Native(_) => {}
        Operation::CountTokens if protocol == Protocol::Responses => push(url, &["input_tokens"]),
        Operation::CountTokens => push(url, &["count_tokens"]),
        Operation::Complete => beside_exact(url, "completions"),
        Operation::Embed | Operation::BatchEmbed => beside_exact(url, "embeddings"),
    }
}

/// Puts another endpoint in the place of an exact URL's own.
fn beside_exact(url: &mut Url, endpoint: &str) {
    let mut segments = segments_of(url);
    cut_endpoint(&mut segments);
    url.set_path(&segments.join("/"));
    push(url, &endpoint.split('/').collect::<Vec<_>>());
}

/// Puts the client's query behind the base's own, without the client's key and without what the base states itself.
fn add_query(url: &mut Url, query: Option<&str>) {
    let Some(query) = query else { return };
    let own = url.query().unwrap_or_default();
    let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let stated: Vec<String> = own.split('&').map(name_of).collect();
    let kept = |pair: &&str| {
        let name = name_of(pair);
        !name.is_empty() && name != "key" && !stated.contains(&name)
    };
    let merged: Vec<&str> =
        own.split('&').filter(|pair| !pair.is_empty()).chain(query.split('&').filter(kept)).collect();
    let merged = (!merged.is_empty()).then(|| merged.join("&"));
    url.set_query(merged.as_deref());
}

#[cfg(test)]
mod tests;
