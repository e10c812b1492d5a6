//! Permission for one attempt.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// The unit of health: one key of one channel, asked for one of its models.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct CellId {
    /// The channel's id.
    pub channel: Arc<str>,
    /// The key's name within the channel.
    pub key: Arc<str>,
    /// The model as the upstream calls it.
    pub model: Arc<str>,
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.channel, self.key, self.model)
    }
}

/// Permission for one attempt. It counts against limits and holds any probe that it was granted, so it must be
/// given back exactly once: to [`crate::Pool::settle`] or to [`crate::Pool::settle_failed`].
#[derive(Debug)]
#[must_use = "a lease that is not settled keeps its probe and its place in flight for ever"]
pub struct Lease {
    /// The index into the route's candidates.
    pub candidate: usize,
    /// The channel's name, for people.
    pub channel: Arc<str>,
    /// The cell that serves the attempt.
    pub cell: CellId,
    /// The index into the channel's keys.
    pub key_index: usize,
    /// Which attempt of its request this is; the first is 1.
    pub attempt: u32,
    /// Whether giving this attempt up could help nobody, as no other channel could serve now or no attempt may follow
    /// this one: the timers are longer then.
    pub alone: bool,
    /// Whether this is the one live request that tries something benched.
    pub probe: bool,
    pub(crate) probes: Probes,
    /// The network proxy on the way.
    pub(crate) proxy: Option<Arc<str>>,
    /// The incarnations of channel and key: a lease never speaks for one that was removed, edited or made again.
    pub(crate) channel_born: u64,
    pub(crate) key_born: u64,
}

/// The scopes at which a lease is the one probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Probes(u8);

/// A scope that can be benched and probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The machine's own way to the network.
    Line,
    /// A network proxy.
    Proxy,
    /// A whole channel.
    Channel,
    /// A key, whatever the model.
    Key,
    /// A key and a model: broken.
    Cell,
    /// A key and a model: withheld by the upstream (a rate limit, a model that is gone).
    Model,
}

impl Scope {
    /// The scope in a word or two, for people.
    pub fn words(self) -> &'static str {
        match self {
            Scope::Line => "network",
            Scope::Proxy => "proxy",
            Scope::Channel => "channel",
            Scope::Key => "key",
            Scope::Cell | Scope::Model => "model",
        }
    }
}

impl Probes {
    pub(crate) fn add(&mut self, scope: Scope) {
        self.0 |= 1 << scope as u8;
    }

    pub(crate) fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    pub(crate) fn any(self) -> bool {
        self.0 != 0
    }
}
