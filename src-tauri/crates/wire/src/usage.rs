//! Tokens spent, in one canonical record.

use serde::{Deserialize, Serialize};

/// The tokens that one answer cost. Cached input is counted apart from fresh input, whatever the protocol does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Usage {
    /// Input tokens that were neither read from nor written to a prompt cache.
    pub input_uncached: u64,
    /// Input tokens read from a prompt cache.
    pub cache_read: u64,
    /// Input tokens written to a prompt cache.
    pub cache_write: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// Returns all input tokens, cached or not.
    pub const fn input(&self) -> u64 {
        self.input_uncached.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }
}
