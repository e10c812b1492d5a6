//! Whether a candidate may serve an attempt now, and if not, why not.

use std::fmt;
use std::time::Duration;

use config::{Candidate, Limit, Route};
use jiff::civil::Date;

use crate::breaker::Gate;
use crate::failure::Class;
use crate::lease::{Probes, Scope};
use crate::pool::Pool;
use crate::progress::Progress;
use crate::state::{CellState, ChannelState, KeyState};
use crate::view::HeldBack;

/// The moment for which standings are asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) mono: Duration,
    pub(crate) today: Date,
    /// When `today` ends, on the monotonic clock.
    pub(crate) midnight: Duration,
}

/// A candidate may serve: with this key, and as the probe of these scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) key: usize,
    pub(crate) probes: Probes,
    /// The incarnation of its channel, which names the channel without its text.
    pub(crate) born: u64,
}

/// Why a candidate may not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// The channel or its key is no longer configured.
    Removed,
    /// It is switched off.
    Off,
    /// A limit of 0.
    LimitZero { limit: &'static str },
    /// No key can be used.
    NeedsKey,
    /// This request has asked it already, or may not ask it (again).
    Spent,
    /// The request may not leave the channel it began with.
    NoFallback,
    /// A limit of the file is used up.
    Full { limit: &'static str, most: i64, until: Duration },
    /// It gets no traffic until then.
    Benched { scope: Scope, reason: Class, until: Duration },
    /// Another request is probing it.
    Probing { scope: Scope, reason: Class },
}

impl Held {
    /// What holds it, without the moment until which it does.
    pub(crate) fn told(self) -> HeldBack {
        match self {
            Held::Removed => HeldBack::Removed,
            Held::Off => HeldBack::Off,
            Held::LimitZero { limit } => HeldBack::LimitZero { limit },
            Held::NeedsKey => HeldBack::NeedsKey,
            Held::Spent => HeldBack::Spent,
            Held::NoFallback => HeldBack::NoFallback,
            Held::Full { limit, most, until: _ } => HeldBack::Full { limit, most },
            Held::Benched { scope, reason, until: _ } => HeldBack::Benched { scope, class: reason },
            Held::Probing { scope, reason } => HeldBack::Probing { scope, class: reason },
        }
    }

    /// Whether nothing but a person can change it.
    pub(crate) fn is_lasting(self) -> bool {
        match self {
            Held::Removed | Held::Off | Held::LimitZero { .. } | Held::NeedsKey => true,
            Held::Benched { reason, .. } | Held::Probing { reason, .. } => reason == Class::Credential,
            Held::Spent | Held::NoFallback | Held::Full { .. } => false,
        }
    }

    /// Whether a limit holds it, the file's or the upstream's.
    pub(crate) fn is_limit(self) -> bool {
        match self {
            Held::Full { .. } => true,
            Held::Benched { reason, .. } | Held::Probing { reason, .. } => {
                matches!(reason, Class::RateLimit | Class::Quota)
            }
            Held::Removed
            | Held::Off
            | Held::LimitZero { .. }
            | Held::NeedsKey
            | Held::Spent
            | Held::NoFallback => false,
        }
    }

    /// Whether this request itself is the reason.
    pub(crate) fn is_spent(self) -> bool {
        matches!(self, Held::Spent | Held::NoFallback)
    }

    /// Whether the upstream does not serve the model to this key or from here. While another request tries whether
    /// that still holds, it is not known.
    pub(crate) fn lacks_the_model(self) -> bool {
        match self {
            Held::Benched { reason, .. } => {
                matches!(reason, Class::ModelAccess | Class::ModelGone | Class::RegionBlocked)
            }
            Held::Removed
            | Held::Off
            | Held::LimitZero { .. }
            | Held::NeedsKey
            | Held::Spent
            | Held::NoFallback
            | Held::Full { .. }
            | Held::Probing { .. } => false,
        }
    }

    pub(crate) fn is_offline(self) -> bool {
        matches!(self, Held::Benched { scope: Scope::Line, .. } | Held::Probing { scope: Scope::Line, .. })
    }

    /// How long it lasts from `at`, as far as that can be told.
    pub(crate) fn wait(self, at: Duration) -> Option<Duration> {
        match self {
            Held::Full { until, .. } | Held::Benched { until, .. } => Some(until.saturating_sub(at)),
            Held::Probing { .. } => Some(crate::constants::PROBE_RECHECK),
            Held::Removed
            | Held::Off
            | Held::LimitZero { .. }
            | Held::NeedsKey
            | Held::Spent
            | Held::NoFallback => None,
        }
    }

    /// Words that follow the channel's name.
    pub(crate) fn words(self, at: Duration) -> String {
        Told { held: self, at }.to_string()
    }
}

struct Told {
    held: Held,
    at: Duration,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |until: Duration| until.saturating_sub(self.at).as_secs_f64().ceil();
        match self.held {
            Held::Removed => f.write_str("is no longer configured"),
            Held::Off => f.write_str("is switched off"),
            Held::LimitZero { limit } => write!(f, "{limit} is 0"),
            Held::NeedsKey => f.write_str("needs a key"),
            Held::Spent => f.write_str("was already asked for this request"),
            Held::NoFallback => f.write_str("would come later, and fallback is off"),
            Held::Full { limit, most, until } => {
                write!(f, "has used its {limit} of {most}; free in {} s", seconds(until))
            }
            Held::Benched { scope: Scope::Line, until, .. } => {
                write!(f, "waits, this machine seems to be offline; tried again in {} s", seconds(until))
            }
            Held::Benched { scope, reason, until } => {
                write!(f, "{} ({} benched for {} s)", reason.words(), scope.words(), seconds(until))
            }
            Held::Probing { scope, reason } => {
                write!(f, "{} ({} being tried by another request)", reason.words(), scope.words())
            }
        }
    }
}

