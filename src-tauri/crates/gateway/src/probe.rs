//! Tests one channel step by step, with the upstream's words and the likely fix where a step fails.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use config::{Candidate, Channel, Key};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use pool::{Class, Failure};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpStream;
use url::Url;
use wire::{
    Operation, Protocol,
    frames::Framing,
    head::{Head, PathModel},
    state::Forgetful,
};

use crate::{
    compose::{self, Asked, Opaque},
    delivery::{self, Fault},
    fix::Fix,
    gateway::Gateway,
    mask::Mask,
    stream::Stream,
    upstream,
};

/// What a test of one channel found.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS)]
pub struct TestReport {
    /// The channel's name.
    pub channel: Arc<str>,
    /// Whether every step succeeded.
    pub ok: bool,
    /// When it began.
    #[ts(type = "Timestamp")]
    pub at: Timestamp,
    /// The protocol it was tested in.
    pub protocol: Option<Protocol>,
    /// The model it was asked for.
    pub model: Option<String>,
    /// The steps in their order; those behind a failed one are left out.
    pub steps: Vec<Step>,
    /// How long all of it took, in milliseconds.
    pub total_ms: f64,
    /// The upstream's words where a step failed.
    pub error: Option<String>,
    /// What to do about it.
    pub fix_code: Option<Fix>,
    /// The same in words.
    pub fix: Option<String>,
}

/// One step of a test.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS)]
pub struct Step {
    /// Which step.
    pub name: StepName,
    /// Whether it succeeded.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// What was found, in words.
    pub detail: String,
}

/// The steps of a test, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// A connection to the network proxy, or to the upstream where there is none.
    Proxy,
    /// A secure connection to the upstream, through the proxy if there is one.
    Tls,
    /// The key.
    Auth,
    /// The model.
    Model,
    /// The first token of an answer.
    FirstToken,
}

impl StepName {
    /// The step in words.
    pub fn words(self) -> &'static str {
        match self {
            StepName::Proxy => "proxy",
            StepName::Tls => "TLS",
            StepName::Auth => "auth",
            StepName::Model => "model",
            StepName::FirstToken => "first token",
        }
    }
}

/// How long one step of a test may take.
const STEP: Duration = Duration::from_secs(60);
/// Enough for a word; some models refuse less.
const TOKENS_MAX: u32 = 16;

/// Told each step of a test as soon as it is over.
pub type OnStep<'a> = &'a mut (dyn FnMut(&Step) + Send);

impl Gateway {
    /// Tests the channel of this name with a real request of a few tokens. `None` where there is no such channel.
    pub async fn test_channel(&self, name: &str, on_step: OnStep<'_>) -> Option<TestReport> {
        let snapshot = self.snapshot();
        let channel = snapshot.channel_named(name).or_else(|| snapshot.channel(name))?;
        let report = self.test(Arc::clone(channel), on_step).await;
        if report.ok {
            // Whatever was benched may be tried by the next request at once.
            self.probe_now(&channel.id);
        }
        Some(report)
    }

    /// Tests a channel that need not be part of the configuration, such as one that is being written.
    pub async fn test(&self, channel: Arc<Channel>, on_step: OnStep<'_>) -> TestReport {
        let mut test = Test::new(self, channel, on_step);
        if let Err(missed) = test.run().await {
            test.report.ok = false;
            test.report.error = Some(missed.words);
            test.report.fix_code = Some(missed.fix);
            test.report.fix = Some(missed.fix.words().to_owned());
        }
        test.report.total_ms = test.report.steps.iter().map(|step| step.ms).sum();
        test.report
    }

    /// Asks a channel's upstream for the models it lists, in the order in which it lists them.
    pub async fn fetch_models(&self, channel: Arc<Channel>) -> Result<Vec<String>, Missed> {
        let mut unheard = |_: &Step| {};
        let mut test = Test::new(self, channel, &mut unheard);
        let (protocol, mut models) = test.spoken(StepName::Auth)?;
        ask_for_a_long_page(protocol, &mut models);
        let key = test.key()?;
        let listed = test.auth(protocol, &models, &key).await?;
        if listed.is_empty() {
            return Err(Missed { words: "the upstream lists no models".to_owned(), fix: Fix::NameTheModels });
        }
        Ok(listed)
    }
}

