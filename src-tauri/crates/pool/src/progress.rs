//! One request's way through its attempts.

use std::sync::Arc;
use std::time::Duration;

use config::{Candidate, Route};

use crate::constants::{COSTLY_ATTEMPTS_MAX, NEW_ATTEMPTS_FOR, UNANSWERED_RESENDS_MAX, WALK_MAX};
use crate::failure::{Class, Phase};
use crate::lease::CellId;
use crate::now::Now;
use crate::policy::{Next, may_have_cost, policy};
use crate::refusal::Refusal;
use crate::standing::Held;
use crate::state::ChannelState;

/// What one request has tried so far and what it may still try. Made once for each request and shown to every
/// `admit`; the budgets of routing.md §3 are read from it.
#[derive(Debug, Clone)]
pub struct Progress {
    pub(crate) started: Duration,
    pub(crate) stateful: bool,
    pub(crate) steps: Vec<Step>,
    /// The cell to ask once more, by the indices of candidate and key.
    pub(crate) repeat: Option<(usize, usize)>,
    /// The candidate whose next key comes before all others.
    pub(crate) next_key_of: Option<usize>,
    pub(crate) refusal: Option<Refusal>,
}

/// One attempt of the request.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) cell: CellId,
    pub(crate) proxy: Option<Arc<str>>,
    /// Whether it asked the next key of a channel because the one before was refused: that is no retry.
    pub(crate) walked: bool,
    pub(crate) failure: Option<(Class, Phase)>,
}

impl Progress {
    /// Begins a request. A stateful one (see [`Progress::new`]'s `stateful`: stored or background answers, answers
    /// that continue earlier ones, files) is never sent again once anything of it was sent.
    pub fn new(now: Now, stateful: bool) -> Progress {
        Progress {
            started: now.mono,
            stateful,
            steps: Vec::new(),
            repeat: None,
            next_key_of: None,
            refusal: None,
        }
    }

    /// A request that has asked nobody yet.
    pub(crate) fn begun_at(at: Duration) -> Progress {
        Progress {
            started: at,
            stateful: false,
            steps: Vec::new(),
            repeat: None,
            next_key_of: None,
            refusal: None,
        }
    }

    /// The number of attempts so far.
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    /// What the client sees if nothing more can be tried: decided by the failures so far. When `admit` starves a
    /// request that has already had an attempt, this is its answer, in our words (the upstream's body is gone).
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The cells that were tried, in order; one that was asked twice stands there twice.
    pub fn tried(&self) -> impl Iterator<Item = &CellId> {
        self.steps.iter().map(|step| &step.cell)
    }
}

impl Progress {
    /// Whether one more attempt may begin at all.
    pub(crate) fn has_budget(&self, at: Duration) -> bool {
        let (mut costly, mut walked, mut unanswered) = (0, 0, 0);
        for (class, phase) in self.steps.iter().filter_map(|step| step.failure) {
            if may_have_cost(class, phase) {
                costly += 1;
            } else {
                walked += 1;
            }
            unanswered += usize::from(phase == Phase::P1);
        }
        costly < COSTLY_ATTEMPTS_MAX
            && walked < WALK_MAX
            && unanswered <= UNANSWERED_RESENDS_MAX
            && at.saturating_sub(self.started) < NEW_ATTEMPTS_FOR
    }

    /// Whether no attempt may follow the next one if that one goes silent or breaks, whoever is free by then: the
    /// request must not be sent twice, its costly attempts are used up, or it was left unanswered once already.
    pub(crate) fn has_one_attempt_left(&self) -> bool {
        let failures = || self.steps.iter().filter_map(|step| step.failure);
        let costly = failures().filter(|&(class, phase)| may_have_cost(class, phase)).count();
        let unanswered = failures().filter(|&(_, phase)| phase == Phase::P1).count();
        self.stateful || costly + 1 >= COSTLY_ATTEMPTS_MAX || unanswered >= UNANSWERED_RESENDS_MAX
    }

