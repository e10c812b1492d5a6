//! The configuration in force: checked, with every default filled in and every reference followed.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use wire::{Protocol, splice::Param};

use crate::findings::Finding;
use crate::index::Index;
use crate::pattern::Pattern;
use crate::provider::{Auth, BaseUrl, ChannelQuirks, Preset, ProviderKind, is_private};
use crate::proxy::Hop;
use crate::secret::{SecretSource, SecretState};

/// The configuration in force. It never changes; a new file makes a new one.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Where and for whom the gateway listens.
    pub server: Server,
    /// How names and channels are chosen.
    pub routing: Routing,
    /// Every channel, in the file's order, disabled ones too.
    pub channels: Vec<Arc<Channel>>,
    /// The programs that have a key of their own, in the file's order, disabled ones too.
    pub clients: Vec<Client>,
    /// What is logged.
    pub log: LogSettings,
    /// The zone of the day for limits without a zone of their own.
    pub zone: TimeZone,
    /// Warnings and advice about the file that this came from.
    pub findings: Vec<Finding>,
    pub(crate) index: Index,
}

impl Snapshot {
    /// Finds a channel by its exact name.
    pub fn channel_named(&self, name: &str) -> Option<&Arc<Channel>> {
        self.channels.iter().find(|channel| &*channel.name == name)
    }

    /// Finds a channel by its id.
    pub fn channel(&self, id: &str) -> Option<&Arc<Channel>> {
        self.channels.iter().find(|channel| &*channel.id == id)
    }
}

/// Where and for whom the gateway listens.
#[derive(Debug, Clone)]
pub struct Server {
    /// The port of the file, `PORT` or the override, in that rising order.
    pub port: u16,
    /// The addresses to bind; by default both loopbacks on `port`.
    pub listen: Vec<SocketAddr>,
    /// Whether a client must show a key.
    pub client_keys: ClientKeys,
    /// One client key from the file (`server.apiKey` of an `apis.json`).
    pub api_key: Option<SecretString>,
    /// Further values of `Host` that are answered, in lower case.
    pub allowed_hosts: Vec<String>,
    /// Values of `Origin` that are answered.
    pub allowed_origins: Vec<String>,
    /// How long running requests may take to end when the gateway stops.
    pub drain: Duration,
}

/// Whether a client must show a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// A client must show a key that the gateway knows.
    #[default]
    Required,
    /// Any key will do, and none too.
    Any,
}

/// A program with a key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// What people call it.
    pub name: Arc<str>,
    /// SHA-256 of its key; a client without one cannot be told from others and is never recognised.
    pub key_hash: Option<[u8; 32]>,
    /// Whether it may use the gateway.
    pub enabled: bool,
}

/// How names and channels are chosen.
#[derive(Debug, Clone)]
pub struct Routing {
    /// How a channel is chosen within a tier.
    pub strategy: Strategy,
    /// Whether a request may go to another channel after a failure.
    pub fallback: bool,
    /// What becomes of a name that nobody lists.
    pub unknown_models: UnknownModels,
    /// Names that stand for others, in the file's order.
    pub aliases: IndexMap<Arc<str>, Arc<str>>,
}

/// How a channel is chosen within a tier.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// In proportion to the weights, smoothly.
    #[default]
    Weighted,
    /// One after the other.
    RoundRobin,
    /// By chance, all alike.
    Random,
    /// The one with the fewest requests in flight.
    LeastBusy,
    /// The one that answers soonest.
    Fastest,
    /// The one that costs least.
    Cheapest,
    /// Weights scaled by error rate, response time and cost.
    Adaptive,
}

/// What becomes of a name that nobody lists.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema, ts_rs::TS,
)]
#[serde(rename_all = "snake_case")]
pub enum UnknownModels {
    /// It is served as `auto` would be, and the answer says so.
    #[default]
    Default,
    /// It is refused, naming close matches.
    Refuse,
}

/// Who counts the tokens of a request that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// The channel, where it is the protocol's own provider and well; else we estimate.
    #[default]
    Auto,
    /// The channel alone; where it does not count, nobody does.
    Upstream,
    /// We estimate.
    Local,
}

impl Counting {
    /// The word that the file uses.
    pub fn word(self) -> &'static str {
        match self {
            Counting::Auto => "auto",
            Counting::Upstream => "upstream",
            Counting::Local => "local",
        }
    }
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// The least important level that is logged.
    pub level: LogLevel,
    /// How many daily log files are kept.
    pub files: u32,
}

/// The least important level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what may fail.
    Warn,
    /// And what happened.
    #[default]
    Info,
    /// And how it happened.
    Debug,
    /// And everything else.
    Trace,
}