/// A test under way.
struct Test<'a> {
    gateway: &'a Gateway,
    channel: Arc<Channel>,
    report: TestReport,
    step_began: Duration,
    on_step: OnStep<'a>,
}

/// Why a test ended.
#[derive(Debug, Clone)]
pub struct Missed {
    /// What was missed, in the upstream's words where it had any.
    pub words: String,
    /// What to do about it.
    pub fix: Fix,
}

impl<'a> Test<'a> {
    fn new(gateway: &'a Gateway, channel: Arc<Channel>, on_step: OnStep<'a>) -> Test<'a> {
        let report = TestReport {
            channel: Arc::clone(&channel.name),
            ok: true,
            at: gateway.clock.now().wall,
            protocol: channel.spoken.first().map(|spoken| spoken.protocol),
            model: None,
            steps: Vec::new(),
            total_ms: 0.0,
            error: None,
            fix_code: None,
            fix: None,
        };
        Test { step_began: gateway.clock.mono(), gateway, channel, report, on_step }
    }

    async fn run(&mut self) -> Result<(), Missed> {
        let (protocol, models) = self.spoken(StepName::Proxy)?;
        self.proxy(&models).await?;
        self.tls(&models).await?;
        let key = self.key()?;
        let listed = self.auth(protocol, &models, &key).await?;
        let Some(model) = model_of(&self.channel, &listed) else {
            return Err(self.missed(
                StepName::Model,
                "the channel names no model to ask for",
                Fix::NameTheModels,
            ));
        };
        self.report.model = Some(model.to_string());
        self.first_token(protocol, &key, &model).await
    }

    /// The protocol of the test, and where the upstream lists its models in it.
    fn spoken(&mut self, step: StepName) -> Result<(Protocol, Url), Missed> {
        match self.channel.spoken.first() {
            Some(spoken) => Ok((spoken.protocol, spoken.base.models(spoken.protocol))),
            None => Err(self.missed(step, "the channel speaks no protocol", Fix::GiveAType)),
        }
    }

    /// The first key that can be used.
    fn key(&mut self) -> Result<Key, Missed> {
        let usable = |key: &&Key| key.enabled && key.secret.is_some();
        if let Some(key) = self.channel.keys.iter().find(usable) {
            return Ok(key.clone());
        }
        let why = self.channel.needs_key().unwrap_or("no key").to_owned();
        Err(self.missed(StepName::Auth, &why, Fix::SetTheKey))
    }

    async fn proxy(&mut self, target: &Url) -> Result<(), Missed> {
        self.begin();
        let way = match &self.channel.hop {
            config::Hop::Proxy(proxy) if upstream::uses_proxy(&self.channel.hop, target) => {
                Some((proxy.host.clone(), proxy.port, format!("network proxy {}", proxy.name)))
            }
            config::Hop::System if upstream::uses_proxy(&self.channel.hop, target) => None,
            config::Hop::Direct | config::Hop::System | config::Hop::Proxy(_) => {
                let host = target.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
                Some((host, target.port_or_known_default().unwrap_or(443), "direct".to_owned()))
            }
        };
        let Some((host, port, what)) = way else {
            self.passed(StepName::Proxy, "the system's proxy".to_owned());
            return Ok(());
        };
        let connecting = TcpStream::connect((host.as_str(), port));
        match tokio::time::timeout(self.gateway.timers.connect, connecting).await {
            Ok(Ok(_stream)) => {
                self.passed(StepName::Proxy, format!("{what}: {host}:{port} accepts connections"));
                Ok(())
            }
            Ok(Err(error)) => {
                let words = format!("{what}: cannot connect to {host}:{port}: {error}");
                Err(self.missed(StepName::Proxy, &words, Fix::CheckHostAndPort))
            }
            Err(_elapsed) => {
                let words = format!("{what}: {host}:{port} does not answer");
                Err(self.missed(StepName::Proxy, &words, Fix::CheckFirewall))
            }
        }
    }

    async fn tls(&mut self, target: &Url) -> Result<(), Missed> {
        self.begin();
        let mut root = target.clone();
        root.set_path("/");
        root.set_query(None);
        let answer = self
            .gateway
            .upstream
            .get(&self.channel.hop, root, HeaderMap::new(), STEP, &self.gateway.sizes)
            .await;
        match answer {
            Ok(reply) => {
                let what = if target.scheme() == "https" { "certificate accepted" } else { "plain http" };
                self.passed(
                    StepName::Tls,
                    format!("{what}; the server answers (HTTP {})", reply.status.as_u16()),
                );
                Ok(())
            }
            Err(failure) => Err(self.failed(StepName::Tls, &failure)),
        }
    }

    /// Asks for the model list, which costs nothing. Not every upstream has one; then the answer to come tells.
    async fn auth(&mut self, protocol: Protocol, models: &Url, key: &Key) -> Result<Vec<String>, Missed> {
        self.begin();
        let mut sent = HeaderMap::new();
        if compose::authorize(&mut sent, self.channel.auth(protocol), key).is_err() {
            let words = "the key holds characters that no header can carry";
            return Err(self.missed(StepName::Auth, words, Fix::PasteTheKeyAgain));
        }
        if protocol == Protocol::Messages {
            sent.insert("anthropic-version", http::HeaderValue::from_static("2023-06-01"));
        }
        let sizes = &self.gateway.sizes;
        let mut reply =
            match self.gateway.upstream.get(&self.channel.hop, models.clone(), sent, STEP, sizes).await {
                Ok(reply) => reply,
                Err(failure) => return Err(self.failed(StepName::Auth, &failure)),
            };
        let body = delivery::rest(Vec::new(), &mut reply.inflow, sizes.error_body, STEP).await.bytes;
        if reply.status.is_success() {
            let listed = listed_ids(&body);
            let models = if listed.len() == 1 { "model" } else { "models" };
            self.passed(StepName::Auth, format!("key accepted; {} {models} listed", listed.len()));
            return Ok(listed);
        }
        let failure = self.judged(protocol, reply.status, &reply.headers, &body);
        if matches!(failure.class, Class::Credential | Class::Quota | Class::RegionBlocked) {
            return Err(self.failed(StepName::Auth, &failure));
        }
        self.passed(StepName::Auth, format!("no model list here (HTTP {})", reply.status.as_u16()));
        Ok(Vec::new())
    }

    async fn first_token(&mut self, protocol: Protocol, key: &Key, model: &Arc<str>) -> Result<(), Missed> {
        self.begin();
        let channel = Arc::clone(&self.channel);
        let asked = question(&channel, protocol, model);
        let candidate = Candidate {
            channel: Arc::clone(&channel),
            model: Arc::clone(model),
            rank: 0,
            stand_in: false,
            protocol,
            base: 0,
        };
        let composed = compose::request(&candidate, key, &asked, Opaque::Kept, &Forgetful);
        let Ok(outgoing) = composed.map(|composed| composed.outgoing) else {
            let words = "the key holds characters that no header can carry";
            return Err(self.missed(StepName::Auth, words, Fix::PasteTheKeyAgain));
        };
        let sizes = &self.gateway.sizes;
        let usage_is_ours = outgoing.usage_is_ours;
        let mut reply = match self.gateway.upstream.send(&channel.hop, outgoing, STEP, sizes).await {
            Ok(reply) => reply,
            Err(failure) => return Err(self.failed(StepName::Model, &failure)),
        };
        if !reply.status.is_success() {
            let body = delivery::rest(Vec::new(), &mut reply.inflow, sizes.error_body, STEP).await.bytes;
            let failure = self.judged(protocol, reply.status, &reply.headers, &body);
            return Err(self.failed(StepName::Model, &failure));
        }
        self.passed(StepName::Model, format!("{model} answers"));
        self.begin();
        let mut stream = Stream::new(protocol, asked.framing(), usage_is_ours, sizes.event);
        let status = reply.status.as_u16();
        match delivery::gate(&mut stream, &mut reply.inflow, status, STEP, sizes).await {
            Ok(_held) => {
                self.passed(StepName::FirstToken, "the answer streams".to_owned());
                Ok(())
            }
            Err(Fault::Failed(failure)) => Err(self.failed(StepName::FirstToken, &failure)),
            Err(Fault::Said(said)) => {
                let said = Mask::of(&channel).failure(&said);
                let failure = pool::judge_stream_failure(protocol, &said, self.gateway.clock.now());
                Err(self.failed(StepName::FirstToken, &failure))
            }
        }
    }

    fn judged(&self, protocol: Protocol, status: StatusCode, reply: &HeaderMap, body: &Bytes) -> Failure {
        let header = |name: &str| reply.get(name).and_then(|value| value.to_str().ok());
        let body = Mask::of(&self.channel).bytes(body);
        let now = self.gateway.clock.now();
        pool::judge(protocol, Operation::Generate, status.as_u16(), &header, &body, now).unwrap_or_else(
            || upstream::malformed(status.as_u16(), format!("the upstream answered {status}")),
        )
    }

    fn begin(&mut self) {
        self.step_began = self.gateway.clock.mono();
    }

    fn passed(&mut self, name: StepName, detail: String) {
        self.step(name, true, detail);
    }

    fn failed(&mut self, name: StepName, failure: &Failure) -> Missed {
        let status = failure.status.map_or_else(String::new, |status| format!(" (HTTP {status})"));
        let words = format!("{}{status}", failure.message);
        self.missed(name, &words, Fix::of(failure.class))
    }

    fn missed(&mut self, name: StepName, words: &str, fix: Fix) -> Missed {
        self.step(name, false, words.to_owned());
        Missed { words: words.to_owned(), fix }
    }

    fn step(&mut self, name: StepName, ok: bool, detail: String) {
        let took = self.gateway.clock.mono().saturating_sub(self.step_began);
        let step = Step { name, ok, ms: took.as_secs_f64() * 1e3, detail };
        (self.on_step)(&step);
        self.report.steps.push(step);
    }
}

