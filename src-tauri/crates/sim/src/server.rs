//! The listener: reads requests, records them, plays the answers.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::answer::{self, Answer, Request, Speaker};
use crate::endpoint::Endpoint;
use crate::history::Find;
use crate::judge::Judge;
use crate::plan::Plan;
use crate::playback::{self, Body};
use crate::record::{Record, Seen};
use crate::rules;
use crate::script::{Fault, Looks, Rule, Script, Then};

/// A running simulator. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct Simulator {
    /// Where it listens.
    pub addr: SocketAddr,
    provider: Arc<Provider>,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
    listener: tokio::task::JoinHandle<()>,
}

impl Simulator {
    /// Listens on 127.0.0.1 and answers until stopped or dropped. Fails if the port is taken.
    pub async fn start(plan: Plan) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, plan.port)).await?;
        let addr = listener.local_addr()?;
        let stop = CancellationToken::new();
        let provider = Arc::new(Provider {
            script: Mutex::new(Script::new(plan.rules.clone())),
            record: Arc::new(Record::new(plan.keeps_requests)),
            plan,
        });
        let listening = tokio::spawn(listen(listener, provider.clone(), stop.clone()));
        let guard = stop.clone().drop_guard();
        Ok(Self { addr, provider, stop, _stop_on_drop: guard, listener: listening })
    }

    /// The address as `http://127.0.0.1:PORT`, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What was seen since the start or the last reset, in the order of arrival: the newest 1,000 requests, as far as their
    /// bodies fit into 64 MiB. Control requests are not in it.
    pub fn seen(&self) -> Vec<Seen> {
        self.provider.record.all()
    }

    /// Resolves when at least this many requests were seen.
    pub async fn has_seen(&self, requests: usize) {
        self.provider.record.reached(requests).await;
    }

    /// Resolves when no reply is being sent: every answer is complete or its client gone.
    pub async fn is_quiet(&self) {
        self.provider.record.quiet().await;
    }

    /// Replaces the fault script; what was counted for the old one is forgotten.
    pub fn script(&self, rules: Vec<Rule>) {
        self.provider.set_script(rules);
    }

    /// Forgets what was seen and returns to the plan's own script.
    pub fn reset(&self) {
        self.provider.reset();
    }

    /// Closes the listener and every connection, and waits until they are closed.
    pub async fn stop(self) {
        self.stop.cancel();
        // The task's only other end is a panic, which the test or program that caused it has seen by now.
        drop(self.listener.await);
    }
}

/// What all connections share.
#[derive(Debug)]
struct Provider {
    plan: Plan,
    script: Mutex<Script>,
    record: Arc<Record>,
}

async fn listen(listener: TcpListener, provider: Arc<Provider>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => { connections.spawn(serve(socket, provider.clone())); }
                Err(error) => {
                    // Out of file descriptors, most likely: the pause lets connections end.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(socket: TcpStream, provider: Arc<Provider>) {
    // Without this the kernel holds small events back until the last one is acknowledged.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "cannot switch off Nagle's algorithm");
    }
    let service = service_fn(move |request| {
        let provider = provider.clone();
        async move { provider.answer(request).await }
    });
    let mut builder = http1::Builder::new();
    builder.max_buf_size(1 << 20);
    if let Err(error) = builder.serve_connection(TokioIo::new(socket), service).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// Makes hyper close the connection without a response.
#[derive(Debug)]
struct HungUp;

impl std::fmt::Display for HungUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hung up, or the client did")
    }
}

impl std::error::Error for HungUp {}

