//! Granting the next attempt.

use std::hash::Hasher;
use std::sync::Arc;
use std::time::Duration;

use config::{Candidate, Route, Strategy};

use crate::hash::QuickHasher;
use crate::lease::{CellId, Lease, Scope};
use crate::now::Now;
use crate::pool::{Member, Pool};
use crate::progress::{Progress, Step};
use crate::standing::{Held, Moment, Ready};
use crate::starved::{HeldCandidate, Starved, StarvedKind};
use crate::state::same_secret;
use crate::view::{Exclusion, HeldBack};

impl Pool {
    /// Grants the next attempt of a request, counted against the limits here and nowhere else, or tells why there
    /// is none. The same `route` belongs to all attempts of a request.
    pub fn admit(&mut self, now: Now, route: &Route, progress: &mut Progress) -> Result<Lease, Starved> {
        let now = self.advance(now);
        let at = self.moment(now);
        let repeat = progress.repeat.take();
        let next_key_of = progress.next_key_of.take();
        if !progress.has_budget(at.mono) {
            return Err(self.starved(at, route, progress));
        }
        let again = repeat.and_then(|(candidate, key)| {
            let ready = self.standing_again(at, &route.candidates[candidate], key).ok()?;
            Some((candidate, ready))
        });
        let choice = again.or_else(|| {
            let candidate = next_key_of?;
            Some((candidate, self.standing(at, route, candidate, progress).ok()?))
        });
        let choice = choice.map(|(candidate, ready)| {
            (candidate, ready, !self.another_channel_is_ready(at, route, progress, candidate))
        });
        match choice.or_else(|| self.choose(at, route, progress)) {
            Some((candidate, ready, alone)) => {
                Ok(self.dispatch(now, at, route, candidate, ready, alone, progress))
            }
            None => Err(self.starved(at, route, progress)),
        }
    }

    /// Whether a candidate of another channel than `candidate`'s could serve this request now.
    pub(crate) fn another_channel_is_ready(
        &self,
        at: Moment,
        route: &Route,
        progress: &Progress,
        candidate: usize,
    ) -> bool {
        let channel = &route.candidates[candidate].channel.id;
        route.fallback
            && route.candidates.iter().enumerate().any(|(index, other)| {
                other.channel.id != *channel && self.standing(at, route, index, progress).is_ok()
            })
    }

    /// Chooses within the first tier that has anybody who may serve.
    fn choose(&mut self, at: Moment, route: &Route, progress: &Progress) -> Option<(usize, Ready, bool)> {
        let mut members = std::mem::take(&mut self.members);
        members.clear();
        let end = self.first_tier(at, route, progress, &mut members);
        let first = members.first().map(|member| member.ready.born);
        let mut alone = !route.fallback || members.iter().all(|member| Some(member.ready.born) == first);
        if alone && route.fallback {
            alone = first.is_none_or(|born| !self.other_is_ready_from(end, born, at, route, progress));
        }
        spare_the_failed(route, progress, &mut members);
        let chosen = self.take_turn(&members).map(|turn| members[turn]);
        self.members = members;
        chosen.map(|member| (member.candidate, member.ready, alone))
    }

    /// Collects the candidates that may serve, of the first rank that has any; returns where the next rank begins.
    fn first_tier(&self, at: Moment, route: &Route, progress: &Progress, members: &mut Vec<Member>) -> usize {
        let mut index = 0;
        while let Some(candidate) = route.candidates.get(index) {
            let new_rank = index > 0 && route.candidates[index - 1].rank != candidate.rank;
            if new_rank && !members.is_empty() {
                break;
            }
            if let Ok(ready) = self.standing(at, route, index, progress) {
                members.push(Member { candidate: index, ready, weight: candidate.channel.weight });
            }
            index += 1;
        }
        index
    }

    fn other_is_ready_from(
        &self,
        begin: usize,
        born: u64,
        at: Moment,
        route: &Route,
        progress: &Progress,
    ) -> bool {
        let other = |index| self.standing(at, route, index, progress).is_ok_and(|ready| ready.born != born);
        (begin..route.candidates.len()).any(other)
    }

