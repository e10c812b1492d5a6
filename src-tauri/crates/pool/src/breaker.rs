//! Broken or not: three consecutive failures, or half of many, bench; two good probes return.
//!
//! ```text
//!            3 in a row, or ≥ 50 % of ≥ 10 in 60 s, or a bad certificate
//!   closed ────────────────────────────────────────────────────────────► open ◄─────────┐
//!      ▲                                                                  │ until       │ a failed probe doubles
//!      │ the second good probe                                            ▼             │
//!      └───────────────────────────────────────────────────────────── half-open ────────┘
//!                                                          one live request at a time
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;

use crate::constants::{
    FAILURES_TO_OPEN, OPEN_FIRST, OPEN_JITTER_PERCENT, OPEN_MAX, RATE_FAILED_ONE_IN, RATE_OUTCOMES_MAX,
    RATE_OUTCOMES_MIN, RATE_WINDOW, SUCCESSES_TO_CLOSE,
};
use crate::failure::Class;
use crate::now::Now;

/// The health of one proxy, channel or cell.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: State,
    recent: Recent,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { opening: Opening, successes: u32, probing: bool },
}

/// Why and how long a breaker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) reason: Class,
    pub(crate) since: Now,
    pub(crate) until: Duration,
    times: u32,
}

/// What a breaker, or a hold, says to a request that wants through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Come in.
    Open,
    /// Come in as the one probe.
    Probe,
    /// Not before `until`.
    Shut { reason: Class, until: Duration },
    /// Somebody else is probing.
    Probing { reason: Class },
}

/// Whether a failure also weighs in the error rate, or only in the row of consecutive failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Rate,
    RowOnly,
}

impl Default for State {
    fn default() -> State {
        State::Closed { failures: 0 }
    }
}

impl Breaker {
    pub(crate) fn gate(&self, at: Duration) -> Gate {
        match &self.state {
            State::Closed { .. } => Gate::Open,
            State::Open { opening, .. } if at < opening.until => {
                Gate::Shut { reason: opening.reason, until: opening.until }
            }
            State::Open { opening, probing: true, .. } => Gate::Probing { reason: opening.reason },
            State::Open { probing: false, .. } => Gate::Probe,
        }
    }

    pub(crate) fn opening(&self) -> Option<Opening> {
        match &self.state {
            State::Closed { .. } => None,
            State::Open { opening, .. } => Some(*opening),
        }
    }

    /// The good probes seen since it opened; nothing while it is closed.
    pub(crate) fn good_probes(&self) -> Option<u32> {
        match &self.state {
            State::Closed { .. } => None,
            State::Open { successes, .. } => Some(*successes),
        }
    }

    pub(crate) fn is_probing(&self) -> bool {
        matches!(self.state, State::Open { probing: true, .. })
    }

    /// Reserves the probe that [`Gate::Probe`] offered.
    pub(crate) fn begin_probe(&mut self) {
        if let State::Open { probing, .. } = &mut self.state {
            *probing = true;
        }
    }

    /// Gives a probe back that proved nothing.
    pub(crate) fn release_probe(&mut self) {
        if let State::Open { probing, .. } = &mut self.state {
            *probing = false;
        }
    }

    /// Counts a success. While open, only the probe's own speaks: the others were sent before it opened.
    pub(crate) fn succeeded(&mut self, now: Now, was_probe: bool) {
        self.recent.push(now.mono, true);
        match &mut self.state {
            State::Closed { failures } => *failures = 0,
            State::Open { successes, probing, .. } if was_probe => {
                *probing = false;
                *successes += 1;
                if *successes >= SUCCESSES_TO_CLOSE {
                    self.close();
                }
            }
            State::Open { .. } => {}
        }
    }

    /// Counts a failure; tells whether it opened the breaker.
    pub(crate) fn failed(
        &mut self,
        now: Now,
        reason: Class,
        weight: Weight,
        was_probe: bool,
        rng: &mut Rng,
    ) -> bool {
        if weight == Weight::Rate {
            self.recent.push(now.mono, false);
        }
        match &mut self.state {
            State::Closed { failures } => {
                *failures += 1;
                let opens = *failures >= FAILURES_TO_OPEN || opens_at_once(reason);
                if opens || (weight == Weight::Rate && self.recent.mostly_failed(now.mono)) {
                    self.open(now, reason, 1, rng);
                    return true;
                }
                false
            }
            State::Open { opening, .. } if was_probe => {
                let times = opening.times.saturating_add(1);
                self.open(now, reason, times, rng);
                true
            }
            State::Open { .. } => false,
        }
    }

    /// Forgets everything.
    pub(crate) fn close(&mut self) {
        *self = Breaker::default();
    }

    /// Forgets the failures that have not opened it yet.
    pub(crate) fn forgive(&mut self) {
        if let State::Closed { failures } = &mut self.state {
            *failures = 0;
        }
    }

    /// Makes an open breaker due for its probe.
    pub(crate) fn due_now(&mut self, now: Now) {
        if let State::Open { opening, .. } = &mut self.state {
            opening.until = opening.until.min(now.mono);
        }
    }

    fn open(&mut self, now: Now, reason: Class, times: u32, rng: &mut Rng) {
        let until = now.mono + jittered(doubled(OPEN_FIRST, times - 1, OPEN_MAX), rng).min(OPEN_MAX);
        let opening = Opening { reason, since: now, until, times };
        self.state = State::Open { opening, successes: 0, probing: false };
        self.recent = Recent::default();
    }
}

/// `first · 2^times`, at most `most`.
pub(crate) fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    1_u32.checked_shl(times).and_then(|factor| first.checked_mul(factor)).map_or(most, |wait| wait.min(most))
}

