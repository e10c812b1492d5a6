//! The machine's own way to the network: two channels on two hosts that cannot be reached at all mean that it is
//! this machine that is offline, and nobody else is to blame.

use std::sync::Arc;
use std::time::Duration;

use crate::breaker::Gate;
use crate::constants::{OFFLINE_RECHECK, OFFLINE_WITHIN, UNREACHABLE_MAX};
use crate::failure::Class;
use crate::now::Now;

/// What is known of the way to the network.
#[derive(Debug, Default)]
pub(crate) struct Line {
    unreached: Vec<Unreached>,
    down: Option<Down>,
}

#[derive(Debug)]
struct Unreached {
    channel: Arc<str>,
    host: Box<str>,
    at: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Down {
    next_probe: Duration,
    probing: bool,
}

impl Line {
    /// Whether `channel` may be tried. One that has not failed yet always may: it may be in a network that is up.
    pub(crate) fn gate(&self, channel: &str, at: Duration) -> Gate {
        let Some(down) = self.down else { return Gate::Open };
        if !self.unreached.iter().any(|unreached| &*unreached.channel == channel) {
            return Gate::Open;
        }
        if at < down.next_probe {
            return Gate::Shut { reason: Class::Network, until: down.next_probe };
        }
        if down.probing { Gate::Probing { reason: Class::Network } } else { Gate::Probe }
    }

    pub(crate) fn is_down(&self) -> bool {
        self.down.is_some()
    }

    pub(crate) fn begin_probe(&mut self) {
        if let Some(down) = &mut self.down {
            down.probing = true;
        }
    }

    pub(crate) fn release_probe(&mut self) {
        if let Some(down) = &mut self.down {
            down.probing = false;
        }
    }

    /// Notes that `channel` had no route or no DNS; tells whether this machine is offline now.
    pub(crate) fn unreachable(&mut self, now: Now, channel: &Arc<str>, host: &str, was_probe: bool) -> bool {
        if self.down.is_none() {
            self.unreached.retain(|earlier| now.mono.saturating_sub(earlier.at) <= OFFLINE_WITHIN);
        }
        let elsewhere =
            self.unreached.iter().any(|earlier| earlier.channel != *channel && &*earlier.host != host);
        self.unreached.retain(|earlier| earlier.channel != *channel);
        if self.unreached.len() < UNREACHABLE_MAX {
            self.unreached.push(Unreached { channel: Arc::clone(channel), host: host.into(), at: now.mono });
        }
        if was_probe || (self.down.is_none() && elsewhere) {
            self.down = Some(Down { next_probe: now.mono + OFFLINE_RECHECK, probing: false });
        }
        self.is_down()
    }

    /// Notes that some channel beyond this machine was reached.
    pub(crate) fn reached(&mut self) {
        if self.down.is_some() || !self.unreached.is_empty() {
            *self = Line::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, at_ms};

    fn id(name: &str) -> Arc<str> {
        name.into()
    }

    #[test]
    fn two_hosts_within_two_seconds_mean_offline_and_less_does_not() {
        for (second_channel, second_host, after_ms, offline) in [
            ("b", "b.example", 1_999, true),
            ("b", "b.example", 2_001, false),
            ("b", "a.example", 1, false),
            ("a", "b.example", 1, false),
        ] {
            let mut line = Line::default();
            assert!(!line.unreachable(at(0), &id("a"), "a.example", false));
            let found = line.unreachable(at_ms(after_ms), &id(second_channel), second_host, false);
            assert_eq!(found, offline, "{second_channel} on {second_host} after {after_ms} ms");
        }
    }

    #[test]
    fn offline_holds_what_failed_and_one_probe_finds_the_way_back() {
        let mut line = Line::default();
        line.unreachable(at(0), &id("a"), "a.example", false);
        line.unreachable(at(0), &id("b"), "b.example", false);
        assert_eq!(line.gate("c", at(0).mono), Gate::Open);
        assert!(matches!(line.gate("a", at(4).mono), Gate::Shut { .. }));
        assert_eq!(line.gate("a", at(5).mono), Gate::Probe);
        line.begin_probe();
        assert!(matches!(line.gate("b", at(5).mono), Gate::Probing { .. }));
        assert!(line.unreachable(at(5), &id("a"), "a.example", true));
        assert!(matches!(line.gate("b", at(9).mono), Gate::Shut { .. }));
        line.reached();
        assert_eq!(line.gate("a", at(9).mono), Gate::Open);
    }
}