impl LogLevel {
    /// The name that log filters understand.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// One configured upstream.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each answers its own question; none depends on another")]
pub struct Channel {
    /// What health, limits and history belong to; survives a renaming if the file states it.
    pub id: Arc<str>,
    /// The name that people use.
    pub name: Arc<str>,
    /// The kind of upstream.
    pub provider: ProviderKind,
    /// The protocols it speaks and where; the first is what others are translated into.
    pub spoken: Vec<Spoken>,
    /// Its credentials, in the order in which they are tried. At least one entry, perhaps without a secret.
    pub keys: Vec<Key>,
    /// The model it answers with when the asked one is not its own.
    pub model: Option<Arc<str>>,
    /// The models it serves; `None` means any.
    pub models: Option<Vec<Pattern>>,
    /// Asked names and what the upstream calls them, in the file's order.
    pub model_map: Vec<(Pattern, Arc<str>)>,
    /// Request parameters that it sets.
    pub params: Vec<Param>,
    /// Whether `params` override what the client sent, instead of filling in what it left out.
    pub params_force: bool,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// Its share within its tier; 0 means that it is used only when named.
    pub weight: u32,
    /// Its tier; 1 comes first.
    pub priority: u32,
    /// Words that select it.
    pub tags: Vec<Arc<str>>,
    /// Replaces the timers for headers and first content, and the total of a whole reply.
    pub timeout: Option<Duration>,
    /// Extra attempts on this channel.
    pub max_retries: u32,
    /// The way to it.
    pub hop: Hop,
    /// Requests in any minute.
    pub rpm: Limit,
    /// Requests in a day.
    pub rpd: Limit,
    /// What its Chat wants otherwise than most do.
    pub quirks: ChannelQuirks,
    /// Who counts tokens for it.
    pub counting: Counting,
    /// Whether its first base URL is a loopback or private host.
    pub local: bool,
    /// Whether every base URL is https or a loopback host.
    pub secure: bool,
}

impl Channel {
    /// The first of its hosts that is a relay: neither a known vendor's own nor on this machine or network.
    pub fn relay_host(&self) -> Option<&str> {
        let is_relay = |spoken: &&Spoken| {
            let base = &spoken.base;
            // Azure gives every customer a host; what tells it is the header of its key.
            let azure = base.auth(spoken.protocol) == Auth::ApiKey;
            !azure && !is_private(base.host()) && Preset::of_host(base.host(), base.as_url().port()).is_none()
        };
        self.spoken.iter().find(is_relay).map(|spoken| spoken.base.host())
    }

    /// The index of `protocol` in `spoken`, if the channel speaks it.
    pub fn speaks(&self, protocol: Protocol) -> Option<usize> {
        self.spoken.iter().position(|spoken| spoken.protocol == protocol)
    }

    /// The header in which this channel expects its key when spoken to in `protocol`.
    pub fn auth(&self, protocol: Protocol) -> Auth {
        match self.speaks(protocol) {
            Some(at) => self.spoken[at].base.auth(protocol),
            None => Auth::of(protocol),
        }
    }

    /// The origins to which its keys are sent, sorted, with a space between two of them: see [`crate::VaultQuestion`].
    pub fn origin(&self) -> String {
        origin_of(&self.spoken)
    }

    /// Tells why no key of this channel can be used, if none can.
    pub fn needs_key(&self) -> Option<&str> {
        if self.keys.iter().any(|key| key.enabled && key.secret.is_some()) {
            return None;
        }
        let reason = self.keys.iter().find_map(|key| key.missing.as_deref());
        Some(reason.unwrap_or("no key is enabled"))
    }
}

impl Spoken {
    /// Tells whether it is the protocol's own provider, whose newest words and strictest rules apply.
    pub fn is_first_party(&self) -> bool {
        let is = |host: &str| self.base.host() == host;
        match self.protocol {
            // Azure serves the same models by the same API, and gives every customer a host.
            Protocol::Chat | Protocol::Responses => {
                is("api.openai.com") || self.base.auth(self.protocol) == Auth::ApiKey
            }
            Protocol::Messages => is("api.anthropic.com"),
            Protocol::Gemini => is("generativelanguage.googleapis.com"),
        }
    }
}

/// One protocol that a channel speaks.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// The protocol.
    pub protocol: Protocol,
    /// Where it is spoken.
    pub base: BaseUrl,
}

/// The origins of several base URLs, as [`Channel::origin`] writes them.
pub(crate) fn origin_of(spoken: &[Spoken]) -> String {
    let origins: BTreeSet<String> =
        spoken.iter().map(|one| one.base.as_url().origin().ascii_serialization()).collect();
    origins.into_iter().collect::<Vec<_>>().join(" ")
}

/// One credential of a channel.
#[derive(Debug, Clone)]
pub struct Key {
    /// What people call it; unique within its channel.
    pub name: Arc<str>,
    /// The secret itself; an empty one belongs to an upstream that asks for none.
    pub secret: Option<SecretString>,
    /// Why there is no secret, such as `variable X is not set`.
    pub missing: Option<String>,
    /// How the secret stands, in a word.
    pub state: SecretState,
    /// Where the secret is kept.
    pub source: SecretSource,
    /// Whether it may be used.
    pub enabled: bool,
}

/// How many requests a window may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Written -1, or left out.
    Unlimited,
    /// Written 0: nothing may be sent.
    Disabled,
    /// At most so many.
    Max(NonZeroU32),
}

impl Limit {
    /// The number that the file and `/v1/status` use: -1 for none, 0 for disabled.
    pub fn as_number(self) -> i64 {
        match self {
            Limit::Unlimited => -1,
            Limit::Disabled => 0,
            Limit::Max(most) => i64::from(most.get()),
        }
    }
}
