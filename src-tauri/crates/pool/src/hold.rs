//! Withheld by the upstream for a while: a rate limit, a quota, a refused key, a model that is gone. Not broken.

use std::time::Duration;

use crate::breaker::{Gate, doubled};
use crate::constants::{
    CREDENTIAL_FIRST, CREDENTIAL_MAX, MODEL_BENCH, QUOTA_BENCH, QUOTA_MAX, RATE_LIMIT_FIRST, RATE_LIMIT_MAX,
};
use crate::failure::Class;
use crate::now::Now;

/// What an upstream withholds from one key, or from one key and model.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    current: Option<Withheld>,
    /// How often in a row it was withheld, without a success between.
    times: u32,
}

/// Why and how long something is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Withheld {
    pub(crate) reason: Class,
    pub(crate) since: Now,
    pub(crate) until: Duration,
    probing: bool,
}

impl Hold {
    pub(crate) fn gate(&self, at: Duration) -> Gate {
        let Some(withheld) = &self.current else { return Gate::Open };
        if at < withheld.until {
            return Gate::Shut { reason: withheld.reason, until: withheld.until };
        }
        if withheld.reason == Class::RateLimit {
            // The upstream itself named the time, or a short one was guessed: it is busy, not broken, and one long
            // stream must not keep everybody else waiting.
            return Gate::Open;
        }
        if withheld.probing { Gate::Probing { reason: withheld.reason } } else { Gate::Probe }
    }

    pub(crate) fn withheld(&self) -> Option<Withheld> {
        self.current
    }

    pub(crate) fn is_probing(&self) -> bool {
        self.current.is_some_and(|withheld| withheld.probing)
    }

    pub(crate) fn begin_probe(&mut self) {
        if let Some(withheld) = &mut self.current {
            withheld.probing = true;
        }
    }

    pub(crate) fn release_probe(&mut self) {
        if let Some(withheld) = &mut self.current {
            withheld.probing = false;
        }
    }

    /// Ends the hold: the upstream has served.
    pub(crate) fn clear(&mut self) {
        *self = Hold::default();
    }

    /// Withholds for as long as the upstream asks, or for as long as `reason` usually takes.
    pub(crate) fn withhold(&mut self, now: Now, reason: Class, asked: Option<Duration>) {
        let in_force = matches!(self.gate(now.mono), Gate::Shut { .. });
        let until = now.mono + length(reason, asked, self.times);
        if !in_force {
            // Requests that were under way together are refused together; they count as one refusal.
            self.times = self.times.saturating_add(1);
        }
        let kept = self.current.filter(|current| in_force && current.until > until);
        let since = self.current.filter(|_| in_force).map_or(now, |current| current.since);
        self.current = Some(kept.unwrap_or(Withheld { reason, since, until, probing: false }));
    }

    /// Makes whatever is withheld due for a probe.
    pub(crate) fn due_now(&mut self, now: Now) {
        if let Some(withheld) = &mut self.current {
            withheld.until = withheld.until.min(now.mono);
        }
    }

    /// After a sleep the wall clock knows better than the monotonic one, which may have stood still.
    pub(crate) fn shorten_to_wall(&mut self, now: Now) {
        let Some(withheld) = &mut self.current else { return };
        let slept = now.wall.duration_since(withheld.since.wall);
        let length = withheld.until.saturating_sub(withheld.since.mono);
        if Duration::try_from(slept).is_ok_and(|slept| slept >= length) {
            withheld.until = withheld.until.min(now.mono);
        }
    }

    /// Tells whether forgetting this would change nothing.
    pub(crate) fn is_over(&self, at: Duration) -> bool {
        self.gate(at) == Gate::Open
    }
}

