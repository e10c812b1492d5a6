//! Which day it is for daily limits, whatever the wall clock does.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::constants::{LEAP_CONFIRM, LEAP_HOURS};
use crate::now::Now;

/// The current day. It only ever moves forward: a clock that is set back does not open yesterday again, and one that
/// leaps far ahead is believed only when it still says so a minute later.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    zone: TimeZone,
    today: Date,
    /// The wall time at which `today` ends.
    ends: Timestamp,
    /// The last reading that was believed.
    last: Now,
    /// The first reading of a leap that is not believed yet.
    leap: Option<Now>,
}

impl Calendar {
    pub(crate) fn new(zone: TimeZone, now: Now) -> Calendar {
        let today = now.wall.to_zoned(zone.clone()).date();
        let ends = end_of(today, &zone);
        Calendar { zone, today, ends, last: now, leap: None }
    }

    /// Takes another zone; the day never goes back.
    pub(crate) fn set_zone(&mut self, zone: &TimeZone) {
        if self.zone == *zone {
            return;
        }
        self.zone = zone.clone();
        self.today = self.today.max(self.last.wall.to_zoned(self.zone.clone()).date());
        self.ends = end_of(self.today, &self.zone);
    }

    /// The current day, after a reading of the clocks.
    pub(crate) fn read(&mut self, now: Now) -> Date {
        if self.believes(now) {
            self.last = now;
            if now.wall >= self.ends {
                self.today = self.today.max(now.wall.to_zoned(self.zone.clone()).date());
                self.ends = end_of(self.today, &self.zone);
            }
        }
        self.today
    }

    /// How long the current day lasts from `now`.
    pub(crate) fn remaining(&self, now: Now) -> Duration {
        Duration::try_from(self.ends.duration_since(now.wall)).unwrap_or(Duration::ZERO)
    }

    fn believes(&mut self, now: Now) -> bool {
        let wall_passed = now.wall.duration_since(self.last.wall);
        let mono_passed =
            SignedDuration::try_from(now.mono.saturating_sub(self.last.mono)).unwrap_or(SignedDuration::MAX);
        if wall_passed.saturating_sub(mono_passed) <= SignedDuration::from_hours(LEAP_HOURS) {
            self.leap = None;
            return true;
        }
        let first = *self.leap.get_or_insert(now);
        let confirmed = now.mono.saturating_sub(first.mono) >= LEAP_CONFIRM;
        if confirmed {
            self.leap = None;
        }
        confirmed
    }
}

fn end_of(day: Date, zone: &TimeZone) -> Timestamp {
    let next = day.checked_add(1.day()).unwrap_or(Date::MAX);
    next.to_zoned(zone.clone()).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use jiff::civil::date;
    use jiff::tz::Offset;

    fn now(mono_s: u64, wall: &str) -> Now {
        Now { mono: Duration::from_secs(mono_s), wall: wall.parse().unwrap() }
    }

    fn calendar() -> Calendar {
        Calendar::new(TimeZone::UTC, now(0, "2026-03-10T12:00:00Z"))
    }

    #[test]
    fn the_day_changes_at_the_zone_s_midnight() {
        let zone = TimeZone::fixed(Offset::from_hours(8).unwrap());
        let mut calendar = Calendar::new(zone, now(0, "2026-03-10T12:00:00Z"));
        assert_eq!(calendar.remaining(now(0, "2026-03-10T12:00:00Z")), Duration::from_secs(4 * 3_600));
        assert_eq!(calendar.read(now(14_399, "2026-03-10T15:59:59Z")), date(2026, 3, 10));
        assert_eq!(calendar.clone().read(now(14_400, "2026-03-10T16:00:00Z")), date(2026, 3, 11));
        assert_eq!(calendar.read(now(14_400, "2026-03-10T16:00:00Z")), date(2026, 3, 11));
    }

    #[test]
    fn a_clock_set_back_never_opens_a_day_again() {
        let mut calendar = calendar();
        for wall in ["2026-03-09T11:00:00Z", "2026-03-10T11:00:00Z", "2020-01-01T00:00:00Z"] {
            assert_eq!(calendar.read(now(1, wall)), date(2026, 3, 10), "{wall}");
        }
        assert_eq!(calendar.read(now(2, "2026-03-11T00:00:01Z")), date(2026, 3, 10), "a leap from 2020");
        assert_eq!(calendar.read(now(63, "2026-03-11T00:01:02Z")), date(2026, 3, 11), "confirmed");
    }

    #[test]
    fn a_far_leap_needs_two_readings_a_minute_apart() {
        let mut calendar = calendar();
        assert_eq!(calendar.read(now(1, "2027-04-14T12:00:00Z")), date(2026, 3, 10));
        assert_eq!(calendar.read(now(60, "2027-04-14T12:00:59Z")), date(2026, 3, 10));
        assert_eq!(calendar.read(now(61, "2027-04-14T12:01:00Z")), date(2027, 4, 14));
    }

    #[test]
    fn a_leap_that_is_taken_back_changes_nothing() {
        let mut calendar = calendar();
        calendar.read(now(1, "2027-04-14T12:00:00Z"));
        calendar.read(now(2, "2026-03-10T12:00:02Z"));
        assert_eq!(calendar.read(now(62, "2027-04-14T12:01:01Z")), date(2026, 3, 10));
    }

    #[test]
    fn a_short_leap_and_a_long_quiet_are_believed_at_once() {
        let mut calendar = calendar();
        assert_eq!(calendar.read(now(1, "2026-03-11T13:00:00Z")), date(2026, 3, 11));
        assert_eq!(calendar.read(now(864_001, "2026-03-21T13:00:00Z")), date(2026, 3, 21));
    }

    #[test]
    fn another_zone_never_takes_the_day_back() {
        let mut calendar = Calendar::new(TimeZone::UTC, now(0, "2026-03-10T01:00:00Z"));
        calendar.set_zone(&TimeZone::fixed(Offset::from_hours(-8).unwrap()));
        assert_eq!(calendar.read(now(1, "2026-03-10T01:00:01Z")), date(2026, 3, 10));
    }
}
