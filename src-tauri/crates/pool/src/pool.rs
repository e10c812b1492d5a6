//! The pool itself.

use std::time::Duration;

use config::{Route, Snapshot};

use crate::failure::{Failure, Outcome};
use crate::lease::Lease;
use crate::now::Now;
use crate::progress::Progress;
use crate::refusal::Verdict;
use crate::starved::{Starved, StarvedKind};
use crate::view::{ChannelView, Weighed};

/// Decides which channel and key serve the next attempt.
#[derive(Debug)]
pub struct Pool {}

impl Pool {
    /// Makes an empty pool; everything that is left to chance follows from `seed`.
    pub fn new(seed: u64) -> Pool {
        let _ = seed;
        Pool {}
    }

    /// Brings the pool in line with a new configuration. Health and counts stay with a channel's id; limits change
    /// at once; a key whose secret changed starts anew.
    pub fn reconcile(&mut self, now: Now, snapshot: &Snapshot) {
        let _ = (now, snapshot);
    }

    /// Grants the next attempt of a request and counts it against the limits, or tells why there is none.
    pub fn admit(&mut self, now: Now, route: &Route, progress: &mut Progress) -> Result<Lease, Starved> {
        let _ = (now, route, progress);
        Err(Starved { refusal: StarvedKind::NoneCanEver, soonest: None, reasons: Vec::new() })
    }

    /// Notes the time to the first content of a running attempt.
    pub fn first_content(&mut self, now: Now, lease: &Lease, after: Duration) {
        let _ = (now, lease, after);
    }

    /// The 95th percentile of the lease's cell's time to first content, once enough answers were seen.
    pub fn first_content_p95(&self, lease: &Lease) -> Option<Duration> {
        let _ = lease;
        None
    }

    /// Takes back the lease of an attempt that is over for good.
    pub fn settle(&mut self, now: Now, lease: Lease, outcome: Outcome) {
        let _ = (now, lease, outcome);
    }

    /// Takes back the lease of an attempt that failed before any content went out, and says what to do next.
    pub fn settle_failed(
        &mut self,
        now: Now,
        lease: Lease,
        failure: &Failure,
        route: &Route,
        progress: &mut Progress,
    ) -> Verdict {
        let _ = (now, lease, failure, route, progress);
        Verdict::TryAnother
    }

    /// Clears what the time asleep has made obsolete: transient benches, and the belief to be offline.
    pub fn wake(&mut self, now: Now) {
        let _ = now;
    }

    /// Lets the next live request try everything of a channel that is benched ("probe now").
    pub fn probe_now(&mut self, now: Now, channel_id: &str) {
        let _ = (now, channel_id);
    }

    /// One channel as people see it.
    pub fn channel_view(&self, now: Now, channel_id: &str) -> Option<ChannelView> {
        let _ = (now, channel_id);
        None
    }

    /// Every channel as people see it, in the configuration's order.
    pub fn views(&self, now: Now) -> Vec<ChannelView> {
        let _ = now;
        Vec::new()
    }

    /// Weighs the candidates of a route in the order in which a request would try them. Changes nothing.
    pub fn explain(&self, now: Now, route: &Route) -> Vec<Weighed> {
        let _ = (now, route);
        Vec::new()
    }
}
