//! A lease in the gateway's hands: settled exactly once, also when client or channel vanish.

use std::sync::Arc;

use pool::{Failure, Lease, Outcome, Progress, Verdict};

use crate::Gateway;

/// A lease with the gateway that granted it. Dropping it unsettled means that the client went away.
pub(crate) struct Held {
    lease: Option<Lease>,
    gateway: Arc<Gateway>,
}

impl Held {
    pub(crate) fn new(lease: Lease, gateway: Arc<Gateway>) -> Held {
        Held { lease: Some(lease), gateway }
    }

    pub(crate) fn lease(&self) -> &Lease {
        self.lease.as_ref().expect("a held lease is taken only by settling, which consumes the holder")
    }

    /// Settles at the end of an attempt, or of the stream it became.
    pub(crate) fn settle(mut self, outcome: Outcome) {
        self.give_back(outcome);
    }

    /// Settles a failed attempt before anything reached the client, and asks what to do next.
    pub(crate) fn settle_failed(
        mut self,
        failure: &Failure,
        route: &config::Route,
        progress: &mut Progress,
    ) -> Verdict {
        let lease =
            self.lease.take().expect("a held lease is taken only by settling, which consumes the holder");
        let now = self.gateway.clock.now();
        let verdict = self.gateway.pool().settle_failed(now, lease, failure, route, progress);
        self.gateway.live.pool_changed();
        self.gateway.waiting.wake();
        verdict
    }

    fn give_back(&mut self, outcome: Outcome) {
        let Some(lease) = self.lease.take() else { return };
        let now = self.gateway.clock.now();
        // What succeeds as expected changes nobody's health.
        let news = lease.probe || matches!(outcome, Outcome::Failed(_));
        self.gateway.pool().settle(now, lease, outcome);
        if news {
            self.gateway.live.pool_changed();
        }
        self.gateway.waiting.wake();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back(Outcome::Cancelled);
    }
}
