//! The HTTP server: our own accept loop, one guard before all routing, and a handler for each operation.

use std::{convert::Infallible, io, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use config::Snapshot;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header, request::Parts};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{error, warn};
use wire::{Operation, Protocol, errors::Kind, models::ListShape};

use crate::{
    catalog,
    gateway::Gateway,
    guard::{self, Admitted, Door},
    listen::Listening,
    native,
    refusal::Refusal,
    relay::{self, Call},
    status, wake,
};

/// Time for error events to leave after the drain time is over.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Pause of the accept loop when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Headers in one request.
const HEADERS_MAX: usize = 100;

/// Serves until `stop` is cancelled, then drains: running requests may end within `server.drain_s`, what still
/// streams after that ends with its protocol's error event. `api` answers below `/api/`.
pub async fn serve(
    gateway: Arc<Gateway>,
    listening: Listening,
    api: Option<Router>,
    stop: CancellationToken,
) {
    let mut watching = JoinSet::new();
    watching.spawn(wake::watch(Arc::clone(&gateway)));
    serve_until_moved(gateway, listening, api, stop.child_token(), stop).await;
}

/// Serves as [`serve`] does, until `moved` is cancelled: then clients find the gateway elsewhere, so that nothing new is
/// accepted, and what runs here may run to its end however long that takes. `moved` must be a child of `stop`. Whoever
/// calls this also runs [`crate::watch_sleep`], once for all listeners.
pub async fn serve_until_moved(
    gateway: Arc<Gateway>,
    listening: Listening,
    api: Option<Router>,
    moved: CancellationToken,
    stop: CancellationToken,
) {
    let graceful = Arc::new(GracefulShutdown::new());
    let places = Arc::new(Semaphore::new(gateway.sizes.connections));
    let mut accepting = JoinSet::new();
    for (listener, address) in listening.listeners {
        let house =
            Arc::new(House { gateway: Arc::clone(&gateway), door: Door::new(address), api: api.clone() });
        accepting.spawn(accept(listener, house, Arc::clone(&places), Arc::clone(&graceful), moved.clone()));
    }
    moved.cancelled().await;
    let connections = accepting.join_all().await;
    let drain = gateway.snapshot().server.drain;
    let graceful = Arc::into_inner(graceful).expect("the accept loops, which shared it, have ended");
    let drained = graceful.shutdown();
    tokio::pin!(drained);
    tokio::select! {
        () = &mut drained => return,
        () = stop.cancelled() => {}
    }
    if tokio::time::timeout(drain, &mut drained).await.is_err() {
        gateway.closing.cancel();
        // Whoever has not read its last event by now is cut off.
        drop(tokio::time::timeout(LAST_WORDS, drained).await);
    }
    // What is still open has nothing more to say, and must not outlive its gateway.
    drop(connections);
}

/// What every connection of one listener shares.
struct House {
    gateway: Arc<Gateway>,
    door: Door,
    api: Option<Router>,
}

