//! Taking a lease back: what its outcome says about the line, the proxy, the channel, the key and the cell.

use std::time::Duration;

use config::Route;

use crate::breaker::{Breaker, Gate, Weight};
use crate::failure::{Class, Failure, Outcome, Phase};
use crate::hold::Hold;
use crate::lease::{Lease, Scope};
use crate::now::Now;
use crate::policy::{Benches, policy};
use crate::pool::Pool;
use crate::progress::Progress;
use crate::refusal::Verdict;
use crate::state::CellState;
use crate::view::LastError;

impl Pool {
    /// Takes back the lease of an attempt that is over for good: answered, cut after content went out, or left by
    /// the client.
    pub fn settle(&mut self, now: Now, lease: Lease, outcome: Outcome) {
        let now = self.advance(now);
        match outcome {
            Outcome::Served { .. } => self.conclude(now, &lease, Ended::Served),
            Outcome::Failed(failure) => self.conclude(now, &lease, Ended::Failed(&failure)),
            Outcome::Cancelled => self.conclude(now, &lease, Ended::Unknown),
        }
        drop(lease);
    }

    #[expect(clippy::needless_pass_by_value, reason = "a lease that was given back must not be used again")]
    /// Takes back the lease of an attempt that failed before any content went out, and says what to do next: wait
    /// or not and `admit` again, or refuse. With [`Phase::P4`] it always refuses.
    pub fn settle_failed(
        &mut self,
        now: Now,
        lease: Lease,
        failure: &Failure,
        route: &Route,
        progress: &mut Progress,
    ) -> Verdict {
        let now = self.advance(now);
        self.conclude(now, &lease, Ended::Failed(failure));
        if let Some(step) = progress.steps.last_mut() {
            step.failure = Some((failure.class, failure.phase));
        }
        self.decide(now, &lease, failure, route, progress)
    }

    /// Notes the time to the first content of a running attempt. It also ends a hold that the attempt is probing:
    /// a key that is served is neither refused nor out of quota, however long the answer takes.
    pub fn first_content(&mut self, now: Now, lease: &Lease, after: Duration) {
        let _ = self.advance(now);
        let Some(state) = self.channels.get_mut(&lease.cell.channel) else { return };
        if state.born != lease.channel_born {
            return;
        }
        let Some(key) = state.key_mut(&lease.cell.key).filter(|key| key.born == lease.key_born) else {
            return;
        };
        if lease.probes.has(Scope::Key) {
            key.hold.clear();
        }
        if let Some(cell) = key.cells.get_mut(&lease.cell.model) {
            cell.note_first_content(after);
            if lease.probes.has(Scope::Model) {
                cell.hold.clear();
            }
        }
    }

    /// The 95th percentile of the time to first content of the lease's cell, once enough answers were seen.
    pub fn first_content_p95(&self, lease: &Lease) -> Option<Duration> {
        let key = self.channels.get(&lease.cell.channel)?.key(&lease.cell.key)?;
        key.cells.get(&lease.cell.model)?.first_content_p95()
    }

    fn conclude(&mut self, now: Now, lease: &Lease, ended: Ended<'_>) {
        let ended = self.conclude_line(now, lease, ended);
        let effects = Effects::of(ended, lease.proxy.is_some());
        if let Some(proxy) = lease.proxy.as_ref().and_then(|proxy| self.proxies.get_mut(proxy)) {
            apply(proxy, now, effects.proxy, lease.probes.has(Scope::Proxy), &mut self.rng);
        }
        let Some(state) = self.channels.get_mut(&lease.cell.channel) else { return };
        if state.born != lease.channel_born {
            return;
        }
        state.in_flight = state.in_flight.saturating_sub(1);
        if let Ended::Failed(failure) | Ended::Offline(failure) = ended {
            state.errors += u64::from(failure.class != Class::ClientGone);
            let message = failure.message.clone();
            state.last_error = Some(LastError { at: now.wall, class: failure.class, message });
        }
        apply(&mut state.breaker, now, effects.channel, lease.probes.has(Scope::Channel), &mut self.rng);
        let Some(key) = state.key_mut(&lease.cell.key) else { return };
        if key.born != lease.key_born {
            if let Some(cell) = key.cells.get_mut(&lease.cell.model) {
                cell.in_flight = cell.in_flight.saturating_sub(1);
            }
            return;
        }
        apply_hold(&mut key.hold, now, effects.key, lease.probes.has(Scope::Key));
        let Some(cell) = key.cells.get_mut(&lease.cell.model) else { return };
        conclude_cell(cell, now, lease, &effects, &mut self.rng);
    }

