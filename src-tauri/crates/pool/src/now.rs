//! The time, as whoever calls tells it.

use std::time::Duration;

use jiff::Timestamp;

/// One reading of both clocks. The pool never asks for the time; it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock, since the process began. Every wait and every window is measured on it.
    pub mono: Duration,
    /// The wall clock: days, dates in headers, and what people are shown.
    pub wall: Timestamp,
}

impl Now {
    /// The wall time that the monotonic moment `at` has or will have, as far as can be told now.
    pub(crate) fn wall_at(self, at: Duration) -> Timestamp {
        let moved = match at.checked_sub(self.mono) {
            Some(ahead) => self.wall.checked_add(ahead),
            None => self.wall.checked_sub(self.mono.saturating_sub(at)),
        };
        moved.unwrap_or(self.wall)
    }
}
