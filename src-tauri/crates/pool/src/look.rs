//! The pool shown to people. Nothing here changes anything.

use std::sync::Arc;
use std::time::Duration;

use config::{Channel, Limit, Route, Strategy};

use crate::admit::set_of;
use crate::breaker::Breaker;
use crate::constants::SUCCESSES_TO_CLOSE;
use crate::failure::Class;
use crate::lease::Probes;
use crate::now::Now;
use crate::pool::{Member, Pool};
use crate::progress::Progress;
use crate::standing::{Held, Moment, cell_gates};
use crate::state::{CellState, ChannelState, KeyState};
use crate::view::{BenchedCell, ChannelView, Health, Limits, ReasonCode, Usage, Weighed};

impl Pool {
    /// One channel as people see it.
    pub fn channel_view(&self, now: Now, channel_id: &str) -> Option<ChannelView> {
        let (now, at) = self.glance(now);
        self.channels.get(channel_id).map(|state| self.view(now, at, state))
    }

    /// Every channel as people see it, in the configuration's order.
    pub fn views(&self, now: Now) -> Vec<ChannelView> {
        let (now, at) = self.glance(now);
        self.channels.values().map(|state| self.view(now, at, state)).collect()
    }

    /// Weighs the candidates of a route: first those that may serve, in the order in which a request would go
    /// through them, then the others. Where the strategy is chance, the order is one of many.
    pub fn explain(&self, now: Now, route: &Route) -> Vec<Weighed> {
        let (_, at) = self.glance(now);
        let progress = Progress::begun_at(at.mono);
        let mut ready: Vec<Member> = Vec::new();
        let mut held = Vec::new();
        for (index, candidate) in route.candidates.iter().enumerate() {
            match self.standing(at, route, index, &progress) {
                Ok(standing) => {
                    ready.push(Member {
                        candidate: index,
                        ready: standing,
                        weight: candidate.channel.weight,
                    });
                }
                Err(reason) => held.push(weigh(at, route, index, Some(reason))),
            }
        }
        let ranks = ready.chunk_by(|one, other| rank(route, one) == rank(route, other));
        let ordered = ranks.flat_map(|members| self.in_turn(members.to_vec()));
        ordered.map(|member| weigh(at, route, member.candidate, None)).chain(held).collect()
    }

    /// The order in which the members of a tier would be asked if each failed.
    fn in_turn(&self, mut members: Vec<Member>) -> Vec<Member> {
        if self.strategy == Strategy::Random {
            self.rng.clone().shuffle(&mut members);
            return members;
        }
        let evenly = self.strategy == Strategy::RoundRobin;
        let mut ordered = Vec::with_capacity(members.len());
        while !members.is_empty() {
            let weight = |member: &Member| if evenly { member.weight.min(1) } else { member.weight };
            let weights: Vec<u32> = members.iter().map(weight).collect();
            ordered.push(members.remove(self.rotas.peek(set_of(&members), &weights)));
        }
        ordered
    }

    fn view(&self, now: Now, at: Moment, state: &ChannelState) -> ChannelView {
        let channel = &state.channel;
        let bench = self.bench_of(at, state);
        let wall = |moment| now.wall_at(moment);
        let good_probes = self.good_probes(state);
        ChannelView {
            id: Arc::clone(&channel.id),
            name: Arc::clone(&channel.name),
            state: bench.health,
            reason_code: bench.code,
            reason: bench.why,
            since: bench.since.map(|since| since.wall),
            until: bench.until.map(wall),
            next_probe: bench.until.filter(|_| bench.health == Health::Benched).map(wall),
            probes_passed: good_probes.unwrap_or_default(),
            probes_needed: good_probes.map_or(0, |_| SUCCESSES_TO_CLOSE),
            in_flight: state.in_flight,
            usage: Usage { rpm: state.minute.used(at.mono), rpd: state.day.used(at.today) },
            limits: Limits { rpm: channel.rpm.as_number(), rpd: channel.rpd.as_number() },
            uses: state.uses,
            errors: state.errors,
            last_used: state.last_used,
            last_error: state.last_error.clone(),
            benched_cells: state.keys.iter().flat_map(|key| benched_cells(now, key)).collect(),
        }
    }

    /// The good probes of the widest breaker that is open: the proxy's, the channel's, or the least proven cell's.
    fn good_probes(&self, state: &ChannelState) -> Option<u32> {
        let proxy =
            state.proxy.as_ref().and_then(|proxy| self.proxies.get(proxy)).and_then(Breaker::good_probes);
        let cells = || state.cells().filter_map(|cell| cell.breaker.good_probes()).min();
        proxy.or_else(|| state.breaker.good_probes()).or_else(cells)
    }

    fn bench_of(&self, at: Moment, state: &ChannelState) -> Bench {
        let channel = &state.channel;
        if !channel.enabled {
            return Bench::plain(Health::Off, "is switched off".into());
        }
        if let Some(limit) = zero_limit(channel) {
            return Bench::plain(Health::Off, format!("{limit} is 0"));
        }
        if let Some(why) = channel.needs_key() {
            return Bench::plain(Health::NeedsKey, format!("needs a key: {why}"));
        }
        match self.worst(at, state) {
            None => Bench { health: Health::Healthy, code: None, why: None, since: None, until: None },
            Some(held) => self.bench_by(at, state, held),
        }
    }