    /// Separates what is this machine's fault from what is the channel's.
    fn conclude_line<'a>(&mut self, now: Now, lease: &Lease, ended: Ended<'a>) -> Ended<'a> {
        let was_probe = lease.probes.has(Scope::Line);
        let beyond = self.channels.get(&lease.cell.channel).filter(|state| !state.channel.local);
        match (ended, beyond) {
            (Ended::Failed(failure), Some(state)) if failure.unreachable => {
                let host = state.channel.spoken.first().map_or("", |spoken| spoken.base.host()).to_owned();
                let was_down = self.line.is_down();
                if !self.line.unreachable(now, &lease.cell.channel, &host, was_probe) {
                    return ended;
                }
                if !was_down {
                    // The failure that was counted a moment ago was this machine's too.
                    self.channels.values_mut().for_each(|state| state.breaker.forgive());
                }
                return Ended::Offline(failure);
            }
            (Ended::Served, Some(_)) => self.line.reached(),
            (Ended::Failed(failure), Some(_)) if failure.phase >= Phase::P2 => self.line.reached(),
            (Ended::Served | Ended::Failed(_) | Ended::Offline(_) | Ended::Unknown, _) => {}
        }
        if was_probe {
            self.line.release_probe();
        }
        ended
    }
}

/// How an attempt ended, as far as health is concerned.
#[derive(Debug, Clone, Copy)]
enum Ended<'a> {
    Served,
    Failed(&'a Failure),
    /// It failed because this machine has no network.
    Offline(&'a Failure),
    /// The client left: nothing is known.
    Unknown,
}

/// What an outcome says at each scope.
#[derive(Debug, Clone, Copy)]
struct Effects {
    proxy: Effect,
    channel: Effect,
    key: HoldEffect,
    model: HoldEffect,
    cell: Effect,
}

#[derive(Debug, Clone, Copy)]
enum Effect {
    Nothing,
    Good,
    Bad(Class, Weight),
}

#[derive(Debug, Clone, Copy)]
enum HoldEffect {
    Nothing,
    Good,
    Withhold(Class, Option<Duration>),
}

const NO_EFFECTS: Effects = Effects {
    proxy: Effect::Nothing,
    channel: Effect::Nothing,
    key: HoldEffect::Nothing,
    model: HoldEffect::Nothing,
    cell: Effect::Nothing,
};

impl Effects {
    fn of(ended: Ended<'_>, by_proxy: bool) -> Effects {
        match ended {
            Ended::Served => Effects {
                proxy: Effect::Good,
                channel: Effect::Good,
                key: HoldEffect::Good,
                model: HoldEffect::Good,
                cell: Effect::Good,
            },
            Ended::Offline(_) | Ended::Unknown => NO_EFFECTS,
            Ended::Failed(failure) => Effects::of_failure(failure, by_proxy),
        }
    }

    fn of_failure(failure: &Failure, by_proxy: bool) -> Effects {
        let class = failure.class;
        let answered = match failure.phase {
            Phase::P0 | Phase::P1 => Effect::Nothing,
            // Whatever the answer was, it came through the proxy.
            Phase::P2 | Phase::P3 | Phase::P4 => Effect::Good,
        };
        let none = Effects { proxy: answered, ..NO_EFFECTS };
        let broken = Effect::Bad(class, Weight::Rate);
        let withheld = HoldEffect::Withhold(class, failure.retry_after);
        match policy(class).benches {
            Benches::Nothing => none,
            Benches::Model if failure.counting_only => none,
            Benches::Proxy if by_proxy => Effects { proxy: broken, ..none },
            Benches::Proxy | Benches::Channel => Effects { channel: broken, ..none },
            Benches::Cell => Effects { cell: broken, channel: Effect::Bad(class, Weight::RowOnly), ..none },
            Benches::Model => Effects { model: withheld, ..none },
            Benches::Key => Effects { key: withheld, ..none },
        }
    }
}

fn conclude_cell(cell: &mut CellState, now: Now, lease: &Lease, effects: &Effects, rng: &mut fastrand::Rng) {
    cell.in_flight = cell.in_flight.saturating_sub(1);
    apply_hold(&mut cell.hold, now, effects.model, lease.probes.has(Scope::Model));
    apply(&mut cell.breaker, now, effects.cell, lease.probes.has(Scope::Cell), rng);
}

fn apply(breaker: &mut Breaker, now: Now, effect: Effect, was_probe: bool, rng: &mut fastrand::Rng) {
    match effect {
        Effect::Good => breaker.succeeded(now, was_probe),
        Effect::Bad(class, weight) => {
            breaker.failed(now, class, weight, was_probe, rng);
        }
        Effect::Nothing if was_probe => breaker.release_probe(),
        Effect::Nothing => {}
    }
}

fn apply_hold(hold: &mut Hold, now: Now, effect: HoldEffect, was_probe: bool) {
    match effect {
        // A success that was under way before the hold began does not end it.
        HoldEffect::Good if was_probe || hold.gate(now.mono) == Gate::Open => hold.clear(),
        HoldEffect::Withhold(class, asked) => hold.withhold(now, class, asked),
        HoldEffect::Good | HoldEffect::Nothing if was_probe => hold.release_probe(),
        HoldEffect::Good | HoldEffect::Nothing => {}
    }
}
