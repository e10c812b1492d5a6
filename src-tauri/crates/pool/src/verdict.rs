//! What to do after a failed attempt.

use std::time::Duration;

use config::Route;

use crate::breaker::doubled;
use crate::constants::{
    BACK_OFF_MAX, BACK_OFF_UNIT, INLINE_WAIT_ALONE_MAX, INLINE_WAIT_MAX, NEW_ATTEMPTS_FOR,
    SAME_CELL_PAUSE_MAX, SAME_CELL_PAUSE_MIN,
};
use crate::failure::{Class, Failure, Phase};
use crate::lease::Lease;
use crate::now::Now;
use crate::policy::{Again, Next, policy};
use crate::pool::Pool;
use crate::progress::Progress;
use crate::refusal::{Refusal, Verdict};
use crate::standing::Moment;

impl Pool {
    /// Decides by the failure table and the budgets. The lease's outcome has been recorded already.
    pub(crate) fn decide(
        &mut self,
        now: Now,
        lease: &Lease,
        failure: &Failure,
        route: &Route,
        progress: &mut Progress,
    ) -> Verdict {
        let at = self.moment(now);
        if may_be_sent_again(failure, progress) && progress.has_budget(at.mono) {
            if let Some(after) = self.repeat_after(at, lease, failure, route, progress) {
                progress.repeat = Some((lease.candidate, lease.key_index));
                return Verdict::SameAgain { after };
            }
            if self.may_try_another(at, lease, failure, route, progress) {
                self.remember_refusal(at, lease, failure, route, progress);
                return Verdict::TryAnother;
            }
        }
        Verdict::Refuse(self.remember_refusal(at, lease, failure, route, progress))
    }

    /// The pause before the same cell is asked once more, if it should be.
    fn repeat_after(
        &mut self,
        at: Moment,
        lease: &Lease,
        failure: &Failure,
        route: &Route,
        progress: &Progress,
    ) -> Option<Duration> {
        let candidate = route.candidates.get(lease.candidate)?;
        let spent = progress.times_asked(&lease.cell) > 1
            || progress.extra_on(&lease.cell.channel) >= candidate.channel.max_retries
            || failure.phase == Phase::P1;
        if spent {
            return None;
        }
        let alone =
            (0..route.candidates.len()).all(|index| self.standing(at, route, index, progress).is_err());
        let longest = if alone { INLINE_WAIT_ALONE_MAX } else { INLINE_WAIT_MAX };
        let after = match policy(failure.class).again {
            Again::Never => None,
            Again::IfAlone if alone && failure.phase == Phase::P0 => Some(self.back_off(progress.attempts())),
            Again::IfAlone => None,
            Again::AfterPause => Some(self.short_pause().max(failure.retry_after.unwrap_or_default())),
            Again::AfterWait => failure.retry_after,
        };
        let after = after.filter(|&after| after <= longest)?;
        let then = Moment { mono: at.mono + after, ..at };
        let in_time = then.mono.saturating_sub(progress.started) < NEW_ATTEMPTS_FOR;
        let admits = self.standing_again(then, candidate, lease.key_index).is_ok();
        (in_time && admits && self.retries.spend(at.mono)).then_some(after)
    }

    /// Whether another cell can be asked, and may be.
    fn may_try_another(
        &mut self,
        at: Moment,
        lease: &Lease,
        failure: &Failure,
        route: &Route,
        progress: &mut Progress,
    ) -> bool {
        match policy(failure.class).next {
            Next::Nobody => return false,
            Next::KeyThenRoute => {
                if self.standing(at, route, lease.candidate, progress).is_ok() {
                    // Walking on to the next key is no retry: what refused is benched, so this cannot go on for ever.
                    progress.next_key_of = Some(lease.candidate);
                    return true;
                }
            }
            Next::Route => {}
        }
        if self.another_channel_is_ready(at, route, progress, lease.candidate) {
            let walks = policy(failure.class).next == Next::KeyThenRoute;
            return walks || !progress.has_failed_over() || self.retries.spend(at.mono);
        }
        let same_channel = self.standing(at, route, lease.candidate, progress).is_ok();
        same_channel && self.retries.spend(at.mono)
    }

    /// What the client sees unless something better follows; kept for the case that the next `admit` starves.
    fn remember_refusal(
        &self,
        at: Moment,
        lease: &Lease,
        failure: &Failure,
        route: &Route,
        progress: &mut Progress,
    ) -> Refusal {
        let only = progress.only_asked(&lease.cell);
        let soonest = self.soonest(at, route);
        let refusal = Refusal::of(failure, &lease.channel, route.protocol, only);
        let mut refusal = refusal.after(progress.refusal.take());
        if refusal.class == Class::RateLimit {
            // Whichever cell recovers first may serve the next request, not only the one that is told of.
            refusal.retry_after = soonest.or(refusal.retry_after);
        }
        progress.refusal = Some(refusal.clone());
        refusal
    }

    /// How long until any candidate of the route serves again, as a new request would see it.
    fn soonest(&self, at: Moment, route: &Route) -> Option<Duration> {
        let fresh = Progress::begun_at(at.mono);
        let wait = |index| match self.standing(at, route, index, &fresh) {
            Ok(_) => Some(Duration::ZERO),
            Err(held) if held.is_lasting() => None,
            Err(held) => held.wait(at.mono),
        };
        (0..route.candidates.len()).filter_map(wait).min()
    }

    fn short_pause(&mut self) -> Duration {
        let spread = SAME_CELL_PAUSE_MAX.saturating_sub(SAME_CELL_PAUSE_MIN);
        SAME_CELL_PAUSE_MIN + spread.mul_f64(self.rng.f64())
    }

    /// Anything up to the doubled unit ("full jitter"), so that those who failed together do not return together.
    fn back_off(&mut self, attempts: u32) -> Duration {
        doubled(BACK_OFF_UNIT, attempts.saturating_sub(1), BACK_OFF_MAX).mul_f64(self.rng.f64())
    }
}

/// Whether anything may be sent again at all after a failure in this phase. Whether a cell may be is asked of its
/// standing: after P1 it must be another channel.
fn may_be_sent_again(failure: &Failure, progress: &Progress) -> bool {
    match failure.phase {
        Phase::P0 => true,
        Phase::P1 | Phase::P2 | Phase::P3 => !progress.stateful,
        Phase::P4 => false,
    }
}