    /// What keeps the whole channel from serving, whatever the model; if nothing does, what keeps every model that
    /// it was asked for.
    fn worst(&self, at: Moment, state: &ChannelState) -> Option<Held> {
        if let Err(held) = self.way_to(at, state) {
            return Some(held);
        }
        let usable = || state.channel.keys.iter().filter(|key| key.enabled && key.secret.is_some());
        let mut blocked = None;
        for key in usable() {
            let known = state.key(&key.name)?;
            if known.cells.is_empty() {
                blocked = Some(cell_gates(at, known, None, Probes::default()).err()?);
            }
            for cell in known.cells.values() {
                blocked = Some(cell_gates(at, known, Some(cell), Probes::default()).err()?);
            }
        }
        blocked
    }

    fn bench_by(&self, at: Moment, state: &ChannelState, held: Held) -> Bench {
        let proxy = state.proxy.as_ref().and_then(|proxy| self.proxies.get(proxy)).and_then(Breaker::opening);
        let since = match held {
            Held::Benched { .. } | Held::Probing { .. } => {
                let openings =
                    [proxy, state.breaker.opening()].into_iter().flatten().map(|opening| opening.since);
                let holds = state.keys.iter().filter_map(|key| key.hold.withheld()).map(|hold| hold.since);
                let cells = state.cells().filter_map(|cell| {
                    let opened = cell.breaker.opening().map(|opening| opening.since);
                    opened.or(cell.hold.withheld().map(|hold| hold.since))
                });
                openings.chain(holds).chain(cells).min_by_key(|since| since.mono)
            }
            Held::Removed
            | Held::Off
            | Held::LimitZero { .. }
            | Held::NeedsKey
            | Held::Spent
            | Held::NoFallback
            | Held::Full { .. } => None,
        };
        let (health, until) = match held {
            Held::Full { until, .. } => (Health::Full, Some(until)),
            Held::Benched { until, .. } => (Health::Benched, Some(until)),
            Held::Probing { .. } => (Health::Probing, None),
            Held::NeedsKey => (Health::NeedsKey, None),
            Held::Removed | Held::Off | Held::LimitZero { .. } | Held::Spent | Held::NoFallback => {
                (Health::Off, None)
            }
        };
        Bench { health, code: code(held), why: Some(held.words(at.mono)), since, until }
    }
}

/// A channel's health with its reason.
struct Bench {
    health: Health,
    code: Option<ReasonCode>,
    why: Option<String>,
    since: Option<Now>,
    until: Option<Duration>,
}

impl Bench {
    fn plain(health: Health, why: String) -> Bench {
        Bench { health, code: None, why: Some(why), since: None, until: None }
    }
}

fn code(held: Held) -> Option<ReasonCode> {
    match held {
        Held::Full { limit, .. } | Held::LimitZero { limit } => Some(ReasonCode::Limit(limit)),
        Held::Benched { reason, .. } | Held::Probing { reason, .. } => Some(ReasonCode::Failure(reason)),
        Held::Removed | Held::Off | Held::NeedsKey | Held::Spent | Held::NoFallback => None,
    }
}

fn rank(route: &Route, member: &Member) -> u32 {
    route.candidates[member.candidate].rank
}

fn weigh(at: Moment, route: &Route, index: usize, held: Option<Held>) -> Weighed {
    let candidate = &route.candidates[index];
    Weighed {
        candidate: index,
        channel: Arc::clone(&candidate.channel.name),
        model: Arc::clone(&candidate.model),
        rank: candidate.rank,
        eligible: held.is_none(),
        reason: held.map(|held| held.words(at.mono)),
        held: held.map(Held::told),
        wait: held.and_then(|held| held.wait(at.mono)),
    }
}

fn zero_limit(channel: &Channel) -> Option<&'static str> {
    [(channel.rpm, "rpm"), (channel.rpd, "rpd")]
        .into_iter()
        .find(|(limit, _)| *limit == Limit::Disabled)
        .map(|(_, name)| name)
}

fn benched_cells(now: Now, key: &KeyState) -> Vec<BenchedCell> {
    let whole = key.hold.withheld().map(|hold| BenchedCell {
        key: Arc::clone(&key.name),
        model: None,
        class: hold.reason,
        since: hold.since.wall,
        until: now.wall_at(hold.until),
        probing: key.hold.is_probing(),
    });
    let cells = key.cells.iter().filter_map(|(model, cell)| {
        let (class, since, until) = bench_of_cell(now, cell)?;
        Some(BenchedCell {
            key: Arc::clone(&key.name),
            model: Some(Arc::clone(model)),
            class,
            since: since.wall,
            until: now.wall_at(until),
            probing: cell.breaker.is_probing() || cell.hold.is_probing(),
        })
    });
    whole.into_iter().chain(cells).collect()
}

fn bench_of_cell(now: Now, cell: &CellState) -> Option<(Class, Now, Duration)> {
    let opening = cell.breaker.opening().map(|opening| (opening.reason, opening.since, opening.until));
    let hold = cell.hold.withheld().filter(|_| !cell.hold.is_over(now.mono));
    opening.or(hold.map(|hold| (hold.reason, hold.since, hold.until)))
}
