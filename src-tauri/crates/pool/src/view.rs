//! The pool as people see it. Nothing here changes anything.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::failure::Class;
use crate::lease::Scope;

/// A channel's health in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It gets traffic.
    Healthy,
    /// It gets no traffic for now.
    Benched,
    /// One live request is trying it.
    Probing,
    /// A limit of the file is used up.
    Full,
    /// None of its keys can be used.
    NeedsKey,
    /// It is switched off, or a limit of the file is 0.
    Off,
}

/// One channel as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelView {
    /// The channel's id.
    pub id: Arc<str>,
    /// The channel's name.
    pub name: Arc<str>,
    /// Its health.
    pub state: Health,
    /// Why it is not healthy, for a program.
    pub reason_code: Option<ReasonCode>,
    /// Why it is not healthy, in words that follow the channel's name.
    pub reason: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Until when it gets no traffic.
    pub until: Option<Timestamp>,
    /// When one live request will try it.
    pub next_probe: Option<Timestamp>,
    /// Of the good probes that an open breaker needs, how many it has seen.
    pub probes_passed: u32,
    /// How many good probes close the breaker; 0 where none is open.
    pub probes_needed: u32,
    /// Attempts that run now.
    pub in_flight: u32,
    /// What counts against its limits.
    pub usage: Usage,
    /// The limits themselves: -1 for none, 0 for off.
    pub limits: Limits,
    /// Attempts since the process began.
    pub uses: u64,
    /// Failed attempts since the process began.
    pub errors: u64,
    /// The last dispatch.
    pub last_used: Option<Timestamp>,
    /// The last failure.
    pub last_error: Option<LastError>,
    /// Every model of every key that is withheld or broken while the channel itself may be well.
    pub benched_cells: Vec<BenchedCell>,
}

impl ChannelView {
    /// Tells whether the channel would get the next request that it can serve.
    pub fn available(&self) -> bool {
        match self.state {
            Health::Healthy | Health::Probing => true,
            Health::Benched | Health::Full | Health::NeedsKey | Health::Off => false,
        }
    }
}

/// What keeps a channel from serving, for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(untagged)]
pub enum ReasonCode {
    /// A failure of this kind benched it.
    Failure(Class),
    /// This limit of the file is used up: `rpm` or `rpd`.
    Limit(&'static str),
}

/// Requests that count against a channel's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// In the last 60 seconds.
    pub rpm: u64,
    /// In the current day.
    pub rpd: u64,
}

/// A channel's limits as the file writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Requests in any 60 seconds.
    pub rpm: i64,
    /// Requests in a day.
    pub rpd: i64,
}

/// A channel's last failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct LastError {
    /// When.
    #[ts(type = "Timestamp")]
    pub at: Timestamp,
    /// Of what kind.
    pub class: Class,
    /// In words.
    pub message: String,
}

/// A model of a key that gets no traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct BenchedCell {
    /// The key's name.
    pub key: Arc<str>,
    /// The model; nothing where the whole key is benched.
    pub model: Option<Arc<str>>,
    /// Why.
    pub class: Class,
    /// Since when.
    #[ts(type = "Timestamp")]
    pub since: Timestamp,
    /// Until when.
    #[ts(type = "Timestamp")]
    pub until: Timestamp,
    /// Whether a live request is trying it now.
    pub probing: bool,
}

/// What keeps a candidate from serving now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "code")]
#[ts(rename = "Held")]
pub enum HeldBack {
    /// The channel or its key is no longer configured.
    Removed,
    /// It is switched off.
    Off,
    /// A limit of 0.
    LimitZero {
        /// The limit's name in the file.
        limit: &'static str,
    },
    /// No key can be used.
    NeedsKey,
    /// This request has asked it already, or may not ask it (again).
    Spent,
    /// The request may not leave the channel it began with.
    NoFallback,
    /// The request has used up its attempts or its time.
    BudgetSpent,
    /// A limit of the file is used up.
    Full {
        /// The limit's name in the file.
        limit: &'static str,
        /// What the file allows.
        #[ts(type = "number")]
        most: i64,
    },
    /// It gets no traffic for a while.
    Benched {
        /// What is benched.
        scope: Scope,
        /// Why.
        class: Class,
    },
    /// Another request is probing it.
    Probing {
        /// What is probed.
        scope: Scope,
        /// Why it was benched.
        class: Class,
    },
}

/// Why a candidate could not be asked when its turn came, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Exclusion {
    /// What held it.
    pub held: HeldBack,
    /// Until it could be asked, in whole milliseconds, as far as that could be told.
    #[serde(rename = "wait_ms", serialize_with = "whole_ms")]
    #[ts(type = "number | null")]
    pub wait: Option<Duration>,
}

/// One candidate of a route, weighed without trying it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Weighed {
    /// The index into the route's candidates.
    pub candidate: usize,
    /// The channel's name.
    pub channel: Arc<str>,
    /// The model that the upstream would be asked for.
    pub model: Arc<str>,
    /// Its tier; lower comes first.
    pub rank: u32,
    /// Whether it could serve an attempt now.
    pub eligible: bool,
    /// Why it could not, in words that follow the channel's name.
    pub reason: Option<String>,
    /// Why it could not, for programs.
    pub held: Option<HeldBack>,
    /// Until it could, in whole milliseconds, as far as that can be told.
    #[serde(rename = "wait_ms", serialize_with = "whole_ms")]
    #[ts(type = "number | null")]
    pub wait: Option<Duration>,
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn whole_ms<S: Serializer>(wait: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    ms.serialize(serializer)
}