/// The channel's default model, else the first it lists, else the first that its upstream lists.
fn model_of(channel: &Channel, listed: &[String]) -> Option<Arc<str>> {
    let own = channel.model.clone().or_else(|| {
        let literal = channel.models.iter().flatten().find(|pattern| pattern.is_literal())?;
        Some(Arc::from(literal.as_str()))
    });
    own.or_else(|| listed.first().map(|id| Arc::from(id.as_str())))
}

/// Asks for as many models at once as the vendors whose lists have pages allow.
fn ask_for_a_long_page(protocol: Protocol, models: &mut Url) {
    let length = match protocol {
        Protocol::Chat | Protocol::Responses => return,
        Protocol::Messages => "limit",
        Protocol::Gemini => "pageSize",
    };
    models.query_pairs_mut().append_pair(length, "1000");
}

/// The ids of a model list in any of the three shapes; a list that cannot be read is empty.
fn listed_ids(body: &[u8]) -> Vec<String> {
    let Ok(list) = serde_json::from_slice::<serde_json::Value>(body) else { return Vec::new() };
    let entries = list.get("data").or_else(|| list.get("models")).and_then(serde_json::Value::as_array);
    let id = |entry: &serde_json::Value| {
        let name = entry.get("id").or_else(|| entry.get("name"))?.as_str()?;
        Some(name.strip_prefix("models/").unwrap_or(name).to_owned())
    };
    entries.into_iter().flatten().filter_map(id).collect()
}