    /// Whether what was tried so far leaves `candidate` open to this request.
    pub(crate) fn allows(
        &self,
        route: &Route,
        candidate: &Candidate,
        state: &ChannelState,
    ) -> Result<(), Held> {
        let channel = &candidate.channel.id;
        let first = self.steps.first().map(|step| &step.cell.channel);
        if !route.fallback && first.is_some_and(|first| first != channel) {
            return Err(Held::NoFallback);
        }
        let avoids_proxy = state.proxy.is_some()
            && self.steps.iter().any(|step| step.proxy == state.proxy && step.failed_by(Class::ProxyFailure));
        let unanswered_here = |step: &Step| {
            step.cell.channel == *channel && step.failure.is_some_and(|(_, phase)| phase == Phase::P1)
        };
        let not_offered_here = |step: &Step| step.cell.channel == *channel && step.failed_by_its_nature();
        if avoids_proxy || self.steps.iter().any(|step| unanswered_here(step) || not_offered_here(step)) {
            return Err(Held::Spent);
        }
        let walks =
            self.steps.last().is_some_and(|last| last.cell.channel == *channel && last.refused_its_key());
        if self.has_asked(channel) && !walks && self.extra_on(channel) >= candidate.channel.max_retries {
            return Err(Held::Spent);
        }
        Ok(())
    }

    pub(crate) fn has_tried(&self, channel: &Arc<str>, key: &Arc<str>, model: &Arc<str>) -> bool {
        self.steps
            .iter()
            .any(|Step { cell, .. }| cell.model == *model && cell.key == *key && cell.channel == *channel)
    }

    pub(crate) fn has_asked(&self, channel: &Arc<str>) -> bool {
        self.steps.iter().any(|step| step.cell.channel == *channel)
    }

    /// Whether `channel` has failed this request by more than refusing one of its keys.
    pub(crate) fn has_failed(&self, channel: &Arc<str>) -> bool {
        self.steps.iter().any(|step| step.cell.channel == *channel && !step.refused_its_key())
    }

    /// Attempts on `channel` beyond its first, without those that merely walked to its next key.
    pub(crate) fn extra_on(&self, channel: &Arc<str>) -> u32 {
        let asked = self.steps.iter().filter(|step| step.cell.channel == *channel);
        u32::try_from(asked.skip(1).filter(|step| !step.walked).count()).unwrap_or(u32::MAX)
    }

    pub(crate) fn times_asked(&self, cell: &CellId) -> usize {
        self.steps.iter().filter(|step| step.cell == *cell).count()
    }

    /// Whether nothing but `cell` was asked.
    pub(crate) fn only_asked(&self, cell: &CellId) -> bool {
        self.steps.iter().all(|step| step.cell == *cell)
    }

    /// Whether the request has already gone from one channel to another.
    pub(crate) fn has_failed_over(&self) -> bool {
        self.steps
            .first()
            .is_some_and(|first| self.steps.iter().any(|step| step.cell.channel != first.cell.channel))
    }

    /// Whether an attempt on `cell` would walk to the next key of the channel that refused one.
    pub(crate) fn walks_to(&self, cell: &CellId) -> bool {
        self.steps.last().is_some_and(|last| {
            last.refused_its_key() && last.cell.channel == cell.channel && last.cell != *cell
        })
    }
}

impl Step {
    fn failed_by(&self, class: Class) -> bool {
        self.failure.is_some_and(|(found, _)| found == class)
    }

    /// Whether every key and model of the channel would fail in the same way.
    fn failed_by_its_nature(&self) -> bool {
        self.failed_by(Class::NotOffered) || self.failed_by(Class::Untranslatable)
    }

    fn refused_its_key(&self) -> bool {
        self.failure.is_some_and(|(class, _)| policy(class).next == Next::KeyThenRoute)
    }
}