fn length(reason: Class, asked: Option<Duration>, times: u32) -> Duration {
    match reason {
        Class::RateLimit => asked.map_or_else(
            || doubled(RATE_LIMIT_FIRST, times, RATE_LIMIT_MAX),
            |asked| asked.min(RATE_LIMIT_MAX),
        ),
        Class::Quota => asked.unwrap_or(QUOTA_BENCH).min(QUOTA_MAX),
        Class::Credential => doubled(CREDENTIAL_FIRST, times, CREDENTIAL_MAX),
        Class::ModelAccess | Class::ModelGone | Class::RegionBlocked => MODEL_BENCH,
        Class::Network
        | Class::ProxyFailure
        | Class::Tls
        | Class::Overloaded
        | Class::ServerError
        | Class::Silent
        | Class::NotOffered
        | Class::Untranslatable
        | Class::ContextLength
        | Class::ContentFilter
        | Class::CallerFault
        | Class::Malformed
        | Class::ClientGone => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::testing::at;

    fn seconds(hold: &Hold, now: Now) -> u64 {
        hold.withheld().unwrap().until.saturating_sub(now.mono).as_secs()
    }

    #[test]
    fn each_class_withholds_for_its_time() {
        let asked = |seconds| Some(Duration::from_secs(seconds));
        for (class, asked, expected) in [
            (Class::RateLimit, asked(17), 17),
            (Class::RateLimit, asked(198_300), 300),
            (Class::RateLimit, None, 10),
            (Class::Quota, None, 1_800),
            (Class::Quota, asked(7_200), 7_200),
            (Class::Quota, asked(1_000_000), 86_400),
            (Class::Credential, None, 300),
            (Class::ModelGone, None, 3_600),
            (Class::ModelAccess, None, 3_600),
            (Class::RegionBlocked, None, 3_600),
        ] {
            let mut hold = Hold::default();
            hold.withhold(at(0), class, asked);
            assert_eq!(seconds(&hold, at(0)), expected, "{class:?}");
        }
    }

    #[test]
    fn rate_limits_without_a_time_double_until_a_success() {
        let mut hold = Hold::default();
        let mut second = 0;
        for expected in [10, 20, 40, 80, 160, 300, 300] {
            hold.withhold(at(second), Class::RateLimit, None);
            assert_eq!(seconds(&hold, at(second)), expected);
            second += 300;
        }
        hold.clear();
        hold.withhold(at(second), Class::RateLimit, None);
        assert_eq!(seconds(&hold, at(second)), 10);
    }

    #[test]
    fn requests_refused_together_count_as_one_refusal() {
        let mut hold = Hold::default();
        for _ in 0..10 {
            hold.withhold(at(0), Class::RateLimit, None);
        }
        assert!(seconds(&hold, at(0)) <= 20);
    }

    #[test]
    fn a_shorter_wait_does_not_end_a_longer_one() {
        let mut hold = Hold::default();
        hold.withhold(at(0), Class::RateLimit, Some(Duration::from_secs(60)));
        hold.withhold(at(1), Class::RateLimit, Some(Duration::from_secs(2)));
        assert_eq!(hold.withheld().unwrap().until, at(60).mono);
    }

    #[test]
    fn a_rate_limit_ends_by_itself_and_a_quota_by_one_probe() {
        let mut hold = Hold::default();
        hold.withhold(at(0), Class::RateLimit, Some(Duration::from_secs(5)));
        assert_eq!(hold.gate(at(5).mono), Gate::Open);
        hold.withhold(at(5), Class::Quota, Some(Duration::from_secs(5)));
        assert_eq!(hold.gate(at(10).mono), Gate::Probe);
        hold.begin_probe();
        assert!(matches!(hold.gate(at(10).mono), Gate::Probing { .. }));
    }

    #[test]
    fn a_sleep_that_outlasts_the_wait_ends_it() {
        let mut hold = Hold::default();
        hold.withhold(at(0), Class::Quota, Some(Duration::from_secs(600)));
        let slept = |seconds: i64| Now {
            mono: Duration::from_secs(1),
            wall: at(0).wall + jiff::SignedDuration::from_secs(seconds),
        };
        hold.shorten_to_wall(slept(599));
        assert!(matches!(hold.gate(at(1).mono), Gate::Shut { .. }));
        hold.shorten_to_wall(slept(601));
        assert_eq!(hold.gate(at(1).mono), Gate::Probe);
    }
}
