//! The pool itself: what it remembers, and how it follows the configuration.

use std::sync::Arc;
use std::time::Duration;

use config::{Channel, Snapshot, Strategy};
use fastrand::Rng;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::breaker::Breaker;
use crate::calendar::Calendar;
use crate::line::Line;
use crate::now::Now;
use crate::retry_budget::RetryBudget;
use crate::rota::Rotas;
use crate::standing::{Moment, Ready};
use crate::state::{ChannelState, Map};

/// Decides which channel and key serve the next attempt. See the crate's documentation for how a request goes
/// through it.
#[derive(Debug)]
pub struct Pool {
    pub(crate) channels: Map<ChannelState>,
    pub(crate) proxies: Map<Breaker>,
    pub(crate) line: Line,
    pub(crate) rotas: Rotas,
    pub(crate) retries: RetryBudget,
    pub(crate) strategy: Strategy,
    pub(crate) rng: Rng,
    calendar: Option<Calendar>,
    births: u64,
    latest: Duration,
    /// Kept between calls so that admitting allocates nothing.
    pub(crate) members: Vec<Member>,
    pub(crate) weights: Vec<u32>,
}

/// A candidate that may serve, among those of its rank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) candidate: usize,
    pub(crate) ready: Ready,
    pub(crate) weight: u32,
}

impl Pool {
    /// Makes an empty pool; everything that is left to chance follows from `seed`.
    pub fn new(seed: u64) -> Pool {
        Pool {
            channels: Map::default(),
            proxies: Map::default(),
            line: Line::default(),
            rotas: Rotas::default(),
            retries: RetryBudget::default(),
            strategy: Strategy::default(),
            rng: Rng::with_seed(seed),
            calendar: None,
            births: 0,
            latest: Duration::ZERO,
            members: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Brings the pool in line with a new configuration. Health and counts stay with a channel's id; limits change
    /// at once; a channel that goes elsewhere and a key whose secret changed begin anew; a removed channel is
    /// forgotten. Call it before any route of the new snapshot is admitted.
    pub fn reconcile(&mut self, now: Now, snapshot: &Snapshot) {
        self.adopt(now, &snapshot.channels, snapshot.routing.strategy, &snapshot.zone);
    }

    pub(crate) fn adopt(&mut self, now: Now, channels: &[Arc<Channel>], strategy: Strategy, zone: &TimeZone) {
        let now = self.advance(now);
        self.strategy = strategy;
        self.calendar.get_or_insert_with(|| Calendar::new(zone.clone(), now)).set_zone(zone);
        let mut before = std::mem::take(&mut self.channels);
        for channel in channels {
            let state = match before.swap_remove(&channel.id) {
                Some(mut state) => {
                    state.adopt(channel, &mut self.births);
                    state
                }
                None => ChannelState::new(Arc::clone(channel), &mut self.births),
            };
            self.channels.insert(Arc::clone(&channel.id), state);
        }
        let mut proxies = std::mem::take(&mut self.proxies);
        for proxy in self.channels.values().filter_map(|state| state.proxy.clone()) {
            let breaker = proxies.swap_remove(&proxy);
            self.proxies.entry(proxy).or_insert_with(|| breaker.unwrap_or_default());
        }
    }

    /// Clears what a sleep has made obsolete: transient benches, waits that ended during it, and the belief to be
    /// offline. Quotas and refused keys stay.
    pub fn wake(&mut self, now: Now) {
        let now = self.advance(now);
        self.line = Line::default();
        self.proxies.values_mut().for_each(Breaker::close);
        for state in self.channels.values_mut() {
            state.breaker.close();
            state.keys.iter_mut().for_each(|key| key.hold.shorten_to_wall(now));
            for cell in state.cells_mut() {
                cell.breaker.close();
                cell.hold.shorten_to_wall(now);
            }
        }
    }

    /// Lets the next live requests try everything of a channel that is benched, its proxy too ("probe now").
    pub fn probe_now(&mut self, now: Now, channel_id: &str) {
        let now = self.advance(now);
        let Some(state) = self.channels.get_mut(channel_id) else { return };
        if let Some(proxy) = state.proxy.as_ref().and_then(|proxy| self.proxies.get_mut(proxy)) {
            proxy.due_now(now);
        }
        state.breaker.due_now(now);
        state.keys.iter_mut().for_each(|key| key.hold.due_now(now));
        for cell in state.cells_mut() {
            cell.breaker.due_now(now);
            cell.hold.due_now(now);
        }
    }

    /// The reading `now`, or the latest one if another thread has brought a later one before.
    pub(crate) fn advance(&mut self, now: Now) -> Now {
        self.latest = self.latest.max(now.mono);
        Now { mono: self.latest, wall: now.wall }
    }

    /// The moment of a reading, which moves the calendar.
    pub(crate) fn moment(&mut self, now: Now) -> Moment {
        let (today, remaining) = match &mut self.calendar {
            Some(calendar) => (calendar.read(now), calendar.remaining(now)),
            None => (Date::MIN, Duration::ZERO),
        };
        Moment { mono: now.mono, today, midnight: now.mono + remaining }
    }

    /// The moment of a reading, without moving anything.
    pub(crate) fn glance(&self, now: Now) -> (Now, Moment) {
        let now = Now { mono: self.latest.max(now.mono), wall: now.wall };
        let mut calendar = self.calendar.clone();
        let (today, remaining) = match &mut calendar {
            Some(calendar) => (calendar.read(now), calendar.remaining(now)),
            None => (Date::MIN, Duration::ZERO),
        };
        (now, Moment { mono: now.mono, today, midnight: now.mono + remaining })
    }
}
