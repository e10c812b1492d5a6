//! One request's way through its attempts.

use std::sync::Arc;
use std::time::Duration;

use crate::failure::{Class, Phase};
use crate::lease::CellId;
use crate::now::Now;
use crate::refusal::Refusal;

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
    /// Whether it asked a cell of which nothing had been asked before on this channel after a refusal of the key.
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
