//! Retries of the whole gateway: a fifth of the requests plus a few, so that an outage is not made worse.

use std::time::Duration;

use crate::constants::{RETRIES_FREE, RETRY_PERCENT, RETRY_WINDOW_SLOTS};

/// Requests and retries of the last ten seconds.
#[derive(Debug, Default)]
pub(crate) struct RetryBudget {
    slots: [Slot; RETRY_WINDOW_SLOTS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    second: u64,
    requests: u64,
    retries: u64,
}

impl RetryBudget {
    /// Counts a request's first attempt.
    pub(crate) fn earn(&mut self, at: Duration) {
        self.slot(at).requests += 1;
    }

    /// Takes one retry, if one is left.
    pub(crate) fn spend(&mut self, at: Duration) -> bool {
        let oldest = at.as_secs().saturating_sub(RETRY_WINDOW_SLOTS as u64 - 1);
        let recent = self.slots.iter().filter(|slot| slot.second >= oldest);
        let (requests, retries) = recent
            .fold((0, 0), |(requests, retries), slot| (requests + slot.requests, retries + slot.retries));
        let left = retries < RETRIES_FREE + requests * RETRY_PERCENT / 100;
        if left {
            self.slot(at).retries += 1;
        }
        left
    }

    fn slot(&mut self, at: Duration) -> &mut Slot {
        let second = at.as_secs();
        let index = usize::try_from(second % RETRY_WINDOW_SLOTS as u64).expect("there are only a few slots");
        let slot = &mut self.slots[index];
        if slot.second != second {
            *slot = Slot { second, requests: 0, retries: 0 };
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_gateway_has_three_retries_in_ten_seconds() {
        let mut budget = RetryBudget::default();
        let at = Duration::from_secs(100);
        let granted = (0..10).filter(|_| budget.spend(at)).count();
        assert_eq!(granted, 3);
        assert!(!budget.spend(at + Duration::from_secs(9)));
        assert!(budget.spend(at + Duration::from_secs(10)));
    }

    #[test]
    fn retries_stay_below_a_fifth_of_the_requests_and_the_free_ones() {
        let mut budget = RetryBudget::default();
        let mut granted = 0;
        for tick in 0..3_000_u64 {
            let at = Duration::from_millis(tick * 20);
            budget.earn(at);
            granted += u64::from(budget.spend(at)) + u64::from(budget.spend(at));
        }
        assert!(granted <= 3_000 / 5 + 3 * 7, "{granted} retries for 3,000 requests");
        assert!(granted >= 3_000 / 5, "{granted} retries for 3,000 requests");
    }
}