impl Pool {
    /// The standing of one candidate for one request.
    pub(crate) fn standing(
        &self,
        at: Moment,
        route: &Route,
        candidate: usize,
        progress: &Progress,
    ) -> Result<Ready, Held> {
        let candidate = &route.candidates[candidate];
        let state = self.channels.get(&candidate.channel.id).ok_or(Held::Removed)?;
        if !progress.steps.is_empty() {
            progress.allows(route, candidate, state)?;
        }
        let probes = self.way_to(at, state)?;
        keys_of(at, candidate, state, progress, probes)
    }

    /// The standing of one cell that the request has asked already and would ask once more.
    pub(crate) fn standing_again(
        &self,
        at: Moment,
        candidate: &Candidate,
        key: usize,
    ) -> Result<Ready, Held> {
        let state = self.channels.get(&candidate.channel.id).ok_or(Held::Removed)?;
        let probes = self.way_to(at, state)?;
        let probes = key_gates(at, candidate, state, key, probes)?;
        Ok(Ready { key, probes, born: state.born })
    }

    /// Everything that lies before the channel's keys: switches, line, proxy, the channel's health and its limits.
    pub(crate) fn way_to(&self, at: Moment, state: &ChannelState) -> Result<Probes, Held> {
        let channel = &state.channel;
        let mut probes = Probes::default();
        if !channel.enabled {
            return Err(Held::Off);
        }
        pass(self.line.gate(&channel.id, at.mono), Scope::Line, &mut probes)?;
        if let Some(proxy) = state.proxy.as_ref().and_then(|proxy| self.proxies.get(proxy)) {
            pass(proxy.gate(at.mono), Scope::Proxy, &mut probes)?;
        }
        pass(state.breaker.gate(at.mono), Scope::Channel, &mut probes)?;
        limits(at, state)?;
        Ok(probes)
    }
}

/// Whether the limits of the file leave room for one more dispatch.
pub(crate) fn limits(at: Moment, state: &ChannelState) -> Result<(), Held> {
    let channel = &state.channel;
    for (limit, name) in [(channel.rpm, "rpm"), (channel.rpd, "rpd")] {
        if limit == Limit::Disabled {
            return Err(Held::LimitZero { limit: name });
        }
    }
    if state.day.is_full(at.today, channel.rpd) {
        return Err(Held::Full { limit: "rpd", most: channel.rpd.as_number(), until: at.midnight });
    }
    match state.minute.full_until(at.mono, channel.rpm) {
        None => Ok(()),
        Some(until) => Err(Held::Full { limit: "rpm", most: channel.rpm.as_number(), until }),
    }
}

/// The first key that may serve; else the reason of the one that may serve soonest.
fn keys_of(
    at: Moment,
    candidate: &Candidate,
    state: &ChannelState,
    progress: &Progress,
    probes: Probes,
) -> Result<Ready, Held> {
    let mut held = Held::NeedsKey;
    for (key, configured) in candidate.channel.keys.iter().enumerate() {
        let reason = if !configured.enabled || configured.secret.is_none() {
            Held::NeedsKey
        } else if progress.has_tried(&candidate.channel.id, &configured.name, &candidate.model) {
            Held::Spent
        } else {
            match key_gates(at, candidate, state, key, probes) {
                Ok(probes) => return Ok(Ready { key, probes, born: state.born }),
                Err(reason) => reason,
            }
        };
        held = sooner(at.mono, held, reason);
    }
    Err(held)
}

/// What holds one key, and that key's cell for the candidate's model.
fn key_gates(
    at: Moment,
    candidate: &Candidate,
    state: &ChannelState,
    key: usize,
    probes: Probes,
) -> Result<Probes, Held> {
    let name = &candidate.channel.keys[key].name;
    let key = match state.keys.get(key) {
        Some(key) if key.name == *name => key,
        Some(_) | None => state.key(name).ok_or(Held::Removed)?,
    };
    cell_gates(at, key, key.cells.get(&candidate.model), probes)
}

/// What holds a key and one of its cells.
pub(crate) fn cell_gates(
    at: Moment,
    key: &KeyState,
    cell: Option<&CellState>,
    mut probes: Probes,
) -> Result<Probes, Held> {
    pass(key.hold.gate(at.mono), Scope::Key, &mut probes)?;
    if let Some(cell) = cell {
        pass(cell.hold.gate(at.mono), Scope::Model, &mut probes)?;
        pass(cell.breaker.gate(at.mono), Scope::Cell, &mut probes)?;
    }
    Ok(probes)
}

fn pass(gate: Gate, scope: Scope, probes: &mut Probes) -> Result<(), Held> {
    match gate {
        Gate::Open => Ok(()),
        Gate::Probe => {
            probes.add(scope);
            Ok(())
        }
        Gate::Shut { reason, until } => Err(Held::Benched { scope, reason, until }),
        Gate::Probing { reason } => Err(Held::Probing { scope, reason }),
    }
}

/// Of two reasons the one that ends first; one that ends by itself comes before one that does not.
fn sooner(at: Duration, one: Held, other: Held) -> Held {
    match (one.wait(at), other.wait(at)) {
        (Some(one_wait), Some(other_wait)) if one_wait <= other_wait => one,
        (_, Some(_)) => other,
        (Some(_), None) => one,
        (None, None) if one == Held::NeedsKey => other,
        (None, None) => one,
    }
}
