//! How the gateway and its channels are: for load balancers, for people and for programs.

use std::sync::Arc;

use axum::body::Body;
use config::{Channel, RouteRefusal, Rule, Snapshot};
use http::{HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;
use pool::{ChannelView, Weighed};
use serde::Serialize;
use wire::{Operation, Protocol};

use crate::{
    gateway::Gateway,
    trace::{self, Considered, SkippedChannel},
};

/// `GET /health`: four fields, no names.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    /// One word for all channels.
    pub status: HealthStatus,
    /// Now.
    pub timestamp: Timestamp,
    /// How many channels there are and can serve.
    pub providers: ProviderCounts,
    /// The gateway itself.
    pub system: SystemFacts,
}

/// One word for all channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Every enabled channel can serve.
    Healthy,
    /// Some can.
    Degraded,
    /// None can.
    Down,
}

/// Counts of channels, without their names.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ProviderCounts {
    /// Channels that are switched on.
    pub enabled: usize,
    /// Those that would get the next request.
    pub available: usize,
}

/// The gateway itself.
#[derive(Debug, Clone, Serialize)]
pub struct SystemFacts {
    /// The product's version.
    pub version: &'static str,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// Attempts that run now.
    pub in_flight: u32,
}

/// `GET /status`: everything a person may want to see at a glance.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// `sluice`.
    pub service: &'static str,
    /// The product's version.
    pub version: &'static str,
    /// One word for all channels.
    pub status: HealthStatus,
    /// Now.
    pub timestamp: Timestamp,
    /// When the gateway started.
    pub started: Timestamp,
    /// Attempts that run now.
    pub in_flight: u32,
    /// Every channel with its health, counts and limits.
    pub channels: Vec<ChannelView>,
    /// Warnings about the configuration.
    pub findings: Vec<String>,
}

/// `GET /v1/status`: the shape that existing monitors of load-balancing proxies read.
#[derive(Debug, Clone, Serialize)]
pub struct StatusV1 {
    /// `sluice`.
    pub service: &'static str,
    /// Now.
    pub timestamp: Timestamp,
    /// One entry for each channel.
    pub apis: Vec<ApiStatus>,
}

/// One channel in [`StatusV1`].
#[derive(Debug, Clone, Serialize)]
pub struct ApiStatus {
    /// The channel's id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it would get the next request.
    pub available: bool,
    /// -1 is unlimited, 0 is disabled.
    pub limits: pool::Limits,
    /// What counts against the limits now.
    pub usage: pool::Usage,
}

/// The whole decision about a model name, without sending anything.
#[derive(Debug, Clone, Serialize, ts_rs::TS)]
pub struct Explained {
    /// The name that was asked for.
    pub asked: String,
    /// The client's protocol.
    pub protocol: Protocol,
    /// The rule that matched, in words.
    pub rule: String,
    /// The same rule, for programs that have words of their own.
    pub matched: Rule,
    /// Why the name would be refused outright.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refusal: Option<String>,
    /// Names that somebody lists and that look like a refused one, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub close: Vec<String>,
    /// The candidates in the order in which they would be tried now.
    pub order: Vec<Weighed>,
    /// The candidates as the configuration ranks them.
    pub candidates: Vec<Considered>,
    /// Channels that are no candidates, and why.
    pub skipped: Vec<SkippedChannel>,
}

const SERVICE: &str = "sluice";
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Gateway {
    /// How the gateway and its channels are.
    pub fn status(&self) -> Status {
        let snapshot = self.snapshot();
        let now = self.clock.now();
        let channels = self.views(&snapshot);
        Status {
            service: SERVICE,
            version: VERSION,
            status: word(&snapshot, &channels),
            timestamp: now.wall,
            started: self.started.wall,
            in_flight: channels.iter().map(|view| view.in_flight).sum(),
            channels,
            findings: snapshot.findings.iter().map(ToString::to_string).collect(),
        }
    }

    /// The whole decision about a model name, as the next request would meet it. Sends nothing, counts nothing.
    pub fn explain(&self, asked: Option<&str>, protocol: Protocol) -> Explained {
        let snapshot = self.snapshot();
        let route = config::route(&snapshot, &self.catalog(), asked, protocol, Operation::Generate);
        let order = self.pool().explain(self.clock.now(), &route);
        Explained {
            asked: route.asked.to_string(),
            protocol,
            rule: route.rule.to_string(),
            matched: route.rule.clone(),
            refusal: route.refusal.as_ref().map(|refusal| match refusal {
                RouteRefusal::UnknownModel { close } if close.is_empty() => {
                    "no channel serves this model".to_owned()
                }
                RouteRefusal::UnknownModel { close } => {
                    format!("no channel serves this model; close: {}", close.join(", "))
                }
            }),
            close: match &route.refusal {
                Some(RouteRefusal::UnknownModel { close }) => close.clone(),
                None => Vec::new(),
            },
            order,
            candidates: trace::considered(&route),
            skipped: trace::skipped(&route),
        }
    }

    fn views(&self, snapshot: &Snapshot) -> Vec<ChannelView> {
        let now = self.clock.now();
        let pool = self.pool();
        snapshot.channels.iter().filter_map(|channel| pool.channel_view(now, &channel.id)).collect()
    }
}

