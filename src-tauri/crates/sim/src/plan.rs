//! How one simulator behaves.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::script::{Match, Rule, Then};

/// Describes one simulated provider: its name, its pace and its faults.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Stands in every answer, so that a reader sees who spoke.
    pub name: String,
    /// The port on 127.0.0.1; 0 lets the system choose one.
    pub port: u16,
    /// What the model lists name.
    pub models: Vec<String>,
    /// The pause before the response head.
    pub latency: Duration,
    /// The pause between two events of a stream.
    pub event_gap: Duration,
    /// The fault script in force from the start; see [`Rule`].
    pub rules: Vec<Rule>,
    /// Whether requests that break a provider's rules are refused as the provider would.
    pub strict: bool,
    /// Whether requests are kept for whoever asks what was seen.
    pub keeps_requests: bool,
}

impl Plan {
    /// Answers every request at once and without a fault.
    pub fn steady(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            port: 0,
            models: ["sim-large", "sim-small", "sim-embedding"].map(str::to_owned).to_vec(),
            latency: Duration::ZERO,
            event_gap: Duration::ZERO,
            rules: Vec::new(),
            strict: false,
            keeps_requests: true,
        }
    }

    /// Answers every second request with 503, as an overloaded provider does.
    pub fn flaky(name: &str) -> Self {
        let overloaded =
            Rule { every: NonZeroU32::new(2), ..Rule::always(Match::default(), Then::status(503)) };
        Self { rules: vec![overloaded], ..Self::steady(name) }
    }

    /// Waits this long before the head and between two events, so that a person can watch a stream.
    #[must_use]
    pub fn paced(self, latency: Duration, event_gap: Duration) -> Self {
        Self { latency, event_gap, ..self }
    }

    /// Keeps no request: nobody will ask what was seen.
    #[must_use]
    pub fn forgetful(self) -> Self {
        Self { keeps_requests: false, ..self }
    }

    /// Refuses what the provider would refuse: see the crate's `rules`.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    /// Listens on this port of 127.0.0.1.
    #[must_use]
    pub fn on_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Starts with this fault script instead of the plan's own.
    #[must_use]
    pub fn scripted(self, rules: Vec<Rule>) -> Self {
        Self { rules, ..self }
    }
}
