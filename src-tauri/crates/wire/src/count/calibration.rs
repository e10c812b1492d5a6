//! What upstreams' own counts teach about our estimates for one model of one channel.

/// The share of tokens that upstreams have counted and we had estimated.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Calibration {
    /// The mean of actual by estimated tokens, of which later requests weigh more.
    ratio: f64,
    samples: u32,
}

/// How many requests must agree before they are believed.
const SAMPLES_MIN: u32 = 3;
/// What a request must have at least: of a short one, the overheads are the most.
const TOKENS_MIN: u64 = 2000;
/// What one more request weighs once there are several.
const SHARE: f64 = 0.2;
/// Beyond this, something else was counted than what we saw.
const RATIO_MIN: f64 = 0.7;
const RATIO_MAX: f64 = 2.0;
/// What is put on top of an estimate that nothing has confirmed.
const SAFETY: f64 = 1.05;

impl Calibration {
    /// Learns from a request that was estimated and then counted by its upstream. Short ones teach nothing.
    pub fn learn(&mut self, estimated: u64, actual: u64) {
        if actual < TOKENS_MIN || estimated == 0 {
            return;
        }
        let ratio = (real(actual) / real(estimated)).clamp(RATIO_MIN, RATIO_MAX);
        self.samples = self.samples.saturating_add(1);
        let share = SHARE.max(1.0 / f64::from(self.samples));
        self.ratio += (ratio - self.ratio) * share;
    }

    /// Tells whether enough requests agree.
    pub fn is_known(&self) -> bool {
        self.samples >= SAMPLES_MIN
    }

    /// Corrects an estimate, in tokens or parts of them, by what was learnt, or adds a little where nothing was.
    pub fn correct(&self, estimated: u64) -> u64 {
        whole(real(estimated) * if self.is_known() { self.ratio } else { SAFETY })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no request has 2^53 tokens")]
fn real(tokens: u64) -> f64 {
    tokens as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is not negative, and the cast saturates"
)]
fn whole(tokens: f64) -> u64 {
    tokens.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_long_requests_teach_the_factor_and_nothing_less_does() {
        for (samples, expected) in [
            (&[][..], 1050),
            (&[(10_000, 13_000), (10_000, 13_000)], 1050),
            (&[(10_000, 13_000), (10_000, 13_000), (1000, 1999)], 1050),
            (&[(10_000, 13_000), (10_000, 13_000), (0, 9000)], 1050),
            (&[(10_000, 13_000), (10_000, 13_000), (10_000, 13_000)], 1300),
            (&[(10_000, 12_000), (10_000, 13_000), (10_000, 14_000)], 1300),
            (&[(1000, 90_000), (1000, 90_000), (1000, 90_000)], 2000),
            (&[(90_000, 2000), (90_000, 2000), (90_000, 2000)], 700),
        ] {
            let mut calibration = Calibration::default();
            for (estimated, actual) in samples {
                calibration.learn(*estimated, *actual);
            }
            assert_eq!(calibration.correct(1000), expected, "{samples:?}");
        }
    }

    #[test]
    fn later_requests_weigh_more() {
        let mut calibration = Calibration::default();
        for _ in 0..100 {
            calibration.learn(10_000, 10_000);
        }
        for _ in 0..20 {
            calibration.learn(10_000, 15_000);
        }
        assert!(calibration.correct(1000) > 1490, "{calibration:?}");
    }
}