/// A certificate does not heal by itself within three requests.
fn opens_at_once(reason: Class) -> bool {
    reason == Class::Tls
}

fn jittered(wait: Duration, rng: &mut Rng) -> Duration {
    let percent = rng.u64(100 - OPEN_JITTER_PERCENT..=100 + OPEN_JITTER_PERCENT);
    wait * u32::try_from(percent).expect("a percentage is small") / 100
}

/// The last outcomes, for the error rate.
#[derive(Debug, Default)]
struct Recent {
    outcomes: VecDeque<(Duration, bool)>,
}

impl Recent {
    fn push(&mut self, at: Duration, good: bool) {
        if self.outcomes.len() == RATE_OUTCOMES_MAX {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back((at, good));
    }

    fn mostly_failed(&mut self, at: Duration) -> bool {
        let begin = at.saturating_sub(RATE_WINDOW);
        while self.outcomes.front().is_some_and(|&(when, _)| when < begin) {
            self.outcomes.pop_front();
        }
        let failed = self.outcomes.iter().filter(|&&(_, good)| !good).count();
        self.outcomes.len() >= RATE_OUTCOMES_MIN && failed * RATE_FAILED_ONE_IN >= self.outcomes.len()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::testing::at;

    fn fail(breaker: &mut Breaker, second: u64, was_probe: bool) -> bool {
        breaker.failed(at(second), Class::ServerError, Weight::Rate, was_probe, &mut Rng::with_seed(7))
    }

    fn open(breaker: &mut Breaker) {
        for _ in 0..FAILURES_TO_OPEN {
            fail(breaker, 0, false);
        }
    }

    #[test]
    fn two_failures_arm_nothing_and_the_third_opens() {
        let mut breaker = Breaker::default();
        assert!(!fail(&mut breaker, 0, false));
        assert!(!fail(&mut breaker, 1, false));
        assert_eq!(breaker.gate(Duration::from_secs(1)), Gate::Open);
        assert!(fail(&mut breaker, 2, false));
        assert!(matches!(breaker.gate(Duration::from_secs(3)), Gate::Shut { .. }));
    }

    #[test]
    fn a_success_between_breaks_the_row() {
        let mut breaker = Breaker::default();
        for second in 0..4 {
            fail(&mut breaker, second * 2, false);
            breaker.succeeded(at(second * 2 + 1), false);
        }
        assert_eq!(breaker.gate(Duration::from_secs(9)), Gate::Open);
    }

    #[test]
    fn half_of_ten_outcomes_open_it_without_a_row() {
        let mut breaker = Breaker::default();
        for second in 0..5 {
            breaker.succeeded(at(second * 2), false);
            let opened = fail(&mut breaker, second * 2 + 1, false);
            assert_eq!(opened, second == 4, "at the outcome {}", second * 2 + 2);
        }
    }

    #[test]
    fn outcomes_older_than_a_minute_do_not_weigh() {
        let mut breaker = Breaker::default();
        for second in 0..4 {
            breaker.succeeded(at(second), false);
            fail(&mut breaker, second, false);
        }
        breaker.succeeded(at(200), false);
        assert!(!fail(&mut breaker, 200, false));
    }

    #[test]
    fn openings_double_up_to_fifteen_seconds_with_a_tenth_of_jitter() {
        for seed in 0..50 {
            let mut rng = Rng::with_seed(seed);
            let mut breaker = Breaker::default();
            for _ in 0..3 {
                breaker.failed(at(0), Class::Silent, Weight::Rate, false, &mut rng);
            }
            let mut second = 0;
            for (least, most) in [(4_500, 5_500), (9_000, 11_000), (13_500, 15_000), (13_500, 15_000)] {
                let opening = breaker.opening().unwrap();
                let length = opening.until.saturating_sub(at(second).mono).as_millis();
                assert!((least..=most).contains(&length), "{length} ms is not within {least}..={most}");
                second += 20;
                assert_eq!(breaker.gate(at(second).mono), Gate::Probe);
                breaker.begin_probe();
                breaker.failed(at(second), Class::Silent, Weight::Rate, true, &mut rng);
            }
        }
    }

    #[test]
    fn two_good_probes_close_it_one_at_a_time() {
        let mut breaker = Breaker::default();
        open(&mut breaker);
        assert_eq!(breaker.gate(at(6).mono), Gate::Probe);
        breaker.begin_probe();
        assert!(matches!(breaker.gate(at(6).mono), Gate::Probing { .. }));
        breaker.succeeded(at(6), true);
        assert_eq!(breaker.gate(at(6).mono), Gate::Probe);
        breaker.begin_probe();
        breaker.succeeded(at(7), true);
        assert_eq!(breaker.gate(at(7).mono), Gate::Open);
    }

    #[test]
    fn a_straggler_from_before_the_opening_neither_closes_nor_prolongs_it() {
        let mut breaker = Breaker::default();
        open(&mut breaker);
        let opening = breaker.opening();
        breaker.succeeded(at(1), false);
        assert!(!fail(&mut breaker, 1, false));
        assert_eq!(breaker.opening(), opening);
    }

    #[test]
    fn a_released_probe_is_offered_again() {
        let mut breaker = Breaker::default();
        open(&mut breaker);
        breaker.begin_probe();
        breaker.release_probe();
        assert_eq!(breaker.gate(at(6).mono), Gate::Probe);
    }

    #[test]
    fn a_bad_certificate_opens_at_once() {
        let mut breaker = Breaker::default();
        assert!(breaker.failed(at(0), Class::Tls, Weight::Rate, false, &mut Rng::with_seed(7)));
    }
}
