//! What the pool remembers of each channel, key and cell.

use std::collections::VecDeque;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::time::Duration;

use config::{Channel, Hop, Key};
use indexmap::IndexMap;
use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::breaker::Breaker;
use crate::constants::{CELLS_PER_KEY_MAX, LATENCIES_MAX, LATENCIES_MIN};
use crate::hash::QuickHasher;
use crate::hold::Hold;
use crate::limits::{Day, Minute};
use crate::view::LastError;

/// A map whose order and hashes are the same in every run, so that a seed is all a simulation needs.
pub(crate) type Map<V> = IndexMap<Arc<str>, V, BuildHasherDefault<QuickHasher>>;

/// What is remembered of a channel.
#[derive(Debug)]
pub(crate) struct ChannelState {
    /// Which incarnation this is: a lease of an earlier one no longer speaks for it.
    pub(crate) born: u64,
    pub(crate) channel: Arc<Channel>,
    /// The address of the network proxy on the way, which is what its health belongs to.
    pub(crate) proxy: Option<Arc<str>>,
    pub(crate) breaker: Breaker,
    pub(crate) keys: Vec<KeyState>,
    pub(crate) minute: Minute,
    pub(crate) day: Day,
    pub(crate) in_flight: u32,
    pub(crate) uses: u64,
    pub(crate) errors: u64,
    pub(crate) last_used: Option<Timestamp>,
    pub(crate) last_error: Option<LastError>,
}

/// What is remembered of a key.
#[derive(Debug)]
pub(crate) struct KeyState {
    pub(crate) born: u64,
    pub(crate) name: Arc<str>,
    pub(crate) hold: Hold,
    pub(crate) cells: Map<CellState>,
    uses: u64,
}

/// What is remembered of a key and a model.
#[derive(Debug, Default)]
pub(crate) struct CellState {
    pub(crate) breaker: Breaker,
    pub(crate) hold: Hold,
    pub(crate) in_flight: u32,
    used: u64,
    first_contents: VecDeque<Duration>,
}

impl ChannelState {
    pub(crate) fn new(channel: Arc<Channel>, births: &mut u64) -> ChannelState {
        *births += 1;
        let born = *births;
        ChannelState {
            born,
            proxy: proxy_of(&channel),
            breaker: Breaker::default(),
            keys: channel.keys.iter().map(|key| KeyState::new(key, births)).collect(),
            minute: Minute::default(),
            day: Day::default(),
            in_flight: 0,
            uses: 0,
            errors: 0,
            last_used: None,
            last_error: None,
            channel,
        }
    }

    /// Takes a new configuration. What was learnt stays where it still applies: a channel that goes elsewhere and a
    /// key whose secret changed begin anew.
    pub(crate) fn adopt(&mut self, channel: &Arc<Channel>, births: &mut u64) {
        if Arc::ptr_eq(&self.channel, channel) {
            return;
        }
        let proxy = proxy_of(channel);
        let same_way = same_bases(&self.channel, channel) && self.proxy == proxy;
        if !same_way {
            self.breaker.close();
        }
        let mut before = std::mem::take(&mut self.keys);
        for key in &channel.keys {
            let kept = before.iter().position(|state| state.name == key.name);
            let kept = kept.filter(|_| same_way && same_secret(&self.channel, key));
            let state = kept.map(|index| before.swap_remove(index));
            self.keys.push(state.unwrap_or_else(|| KeyState::new(key, births)));
        }
        self.proxy = proxy;
        self.channel = Arc::clone(channel);
    }

    pub(crate) fn key(&self, name: &Arc<str>) -> Option<&KeyState> {
        self.keys.iter().find(|key| key.name == *name)
    }

    pub(crate) fn key_mut(&mut self, name: &Arc<str>) -> Option<&mut KeyState> {
        self.keys.iter_mut().find(|key| key.name == *name)
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &CellState> {
        self.keys.iter().flat_map(|key| key.cells.values())
    }

    pub(crate) fn cells_mut(&mut self) -> impl Iterator<Item = &mut CellState> {
        self.keys.iter_mut().flat_map(|key| key.cells.values_mut())
    }
}

impl KeyState {
    fn new(key: &Key, births: &mut u64) -> KeyState {
        *births += 1;
        KeyState {
            born: *births,
            name: Arc::clone(&key.name),
            hold: Hold::default(),
            cells: Map::default(),
            uses: 0,
        }
    }

    /// The cell of `model`, made where it is new. The stalest idle one makes room for it.
    pub(crate) fn cell_for_use(&mut self, model: &Arc<str>) -> &mut CellState {
        self.uses += 1;
        if self.cells.len() >= CELLS_PER_KEY_MAX && !self.cells.contains_key(model) {
            let idle = self.cells.iter().enumerate().filter(|(_, (_, cell))| cell.in_flight == 0);
            let stalest = idle.min_by_key(|(_, (_, cell))| cell.used).map(|(index, _)| index);
            if let Some(index) = stalest {
                self.cells.swap_remove_index(index);
            }
        }
        let uses = self.uses;
        let cell = self.cells.entry(Arc::clone(model)).or_default();
        cell.used = uses;
        cell
    }
}

impl CellState {
    pub(crate) fn note_first_content(&mut self, after: Duration) {
        if self.first_contents.len() == LATENCIES_MAX {
            self.first_contents.pop_front();
        }
        self.first_contents.push_back(after);
    }

    /// The time within which 95 of 100 answers began.
    pub(crate) fn first_content_p95(&self) -> Option<Duration> {
        if self.first_contents.len() < LATENCIES_MIN {
            return None;
        }
        let mut sorted: Vec<Duration> = self.first_contents.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get((sorted.len() * 95).div_ceil(100) - 1).copied()
    }
}

/// Tells whether `key` has the same secret as the key of that name in `channel`.
pub(crate) fn same_secret(channel: &Channel, key: &Key) -> bool {
    let secret = |key: &Key| key.secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    let other = channel.keys.iter().find(|other| other.name == key.name);
    other.is_some_and(|other| secret(other) == secret(key))
}

fn same_bases(one: &Channel, other: &Channel) -> bool {
    let bases =
        |channel: &Channel| -> Vec<_> { channel.spoken.iter().map(|spoken| spoken.base.clone()).collect() };
    bases(one) == bases(other)
}

fn proxy_of(channel: &Channel) -> Option<Arc<str>> {
    match &channel.hop {
        Hop::Direct | Hop::System => None,
        Hop::Proxy(proxy) => {
            let spared = channel.spoken.first().is_some_and(|spoken| proxy.spares(spoken.base.host()));
            if spared { None } else { Some(format!("{}:{}", proxy.host, proxy.port).into()) }
        }
    }
}