/// Accepts connections until `stop`, and hands over those that are still open then.
async fn accept(
    listener: TcpListener,
    house: Arc<House>,
    places: Arc<Semaphore>,
    graceful: Arc<GracefulShutdown>,
    stop: CancellationToken,
) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    let mut crowded = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_ended) = connections.join_next() => continue,
            () = stop.cancelled() => return connections,
        };
        match accepted {
            Ok((stream, _peer)) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    crowded = false;
                    let connection = connection(stream, Arc::clone(&house), graceful.watcher());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(_full) => {
                    if !std::mem::replace(&mut crowded, true) {
                        warn!(
                            connections = house.gateway.sizes.connections,
                            "too many connections; closing new ones"
                        );
                    }
                }
            },
            Err(error) if is_about_the_peer(&error) => {}
            Err(error) => {
                if !std::mem::replace(&mut crowded, true) {
                    warn!(%error, "cannot accept connections for now");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The connection was gone before we took it; nothing is wrong with the listener.
fn is_about_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

async fn connection(stream: TcpStream, house: Arc<House>, watcher: Watcher) {
    // Small events must not wait for each other.
    drop(stream.set_nodelay(true));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(house.gateway.timers.request_header)
        .max_headers(HEADERS_MAX)
        .max_header_size(house.gateway.sizes.head)
        .half_close(false);
    let service = service_fn(move |request| {
        let house = Arc::clone(&house);
        async move { Ok::<_, Infallible>(handle(house, request).await) }
    });
    // A client that goes away, or an answer cut on purpose, is not news.
    drop(watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await);
}

/// One request: the guard first, then its place; a panic costs this request and nothing else.
async fn handle(house: Arc<House>, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let protocol = caller(&parts);
    let handling = AssertUnwindSafe(admitted(house, protocol, parts, body)).catch_unwind();
    match handling.await {
        Ok(response) => response,
        Err(_panic) => {
            error!("a request made a handler panic");
            let message = "the gateway failed on this request; its log says more";
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, Kind::Internal, message).render(protocol)
        }
    }
}

async fn admitted(house: Arc<House>, protocol: Protocol, parts: Parts, body: Incoming) -> Response<Body> {
    let gateway = &house.gateway;
    let snapshot = gateway.snapshot();
    let admitted = match guard::admit(gateway, &snapshot, &house.door, &parts) {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.render(protocol),
    };
    let mut response = if admitted.origin.is_some() && parts.method == Method::OPTIONS {
        preflight(&parts)
    } else {
        match guard::check_key(gateway, &snapshot, &parts) {
            Ok(client) => served(&house, snapshot, protocol, client, parts, body).await,
            Err(refusal) => refusal.render(protocol),
        }
    };
    share(&mut response, admitted);
    response
}

async fn served(
    house: &House,
    snapshot: Arc<Snapshot>,
    protocol: Protocol,
    client: Option<Arc<str>>,
    parts: Parts,
    body: Incoming,
) -> Response<Body> {
    let gateway = &house.gateway;
    if let Some(inspect) = &gateway.inspect {
        inspect(&parts);
    }
    match place(&parts.method, &parts.uri, protocol) {
        Place::Relay(call) => relay::serve(Arc::clone(gateway), snapshot, call, client, parts, body).await,
        Place::Models(id) => catalog::answer(
            &snapshot,
            &gateway.catalog(),
            list_shape(&parts),
            id.as_deref(),
            &parts,
            protocol,
        ),
        Place::Info => status::info(&parts.method),
        Place::Health => status::health_answer(gateway, &snapshot),
        Place::Status => status::status_answer(gateway, &snapshot),
        Place::StatusV1 => status::status_v1_answer(gateway, &snapshot),
        Place::Upgrade => upgrade_refused(),
        Place::Api => api(house, parts, body).await,
        Place::WrongMethod(allowed) => wrong_method(&parts, allowed, protocol),
        Place::Unknown => unknown(&parts, protocol),
    }
}

/// What lives at a path.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Relay(Call),
    /// A model list, or one model of it.
    Models(Option<String>),
    Info,
    Health,
    Status,
    StatusV1,
    Upgrade,
    Api,
    WrongMethod(&'static str),
    Unknown,
}

fn place(method: &Method, uri: &Uri, caller: Protocol) -> Place {
    let path = uri.path();
    let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
    let get = *method == Method::GET || *method == Method::HEAD;
    match path {
        "/" => return if get { Place::Info } else { Place::WrongMethod("GET, HEAD") },
        "/health" => return if get { Place::Health } else { Place::WrongMethod("GET, HEAD") },
        "/status" => return if get { Place::Status } else { Place::WrongMethod("GET, HEAD") },
        "/v1/status" => return if get { Place::StatusV1 } else { Place::WrongMethod("GET, HEAD") },
        _elsewhere => {}
    }
    if path.starts_with("/api/") {
        return Place::Api;
    }
    if let Some((protocol, operation)) = fixed(path) {
        // Anthropic has no embeddings: its clients find none here either.
        if operation == Operation::Embed && caller == Protocol::Messages {
            return Place::Unknown;
        }
        return match *method {
            Method::POST => Place::Relay(Call { protocol, operation, path: None, errand: None }),
            Method::GET if (protocol, operation) == (Protocol::Responses, Operation::Generate) => {
                Place::Upgrade
            }
            _ => Place::WrongMethod("POST"),
        };
    }
    match native::find(method, path, caller) {
        Some(native::Found::Errand(protocol, native, errand)) => {
            let operation = Operation::Native(native);
            return Place::Relay(Call { protocol, operation, path: None, errand: Some(errand) });
        }
        Some(native::Found::WrongMethod(allowed)) => return Place::WrongMethod(allowed),
        None => {}
    }
    match below_models(path) {
        Some("") if get => Place::Models(None),
        Some("") => Place::WrongMethod("GET, HEAD"),
        Some(rest) if *method == Method::POST => gemini(rest).map_or(Place::Unknown, Place::Relay),
        Some(rest) if get => Place::Models(Some(percent_decoded(rest))),
        Some(_) => Place::WrongMethod("GET, POST"),
        None => Place::Unknown,
    }
}

/// The paths without a model in them. Users double `/v1`, so a doubled one is understood.
fn fixed(path: &str) -> Option<(Protocol, Operation)> {
    let path = path.strip_prefix("/v1").filter(|rest| rest.starts_with("/v1/")).unwrap_or(path);
    match path {
        "/v1/chat/completions" | "/chat/completions" => Some((Protocol::Chat, Operation::Generate)),
        "/v1/completions" | "/completions" => Some((Protocol::Chat, Operation::Complete)),
        "/v1/embeddings" | "/embeddings" => Some((Protocol::Chat, Operation::Embed)),
        "/v1/responses" | "/responses" => Some((Protocol::Responses, Operation::Generate)),
        "/v1/responses/input_tokens" | "/responses/input_tokens" => {
            Some((Protocol::Responses, Operation::CountTokens))
        }
        "/v1/messages" | "/messages" => Some((Protocol::Messages, Operation::Generate)),
        "/v1/messages/count_tokens" | "/messages/count_tokens" => {
            Some((Protocol::Messages, Operation::CountTokens))
        }
        _other => None,
    }
}

/// What stands behind `models/` under any API version, or under none.
fn below_models(path: &str) -> Option<&str> {
    let rest = ["/v1beta", "/v1alpha", "/v1"]
        .into_iter()
        .find_map(|version| path.strip_prefix(version).filter(|rest| rest.starts_with('/')))
        .unwrap_or(path);
    let rest = rest.strip_prefix("/models")?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// `{model}:{verb}`, split at the last colon, because model names may hold colons and slashes.
fn gemini(rest: &str) -> Option<Call> {
    let (model, verb) = rest.rsplit_once(':')?;
    let (operation, stream) = match verb {
        "generateContent" => (Operation::Generate, false),
        "streamGenerateContent" => (Operation::Generate, true),
        "countTokens" => (Operation::CountTokens, false),
        "embedContent" => (Operation::Embed, false),
        "batchEmbedContents" => (Operation::BatchEmbed, false),
        _other => return None,
    };
    Some(Call {
        protocol: Protocol::Gemini,
        operation,
        path: Some((percent_decoded(model), stream)),
        errand: None,
    })
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let pair = format!("m={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or_else(|| text.to_owned(), |(_, value)| value.into_owned())
}

/// The protocol that the caller reads errors in, as far as the request's head tells.
fn caller(parts: &Parts) -> Protocol {
    let path = parts.uri.path();
    let shared = ["/files", "/embeddings"].iter().any(|shared| path.contains(shared));
    if path.contains("/messages") || (shared && is_anthropic(&parts.headers)) {
        return Protocol::Messages;
    }
    if path.ends_with("/responses") || path.contains("/responses/") {
        return Protocol::Responses;
    }
    let verb = parts.method == Method::POST && below_models(path).is_some_and(|rest| rest.contains(':'));
    if verb || path.starts_with("/v1beta") || path.starts_with("/v1alpha") {
        return Protocol::Gemini;
    }
    if below_models(path).is_some() {
        return match list_shape(parts) {
            ListShape::OpenAi => Protocol::Chat,
            ListShape::Anthropic => Protocol::Messages,
            ListShape::Gemini => Protocol::Gemini,
        };
    }
    Protocol::Chat
}

/// Which shape of model list a client reads: told by its headers, because three protocols share the path.
fn list_shape(parts: &Parts) -> ListShape {
    let headers = &parts.headers;
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default();
    let google = headers.contains_key("x-goog-api-key")
        || headers.contains_key("x-goog-api-client")
        || query.split('&').any(|pair| pair.starts_with("key=") || pair.starts_with("pageSize="));
    if is_anthropic(headers) {
        return ListShape::Anthropic;
    }
    if google || path.starts_with("/v1beta") || path.starts_with("/v1alpha") {
        return ListShape::Gemini;
    }
    if headers.contains_key("x-api-key") { ListShape::Anthropic } else { ListShape::OpenAi }
}

/// Whether a client says that it speaks to Anthropic.
fn is_anthropic(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with("anthropic-"))
}

async fn api(house: &House, parts: Parts, body: Incoming) -> Response<Body> {
    let Some(api) = &house.api else { return unknown(&parts, Protocol::Chat) };
    let request = Request::from_parts(parts, Body::new(body));
    match api.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Codex first tries a WebSocket; only this status makes it fall back at once.
fn upgrade_refused() -> Response<Body> {
    let message = "answers are streamed over HTTP here: send POST /v1/responses";
    let mut response =
        Refusal::new(StatusCode::UPGRADE_REQUIRED, Kind::NotSupported, message).render(Protocol::Responses);
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("HTTP/1.1"));
    response
}

fn wrong_method(parts: &Parts, allowed: &'static str, protocol: Protocol) -> Response<Body> {
    let message = format!("{} {} is not served here; send {allowed}", parts.method, parts.uri.path());
    let mut response =
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Kind::InvalidRequest, message).render(protocol);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Nobody knows what a client of an unknown path reads, unless it says so; the Chat shape is the one that most of them do.
fn unknown(parts: &Parts, caller: Protocol) -> Response<Body> {
    let protocol = if caller == Protocol::Messages { caller } else { Protocol::Chat };
    let message = format!("{} {} is not served here", parts.method, parts.uri.path());
    Refusal::new(StatusCode::NOT_FOUND, Kind::NotFound, message).code("unknown_url").render(protocol)
}

/// A listed origin may send whatever headers its SDK wants to send.
fn preflight(parts: &Parts) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    if let Some(wanted) = parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

/// A listed origin may read the answer; nobody else gets any `Access-Control-*` header.
fn share(response: &mut Response<Body>, admitted: Admitted) {
    let Some(origin) = admitted.origin else { return };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn place_of(method: &str, path: &str) -> Place {
        place(&method.parse().unwrap(), &path.parse().unwrap(), Protocol::Chat)
    }

    fn relay(protocol: Protocol, operation: Operation, path: Option<(&str, bool)>) -> Place {
        let path = path.map(|(model, stream)| (model.to_owned(), stream));
        Place::Relay(Call { protocol, operation, path, errand: None })
    }

    /// P001, P009, P177, P181.
    #[test]
    fn every_path_leads_to_its_operation() {
        use Operation::{BatchEmbed, Complete, CountTokens, Embed, Generate};
        use Protocol::{Chat, Gemini, Messages, Responses};
        let rows = [
            ("/v1/chat/completions", relay(Chat, Generate, None)),
            ("/v1/v1/chat/completions", relay(Chat, Generate, None)),
            ("/v1/completions", relay(Chat, Complete, None)),
            ("/v1/embeddings", relay(Chat, Embed, None)),
            ("/v1/responses", relay(Responses, Generate, None)),
            ("/v1/responses/input_tokens", relay(Responses, CountTokens, None)),
            ("/v1/messages?beta=true", relay(Messages, Generate, None)),
            ("/v1/messages/count_tokens?beta=true", relay(Messages, CountTokens, None)),
            ("/v1beta/models/m:generateContent", relay(Gemini, Generate, Some(("m", false)))),
            ("/v1alpha/models/m:countTokens", relay(Gemini, CountTokens, Some(("m", false)))),
            ("/v1/models/m:embedContent", relay(Gemini, Embed, Some(("m", false)))),
            ("/models/m:batchEmbedContents", relay(Gemini, BatchEmbed, Some(("m", false)))),
            (
                "/v1beta/models/vendor%2Fmodel:exp:streamGenerateContent?alt=sse&key=K",
                relay(Gemini, Generate, Some(("vendor/model:exp", true))),
            ),
            (
                "/v1beta/models/vendor/model:generateContent",
                relay(Gemini, Generate, Some(("vendor/model", false))),
            ),
            ("/v1beta/models/m:dance", Place::Unknown),
            ("/nothing/here", Place::Unknown),
            ("/v1/models", Place::WrongMethod("GET, HEAD")),
        ];
        for (path, expected) in rows {
            assert_eq!(place_of("POST", path), expected, "{path}");
        }
        let rows = [
            ("/", Place::Info),
            ("/health", Place::Health),
            ("/status", Place::Status),
            ("/v1/status", Place::StatusV1),
            ("/v1/models", Place::Models(None)),
            ("/v1beta/models/", Place::Models(None)),
            ("/v1/models/deepseek%2Fv4", Place::Models(Some("deepseek/v4".to_owned()))),
            ("/v1/responses", Place::Upgrade),
            ("/v1/responses/input_tokens", Place::WrongMethod("POST")),
            ("/v1/messages", Place::WrongMethod("POST")),
            ("/api/hello", Place::Api),
        ];
        for (path, expected) in rows {
            assert_eq!(place_of("GET", path), expected, "{path}");
        }
    }

    /// P008, P181.
    #[test]
    fn a_model_list_takes_the_shape_that_its_client_reads() {
        let rows = [
            ("/v1/models", "authorization", ListShape::OpenAi),
            ("/v1/models", "x-goog-api-key", ListShape::Gemini),
            ("/v1/models?key=K", "accept", ListShape::Gemini),
            ("/v1/models", "anthropic-version", ListShape::Anthropic),
            ("/v1/models", "x-api-key", ListShape::Anthropic),
            ("/v1beta/models", "authorization", ListShape::Gemini),
        ];
        for (path, header, expected) in rows {
            let request = Request::get(path).header(header, "x").body(()).unwrap();
            assert_eq!(list_shape(&request.into_parts().0), expected, "{path} with {header}");
        }
    }
}
