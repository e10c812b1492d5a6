//! A real gateway in this process, configured by a document, on a port of its own.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use config::{Format, Snapshot, Surroundings};
use gateway::{Gateway, Inspect, Setup, Sizes, Timers, Trace};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::http::{self, Exchange, Reply, Request};
use crate::speech::Speech;
use crate::{until, within};

/// The client key of every bed.
pub const KEY: &str = "sk-sluice-test";

/// A running gateway.
pub struct Bed {
    /// The gateway itself.
    pub gateway: Arc<Gateway>,
    /// Where it listens.
    pub addr: SocketAddr,
    /// Ends it, with its drain time.
    pub stop: CancellationToken,
    snapshot: watch::Sender<Arc<Snapshot>>,
    serving: JoinHandle<()>,
}

/// What a test may want otherwise.
pub struct Wishes {
    /// Short, so that a test of a timer takes no minute.
    pub timers: Timers,
    /// As in production.
    pub sizes: Sizes,
    /// Sees each admitted request.
    pub inspect: Option<Inspect>,
    /// Further addresses to listen on.
    pub listen: Vec<SocketAddr>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            timers: timers(),
            sizes: Sizes::default(),
            inspect: None,
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        }
    }
}

/// Long enough for a healthy upstream on a busy machine, short enough to wait for.
fn timers() -> Timers {
    let patience = Duration::from_millis(1500);
    Timers {
        // As in production it ends before the timer for headers, which runs from dispatch.
        connect: Duration::from_secs(1),
        headers: patience,
        headers_reasoning: patience,
        headers_alone: patience,
        first_content: patience,
        idle_bytes: patience,
        ..Timers::default()
    }
}

impl Bed {
    /// Serves this configuration (`config.toml`).
    pub async fn start(config: &str) -> Self {
        Self::with(config, Wishes::default()).await
    }

    /// Serves this configuration as the test wishes.
    pub async fn with(config: &str, wishes: Wishes) -> Self {
        let (sender, snapshot) = watch::channel(Arc::new(snapshot(config)));
        let gateway = Gateway::new(Setup {
            snapshot,
            clock: Arc::new(store::Clock::system()),
            client_keys: Arc::new(|presented| (presented == KEY).then(|| Arc::from("test"))),
            seed: 1,
            timers: wishes.timers,
            sizes: wishes.sizes,
            inspect: wishes.inspect,
            ended: None,
        });
        let listening = gateway::bind(&wishes.listen).await.unwrap();
        let addr = listening.addresses().next().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(gateway::serve(gateway.clone(), listening, None, stop.clone()));
        Self { gateway, addr, stop, snapshot: sender, serving }
    }

    /// Serves two channels, `a` (priority 1) and `b` (priority 2), that speak this protocol.
    pub async fn pair(speech: &Speech, a: SocketAddr, b: SocketAddr) -> Self {
        Self::start(&two(speech, a, b)).await
    }

    /// Puts another configuration in force, as an edited file does.
    pub fn reconfigure(&self, config: &str) {
        self.snapshot.send_replace(Arc::new(snapshot(config)));
    }

    /// Sends a request as it is and reads the whole response.
    pub async fn send(&self, request: &Request) -> Reply {
        http::send(self.addr, request).await
    }

    /// Asks in this protocol, with the client key, and reads the whole response.
    pub async fn ask(&self, speech: &Speech, stream: bool) -> Reply {
        self.send(&speech.request(stream).bearer(KEY)).await
    }

    /// Begins to ask; the test reads on, or leaves.
    pub async fn begin(&self, speech: &Speech, stream: bool) -> Exchange {
        Exchange::start(self.addr, &speech.request(stream).bearer(KEY)).await
    }

    /// The trace of a request, which is filed when all is over.
    pub async fn trace(&self, reply: &Reply) -> Arc<Trace> {
        let id = reply.header("x-sluice-request-id").unwrap_or_else(|| panic!("no request id in {reply:?}"));
        until("the trace of a request", || self.gateway.trace(id)).await
    }

    /// Waits until no attempt is under way.
    pub async fn is_quiet(&self) {
        until("no attempt in flight", || (self.in_flight() == 0).then_some(())).await;
    }

    /// How many attempts are under way, over all channels.
    pub fn in_flight(&self) -> u64 {
        let status = serde_json::to_value(self.gateway.status()).unwrap();
        let channels = status["channels"].as_array().unwrap();
        channels.iter().map(|channel| channel["in_flight"].as_u64().unwrap()).sum()
    }

    /// The state of a channel in the words of the status.
    pub fn channel(&self, name: &str) -> serde_json::Value {
        let status = serde_json::to_value(self.gateway.status()).unwrap();
        let channels = status["channels"].as_array().unwrap();
        channels.iter().find(|channel| channel["name"] == name).unwrap().clone()
    }

    /// Stops and waits until everything has drained.
    pub async fn stopped(self) {
        self.stop.cancel();
        within("the gateway to stop", self.serving).await.unwrap();
    }
}

/// One channel of a configuration.
#[derive(Debug, Clone)]
pub struct Channel<'a> {
    /// Its name; its key is `sk-NAME`.
    pub name: &'a str,
    /// Where its upstream listens.
    pub addr: SocketAddr,
    /// 1 is asked first.
    pub priority: u32,
    /// More lines of its table.
    pub more: &'a str,
}

/// A configuration of channels that all speak one protocol and serve the model `m`.
pub fn channels(speech: &Speech, channels: &[Channel<'_>]) -> String {
    let mut config = "version = 1\n".to_owned();
    for Channel { name, addr, priority, more } in channels {
        let (kind, protocol) = (speech.channel_type, speech.name());
        write!(
            config,
            "[[channel]]\nname = \"{name}\"\nid = \"{name}\"\ntype = \"{kind}\"\nprotocols = [\"{protocol}\"]\n\
             base_url = \"http://{addr}\"\nkey = {{ env = \"KEY_{name}\" }}\nmodel = \"m\"\npriority = {priority}\n{more}\n"
        )
        .unwrap();
    }
    config
}

/// Names the one model in every channel of a configuration, so that a program asks no upstream for its list.
pub fn listing(config: &str) -> String {
    config.replace("model = \"m\"\n", "model = \"m\"\nmodels = [\"m\"]\n")
}

/// Two channels: `a` is asked first, then `b`.
pub fn two(speech: &Speech, a: SocketAddr, b: SocketAddr) -> String {
    let first = Channel { name: "a", addr: a, priority: 1, more: "" };
    let second = Channel { name: "b", addr: b, priority: 2, more: "" };
    channels(speech, &[first, second])
}

/// Two channels that answer equally often.
pub fn equals(speech: &Speech, a: SocketAddr, b: SocketAddr) -> String {
    let first = Channel { name: "a", addr: a, priority: 1, more: "" };
    let second = Channel { name: "b", addr: b, priority: 1, more: "" };
    channels(speech, &[first, second])
}

/// Resolves a configuration; the variable `KEY_x` holds `sk-x`.
pub fn snapshot(config: &str) -> Snapshot {
    let parsed = config::parse("config.toml", Format::Toml, config.as_bytes());
    let parsed = parsed.unwrap_or_else(|findings| panic!("{findings:?} in\n{config}"));
    let lookup = |name: &str| name.strip_prefix("KEY_").map(|name| format!("sk-{name}"));
    let snapshot = config::resolve(&parsed.document, &Surroundings::new(&lookup));
    snapshot.unwrap_or_else(|findings| panic!("{findings:?} in\n{config}"))
}