/// The smallest streaming question in each protocol.
fn question(channel: &Channel, protocol: Protocol, model: &str) -> Asked {
    const WORDS: &str = "Answer with the word OK.";
    let newest_openai = channel
        .spoken
        .first()
        .is_some_and(|spoken| spoken.base.as_url().host_str() == Some("api.openai.com"));
    let limit = if newest_openai { "max_completion_tokens" } else { "max_tokens" };
    let message = json!([{"role": "user", "content": WORDS}]);
    let body = match protocol {
        Protocol::Chat => json!({"model": model, "messages": message, limit: TOKENS_MAX, "stream": true}),
        Protocol::Responses => {
            json!({"model": model, "input": WORDS, "max_output_tokens": TOKENS_MAX, "stream": true, "store": false})
        }
        Protocol::Messages => {
            json!({"model": model, "messages": message, "max_tokens": TOKENS_MAX, "stream": true})
        }
        Protocol::Gemini => json!({
            "contents": [{"role": "user", "parts": [{"text": WORDS}]}],
            "generationConfig": {"maxOutputTokens": TOKENS_MAX},
        }),
    };
    let body = Bytes::from(serde_json::to_vec(&body).expect("a question has string keys only"));
    let path = (protocol == Protocol::Gemini).then_some(PathModel { model, stream: true });
    let head =
        Head::read(protocol, Operation::Generate, &body, path).expect("our own question is a JSON object");
    let query = (protocol == Protocol::Gemini).then(|| "alt=sse".to_owned());
    let asked = Asked { head, body, headers: HeaderMap::new(), query, errand: None };
    debug_assert_eq!(asked.framing(), Framing::Sse);
    asked
}
