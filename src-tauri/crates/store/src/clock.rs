//! The one place that asks what time it is.
#![expect(clippy::disallowed_methods, reason = "this is the clock that the ban refers to")]

use std::time::{Duration, Instant};

use pool::Now;

/// Tells the time to the parts that must not ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// Starts the system's clock: `Now::mono` counts from here.
    pub fn system() -> Clock {
        Clock { started: Instant::now() }
    }

    /// The time now, as the monotonic and the wall clock tell it.
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), wall: jiff::Timestamp::now() }
    }

    /// The monotonic clock alone, for those who measure and need no date.
    pub fn mono(&self) -> Duration {
        self.started.elapsed()
    }
}
