//! Requests per minute and per day, counted at dispatch.

use std::collections::VecDeque;
use std::time::Duration;

use config::Limit;
use jiff::civil::Date;

use crate::constants::{MINUTE, UNLIMITED_LOG_MAX};

/// The dispatches of the last minute, each by its moment: at most N in *any* 60 seconds, and the number that is
/// shown is the number that is enforced.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    dispatches: VecDeque<Duration>,
}

/// The dispatches of one day.
#[derive(Debug, Default)]
pub(crate) struct Day {
    date: Option<Date>,
    count: u64,
}

impl Minute {
    /// Dispatches in the 60 seconds before `at`.
    pub(crate) fn used(&self, at: Duration) -> u64 {
        (self.dispatches.len() - self.outdated(at)) as u64
    }

    /// When the next dispatch is allowed: `None` for at once.
    pub(crate) fn full_until(&self, at: Duration, limit: Limit) -> Option<Duration> {
        let Limit::Max(most) = limit else { return None };
        let most = usize::try_from(most.get()).unwrap_or(usize::MAX);
        if self.dispatches.len() < most || self.dispatches.len() - self.outdated(at) < most {
            return None;
        }
        // With the limit lowered there may be more than `most`; enough of them must leave the window first.
        self.dispatches.get(self.dispatches.len() - most).map(|&blocking| blocking + MINUTE)
    }

    /// Counts a dispatch.
    pub(crate) fn count(&mut self, at: Duration, limit: Limit) {
        let outdated = self.outdated(at);
        self.dispatches.drain(..outdated);
        if limit == Limit::Unlimited && self.dispatches.len() >= UNLIMITED_LOG_MAX {
            self.dispatches.pop_front();
        }
        self.dispatches.push_back(at);
    }

    fn outdated(&self, at: Duration) -> usize {
        match self.dispatches.front() {
            Some(&oldest) if oldest + MINUTE <= at => {
                self.dispatches.partition_point(|&dispatch| dispatch + MINUTE <= at)
            }
            Some(_) | None => 0,
        }
    }
}

impl Day {
    /// Dispatches on `today`.
    pub(crate) fn used(&self, today: Date) -> u64 {
        if self.date == Some(today) { self.count } else { 0 }
    }

    /// Tells whether `limit` is used up on `today`.
    pub(crate) fn is_full(&self, today: Date, limit: Limit) -> bool {
        match limit {
            Limit::Unlimited => false,
            Limit::Disabled => true,
            Limit::Max(most) => self.used(today) >= u64::from(most.get()),
        }
    }

    /// Counts a dispatch.
    pub(crate) fn count(&mut self, today: Date) {
        self.count = self.used(today) + 1;
        self.date = Some(today);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    fn most(n: u32) -> Limit {
        NonZeroU32::new(n).map_or(Limit::Disabled, Limit::Max)
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_naive_count(n in 1_u32..8, gaps in prop::collection::vec(0_u64..20_000, 1..200)) {
            let mut minute = Minute::default();
            let mut sent: Vec<Duration> = Vec::new();
            let mut at = Duration::ZERO;
            for gap in gaps {
                at += Duration::from_millis(gap);
                let naive = sent.iter().filter(|&&moment| moment + MINUTE > at).count();
                prop_assert_eq!(minute.used(at), naive as u64);
                let full_until = minute.full_until(at, most(n));
                prop_assert_eq!(full_until.is_none(), naive < n as usize);
                if let Some(until) = full_until {
                    prop_assert!(minute.full_until(until, most(n)).is_none(), "the time that is named is kept");
                    let before = until.saturating_sub(Duration::from_nanos(1));
                    prop_assert!(minute.full_until(before, most(n)).is_some(), "and it is the soonest");
                } else {
                    minute.count(at, most(n));
                    sent.push(at);
                }
            }
            for &begin in &sent {
                let within = sent.iter().filter(|&&moment| moment >= begin && moment < begin + MINUTE).count();
                prop_assert!(within <= n as usize);
            }
        }
    }

    #[test]
    fn a_lowered_limit_holds_at_once() {
        let mut minute = Minute::default();
        for second in 0..10 {
            minute.count(Duration::from_secs(second), most(10));
        }
        let at = Duration::from_secs(10);
        assert_eq!(minute.full_until(at, most(3)), Some(Duration::from_secs(67)));
        assert_eq!(minute.full_until(at, most(11)), None);
        assert_eq!(minute.full_until(at, Limit::Unlimited), None);
    }

    #[test]
    fn what_is_remembered_without_a_limit_is_bounded() {
        let mut minute = Minute::default();
        for _ in 0..UNLIMITED_LOG_MAX + 10 {
            minute.count(Duration::ZERO, Limit::Unlimited);
        }
        assert_eq!(minute.used(Duration::ZERO), UNLIMITED_LOG_MAX as u64);
    }

    #[test]
    fn a_day_counts_only_its_own_dispatches() {
        let mut day = Day::default();
        day.count(date(2026, 3, 1));
        day.count(date(2026, 3, 1));
        assert_eq!(day.used(date(2026, 3, 1)), 2);
        assert!(day.is_full(date(2026, 3, 1), most(2)));
        assert!(!day.is_full(date(2026, 3, 2), most(2)));
        assert!(day.is_full(date(2026, 3, 2), Limit::Disabled));
        day.count(date(2026, 3, 2));
        assert_eq!(day.used(date(2026, 3, 2)), 1);
    }
}