impl Provider {
    async fn answer(&self, request: http::Request<Incoming>) -> Result<Response<Body>, HungUp> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| HungUp)?.to_bytes();
        if let Some(operation) = parts.uri.path().strip_prefix("/__sim/") {
            return Ok(self.played(self.control(&parts.method, operation, &body)));
        }
        self.provide(&parts, body).await
    }

    async fn provide(&self, parts: &http::request::Parts, body: Bytes) -> Result<Response<Body>, HungUp> {
        let (path, query) = (parts.uri.path(), parts.uri.query());
        let endpoint = Endpoint::of(&parts.method, path);
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let model = model(&endpoint, &json);
        let key = key(&parts.headers, query);
        let then = self.decide(&Looks {
            method: &parts.method,
            path,
            model: model.as_deref(),
            key: key.as_deref(),
            headers: &parts.headers,
        });
        let judge = Judge { name: &self.plan.name, key: key.as_deref() };
        let finds = if self.plan.keeps_requests { judge.finds(&endpoint, &json) } else { Vec::new() };
        let number = self.record.keep(seen(parts, body, model, finds, key.clone()));
        self.pause(&then).await;
        match then.fault {
            Some(Fault::HangUp) => return Err(HungUp),
            Some(Fault::Silence) => {
                let _open = self.record.open();
                let never: Infallible = std::future::pending().await;
                match never {}
            }
            Some(_) | None => {}
        }
        let headers = &parts.headers;
        let request =
            Request { endpoint: &endpoint, path, query, headers, body: &json, key: key.as_deref(), number };
        if self.plan.strict
            && let Err(refused) = rules::check(&endpoint, &json, judge)
        {
            return Ok(self.played(answer::refused(&request, &refused.message, refused.code)));
        }
        let speaker = Speaker { name: &self.plan.name, models: &self.plan.models };
        Ok(self.played(answer::answer(&request, &then, &speaker)))
    }

    fn control(&self, method: &Method, operation: &str, body: &[u8]) -> Answer {
        let json = |status, value: Value| Answer::whole(status, "application/json", value.to_string());
        match (method.as_str(), operation) {
            ("GET", "requests") => json(StatusCode::OK, serde_json::json!(self.record.all())),
            ("POST", "reset") => {
                self.reset();
                json(StatusCode::OK, serde_json::json!({"ok": true}))
            }
            ("POST", "script") => match serde_json::from_slice(body) {
                Ok(rules) => {
                    self.set_script(rules);
                    json(StatusCode::OK, serde_json::json!({"ok": true}))
                }
                Err(error) => json(StatusCode::BAD_REQUEST, serde_json::json!({"error": error.to_string()})),
            },
            _ => json(StatusCode::NOT_FOUND, serde_json::json!({"error": "no such control"})),
        }
    }

    fn played(&self, answer: Answer) -> Response<Body> {
        let body = playback::play(answer.pieces, self.plan.event_gap, answer.end, self.record.open());
        let mut response = Response::new(body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }

    async fn pause(&self, then: &Then) {
        let delay = then.delay_ms.map_or(self.plan.latency, Duration::from_millis);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    fn decide(&self, request: &Looks<'_>) -> Then {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).decide(request)
    }

    fn set_script(&self, rules: Vec<Rule>) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Script::new(rules);
    }

    fn reset(&self) {
        self.record.clear();
        self.set_script(self.plan.rules.clone());
    }
}

fn seen(
    parts: &http::request::Parts,
    body: Bytes,
    model: Option<String>,
    finds: Vec<Find>,
    key: Option<String>,
) -> Seen {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Seen {
        number: 0,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body,
        model,
        finds,
        key,
    }
}

fn model(endpoint: &Endpoint, body: &Value) -> Option<String> {
    match endpoint {
        Endpoint::Gemini { model, verb: _ } => Some(model.clone()),
        Endpoint::Chat
        | Endpoint::Responses
        | Endpoint::Messages
        | Endpoint::CountTokens
        | Endpoint::InputTokens
        | Endpoint::Embeddings
        | Endpoint::Models
        | Endpoint::Model(_)
        | Endpoint::Unknown => body["model"].as_str().map(str::to_owned),
    }
}

/// Finds the credential wherever one of the providers looks for it.
fn key(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = || header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let in_query = || query?.split('&').find_map(|pair| pair.strip_prefix("key="));
    let plain = || header("x-api-key").or_else(|| header("x-goog-api-key")).or_else(|| header("api-key"));
    bearer().or_else(plain).or_else(in_query).map(str::to_owned)
}
