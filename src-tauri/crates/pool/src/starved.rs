//! Why no attempt can be made.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use wire::Protocol;
use wire::errors::Kind;

use crate::constants::QUEUE_WITHIN;
use crate::refusal::{overload_status, whole_seconds};
use crate::view::Exclusion;

/// No candidate can serve an attempt now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starved {
    /// What holds the candidates back.
    pub refusal: StarvedKind,
    /// Until the first of them can serve again, as far as that can be told.
    pub soonest: Option<Duration>,
    /// What holds each candidate of the route, in the route's order.
    pub candidates: Vec<HeldCandidate>,
    /// Each channel that was no candidate, and why in words that follow its name.
    pub skipped: Vec<(Arc<str>, String)>,
}

/// A candidate that cannot serve an attempt now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCandidate {
    /// The channel's name.
    pub channel: Arc<str>,
    /// Why, in words that follow the channel's name.
    pub reason: String,
    /// The same, for programs.
    pub exclusion: Exclusion,
}

/// What holds the candidates back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StarvedKind {
    /// Every candidate that could serve is held by a limit, its own or the upstream's.
    AllLimited,
    /// Every candidate is benched or held by a limit.
    AllBenched,
    /// No candidate can serve until somebody changes something: no key, a refused key, switched off, a limit of 0.
    NoneCanEver,
    /// No candidate that could serve has the model now: it is unknown there, closed to the key or to this region.
    ModelUnavailable,
    /// This machine is offline.
    Offline,
    /// The request has used up its attempts or its time, or has asked every candidate.
    BudgetSpent,
}

impl Starved {
    /// Each channel's name and its reason in words: candidates first, then the skipped ones.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, &str)> {
        let held = self.candidates.iter().map(|candidate| (&*candidate.channel, &*candidate.reason));
        held.chain(self.skipped.iter().map(|(channel, reason)| (&**channel, &**reason)))
    }

    /// The kind of error that the client sees.
    pub fn kind(&self) -> Kind {
        match self.refusal {
            StarvedKind::AllLimited => Kind::RateLimit,
            StarvedKind::AllBenched => Kind::Overloaded,
            StarvedKind::ModelUnavailable => Kind::NotFound,
            StarvedKind::NoneCanEver | StarvedKind::Offline | StarvedKind::BudgetSpent => Kind::Unavailable,
        }
    }

    /// The status that a client of `protocol` gets.
    pub fn status(&self, protocol: Protocol) -> u16 {
        match self.refusal {
            StarvedKind::AllLimited => 429,
            StarvedKind::AllBenched => overload_status(protocol),
            StarvedKind::ModelUnavailable => 404,
            StarvedKind::NoneCanEver | StarvedKind::Offline | StarvedKind::BudgetSpent => 503,
        }
    }

    /// The value of `Retry-After`: whole seconds, rounded up, at most 60; nothing where coming again is no use.
    pub fn retry_after_s(&self) -> Option<u64> {
        if self.should_retry() { self.soonest.map(whole_seconds) } else { None }
    }

    /// The value of `x-should-retry`.
    pub fn should_retry(&self) -> bool {
        match self.refusal {
            StarvedKind::AllLimited | StarvedKind::AllBenched | StarvedKind::Offline => true,
            StarvedKind::NoneCanEver | StarvedKind::ModelUnavailable | StarvedKind::BudgetSpent => false,
        }
    }

    /// How long the request may wait in a queue for the first recovery, if that is near enough to wait for.
    pub fn worth_waiting(&self) -> Option<Duration> {
        let wait = self.soonest?;
        match self.refusal {
            StarvedKind::AllLimited | StarvedKind::AllBenched if wait <= QUEUE_WITHIN => Some(wait),
            StarvedKind::AllLimited
            | StarvedKind::AllBenched
            | StarvedKind::NoneCanEver
            | StarvedKind::ModelUnavailable
            | StarvedKind::Offline
            | StarvedKind::BudgetSpent => None,
        }
    }
}