pub(crate) fn info(method: &Method) -> Response<Body> {
    #[derive(Serialize)]
    struct Info {
        service: &'static str,
        version: &'static str,
        description: &'static str,
        endpoints: &'static [&'static str],
    }
    let info = Info {
        service: SERVICE,
        version: VERSION,
        description: "one local address for every AI model",
        endpoints: &[
            "POST /v1/chat/completions",
            "POST /v1/responses",
            "POST /v1/responses/input_tokens",
            "POST /v1/completions",
            "POST /v1/embeddings",
            "POST /v1/images/{generations,edits,variations}",
            "POST /v1/audio/{speech,transcriptions,translations}",
            "POST /v1/moderations",
            "POST /v1/rerank",
            "GET, POST /v1/files",
            "GET, POST /v1/batches",
            "GET, DELETE /v1/responses/{id}",
            "POST /v1/messages",
            "POST /v1/messages/count_tokens",
            "GET, POST /v1/messages/batches",
            "POST /v1beta/models/{model}:generateContent",
            "POST /v1beta/models/{model}:streamGenerateContent",
            "POST /v1beta/models/{model}:countTokens",
            "POST /v1beta/models/{model}:embedContent",
            "POST /v1beta/models/{model}:batchEmbedContents",
            "GET /v1/models",
            "GET /health",
            "GET /status",
            "GET /v1/status",
        ],
    };
    if *method == Method::HEAD { Response::new(Body::empty()) } else { json(StatusCode::OK, &info) }
}

pub(crate) fn health_answer(gateway: &Gateway, snapshot: &Snapshot) -> Response<Body> {
    let now = gateway.clock.now();
    let views = gateway.views(snapshot);
    let status = word(snapshot, &views);
    let health = Health {
        status,
        timestamp: now.wall,
        providers: ProviderCounts {
            enabled: snapshot.channels.iter().filter(|channel| channel.enabled).count(),
            available: available(snapshot, &views),
        },
        system: SystemFacts {
            version: VERSION,
            uptime_s: now.mono.saturating_sub(gateway.started.mono).as_secs(),
            in_flight: views.iter().map(|view| view.in_flight).sum(),
        },
    };
    let code = match status {
        HealthStatus::Healthy | HealthStatus::Degraded => StatusCode::OK,
        HealthStatus::Down => StatusCode::SERVICE_UNAVAILABLE,
    };
    json(code, &health)
}

pub(crate) fn status_answer(gateway: &Gateway, _snapshot: &Snapshot) -> Response<Body> {
    json(StatusCode::OK, &gateway.status())
}

pub(crate) fn status_v1_answer(gateway: &Gateway, snapshot: &Snapshot) -> Response<Body> {
    let views = gateway.views(snapshot);
    let api = |channel: &Arc<Channel>| {
        let view = views.iter().find(|view| view.id == channel.id)?;
        Some(ApiStatus {
            id: Arc::clone(&channel.id),
            name: Arc::clone(&channel.name),
            enabled: channel.enabled,
            available: view.available(),
            limits: view.limits,
            usage: view.usage,
        })
    };
    let apis = snapshot.channels.iter().filter_map(api).collect();
    json(StatusCode::OK, &StatusV1 { service: SERVICE, timestamp: gateway.clock.now().wall, apis })
}

fn available(snapshot: &Snapshot, views: &[ChannelView]) -> usize {
    let enabled = |view: &&ChannelView| snapshot.channel(&view.id).is_some_and(|channel| channel.enabled);
    views.iter().filter(enabled).filter(|view| view.available()).count()
}

fn word(snapshot: &Snapshot, views: &[ChannelView]) -> HealthStatus {
    let enabled = snapshot.channels.iter().filter(|channel| channel.enabled).count();
    match available(snapshot, views) {
        0 => HealthStatus::Down,
        all if all == enabled => HealthStatus::Healthy,
        _some => HealthStatus::Degraded,
    }
}

fn json(code: StatusCode, value: &impl Serialize) -> Response<Body> {
    let body = serde_json::to_vec(value).expect("a status has string keys and finite numbers only");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
