//! Clocks for tests.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::now::Now;

/// The moment `seconds` after the process began, on both clocks.
pub(crate) fn at(seconds: u64) -> Now {
    at_ms(seconds * 1_000)
}

/// The moment `milliseconds` after the process began, on both clocks.
pub(crate) fn at_ms(milliseconds: u64) -> Now {
    let began: Timestamp = "2026-03-10T12:00:00Z".parse().expect("the constant is a timestamp");
    let passed = i64::try_from(milliseconds).expect("tests are short");
    Now { mono: Duration::from_millis(milliseconds), wall: began + SignedDuration::from_millis(passed) }
}
