//! Which of an answer's choices have begun and which have ended.

use crate::json::Raw;

/// The choices (Chat) or candidates (Gemini) that have begun, and those that have ended, a bit for each index.
///
/// A request may ask for several (`n`, `candidateCount`), whose chunks come in any order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Choices {
    begun: u128,
    ended: u128,
}

impl Choices {
    /// Notes that a choice was mentioned, and whether that ended it. What has ended stays so: filter results may follow.
    ///
    /// Without an index it is the first. `OpenAI` allows 128 choices at most; any beyond them share the last bit.
    pub(super) fn note(&mut self, index: Option<Raw<'_>>, ends: bool) {
        let index = index.and_then(Raw::count).unwrap_or(0).min(u64::from(u128::BITS) - 1);
        self.begun |= 1 << index;
        self.ended |= u128::from(ends) << index;
    }

    /// Tells whether there was a choice and every one seen has ended.
    pub(super) fn have_ended(self) -> bool {
        self.begun != 0 && self.begun == self.ended
    }
}
