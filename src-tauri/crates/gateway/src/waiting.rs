//! The queue for a benched pool: bounded, first come first served, woken by every settled lease.

use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// Requests that wait for a channel to come back.
pub(crate) struct Waiting {
    places: Semaphore,
    woken: Notify,
}

impl Waiting {
    pub(crate) fn new(places: usize) -> Waiting {
        Waiting { places: Semaphore::new(places), woken: Notify::new() }
    }

    /// A place in the queue, or `None` where it is full.
    pub(crate) fn enter(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// Waits until a lease was settled, `longest` at most.
    pub(crate) async fn turn(&self, longest: Duration) {
        tokio::select! {
            () = self.woken.notified() => {}
            () = tokio::time::sleep(longest) => {}
        }
    }

    /// Tells everyone in the queue, oldest first, that something was settled.
    pub(crate) fn wake(&self) {
        self.woken.notify_waiters();
    }
}