    /// Whose turn it is among the members of a tier, by the strategy. Strategies that need measurements share by
    /// weight until those are kept.
    fn take_turn(&mut self, members: &[Member]) -> Option<usize> {
        if members.len() <= 1 {
            return members.first().map(|_| 0);
        }
        if self.strategy == Strategy::Random {
            return Some(self.rng.usize(..members.len()));
        }
        self.weights.clear();
        let evenly = self.strategy == Strategy::RoundRobin;
        self.weights
            .extend(members.iter().map(|member| if evenly { member.weight.min(1) } else { member.weight }));
        Some(self.rotas.take(set_of(members), &self.weights))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one private call site; a struct for it would be a name for nothing"
    )]
    fn dispatch(
        &mut self,
        now: Now,
        at: Moment,
        route: &Route,
        candidate: usize,
        ready: Ready,
        alone: bool,
        progress: &mut Progress,
    ) -> Lease {
        let index = candidate;
        let candidate = &route.candidates[index];
        if progress.steps.is_empty() {
            self.retries.earn(at.mono);
        }
        let Ready { key, probes, .. } = ready;
        if probes.has(Scope::Line) {
            self.line.begin_probe();
        }
        let state =
            self.channels.get_mut(&candidate.channel.id).expect("a ready candidate's channel is known");
        if let Some(proxy) = state.proxy.as_ref().filter(|_| probes.has(Scope::Proxy)) {
            self.proxies.get_mut(proxy).expect("a gate of this proxy was passed").begin_probe();
        }
        if probes.has(Scope::Channel) {
            state.breaker.begin_probe();
        }
        state.minute.count(at.mono, state.channel.rpm);
        state.day.count(at.today);
        state.in_flight += 1;
        state.uses += 1;
        state.last_used = Some(now.wall);
        let stale = !Arc::ptr_eq(&state.channel, &candidate.channel)
            && !same_secret(&state.channel, &candidate.channel.keys[key]);
        let cell = CellId {
            channel: Arc::clone(&candidate.channel.id),
            key: Arc::clone(&candidate.channel.keys[key].name),
            model: Arc::clone(&candidate.model),
        };
        let (channel_born, proxy) = (state.born, state.proxy.clone());
        let key_state = state.key_mut(&cell.key).expect("a ready candidate's key is known");
        // A request on an old snapshot may still send a secret that has been replaced: it says nothing about the new
        // one, so it must not be its probe either.
        let probes_key = |scope| !stale && probes.has(scope);
        if probes_key(Scope::Key) {
            key_state.hold.begin_probe();
        }
        let key_born = if stale { 0 } else { key_state.born };
        let cell_state = key_state.cell_for_use(&candidate.model);
        cell_state.in_flight += 1;
        if probes_key(Scope::Model) {
            cell_state.hold.begin_probe();
        }
        if probes_key(Scope::Cell) {
            cell_state.breaker.begin_probe();
        }
        let alone = alone || progress.has_one_attempt_left();
        progress.steps.push(Step {
            walked: progress.walks_to(&cell),
            proxy: proxy.clone(),
            cell: cell.clone(),
            failure: None,
        });
        Lease {
            candidate: index,
            channel: Arc::clone(&candidate.channel.name),
            cell,
            key_index: key,
            attempt: progress.attempts(),
            alone,
            probe: probes.any(),
            probes,
            proxy,
            channel_born,
            key_born,
        }
    }

    /// Explains why nobody can serve.
    pub(crate) fn starved(&self, at: Moment, route: &Route, progress: &Progress) -> Starved {
        let held: Vec<Option<Held>> = (0..route.candidates.len())
            .map(|index| self.standing(at, route, index, progress).err())
            .collect();
        let candidates =
            route.candidates.iter().zip(&held).map(|(candidate, held)| told(at, candidate, *held));
        let skipped = route.skipped.iter().map(|one| (Arc::clone(&one.channel), one.reason.to_string()));
        let refusal = kind_of(&held);
        let able = held.iter().flatten().filter(|held| !held.is_lasting() && !held.is_spent());
        let soonest: Option<Duration> = match refusal {
            StarvedKind::NoneCanEver | StarvedKind::ModelUnavailable | StarvedKind::BudgetSpent => None,
            StarvedKind::AllLimited | StarvedKind::AllBenched | StarvedKind::Offline => {
                able.filter_map(|held| held.wait(at.mono)).min()
            }
        };
        Starved { refusal, soonest, candidates: candidates.collect(), skipped: skipped.collect() }
    }
}

/// Tells what holds a candidate; where nothing does, it is the request that may not ask it any more.
fn told(at: Moment, candidate: &Candidate, held: Option<Held>) -> HeldCandidate {
    let (reason, exclusion) = match held {
        Some(held) => (held.words(at.mono), Exclusion { held: held.told(), wait: held.wait(at.mono) }),
        None => (
            "may not be asked any more for this request".to_owned(),
            Exclusion { held: HeldBack::BudgetSpent, wait: None },
        ),
    };
    HeldCandidate { channel: Arc::clone(&candidate.channel.name), reason, exclusion }
}

/// Sums up why nobody can serve. What only a person can change does not count where something else will pass.
fn kind_of(held: &[Option<Held>]) -> StarvedKind {
    if held.iter().any(Option::is_none) {
        return StarvedKind::BudgetSpent;
    }
    let passing = || held.iter().flatten().filter(|held| !held.is_lasting());
    let waiting = || passing().filter(|held| !held.is_spent());
    if passing().next().is_none() {
        StarvedKind::NoneCanEver
    } else if waiting().next().is_none() {
        StarvedKind::BudgetSpent
    } else if waiting().all(|held| held.is_offline()) {
        StarvedKind::Offline
    } else if waiting().all(|held| held.lacks_the_model()) {
        StarvedKind::ModelUnavailable
    } else if waiting().all(|held| held.is_limit()) {
        StarvedKind::AllLimited
    } else {
        StarvedKind::AllBenched
    }
}

/// Leaves out channels that have failed this request already, where others of the tier have not.
fn spare_the_failed(route: &Route, progress: &Progress, members: &mut Vec<Member>) {
    if progress.steps.is_empty() {
        return;
    }
    let fresh = |member: &Member| !progress.has_failed(&route.candidates[member.candidate].channel.id);
    if members.iter().any(fresh) {
        members.retain(fresh);
    }
}

/// Names a set of members, in their order.
pub(crate) fn set_of(members: &[Member]) -> u64 {
    let mut hasher = QuickHasher::default();
    for member in members {
        hasher.write_u64(member.ready.born);
    }
    hasher.finish()
}
