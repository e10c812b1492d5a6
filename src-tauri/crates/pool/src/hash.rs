//! The hash of the pool's own maps: fast, and the same in every run, so that a seed is all a simulation needs.
//!
//! It does not withstand names chosen to collide. Clients choose only models, of which each key remembers a bounded
//! number, so the worst they can reach is a short linear search.

use std::hash::Hasher;

/// Multiplies and rotates word by word.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct QuickHasher {
    state: u64,
}

/// An odd number without a pattern in its bits: 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl QuickHasher {
    fn mix(&mut self, word: u64) {
        self.state = (self.state.rotate_left(26) ^ word).wrapping_mul(SPREAD);
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            last[7] = u8::try_from(rest.len()).expect("a remainder is shorter than a word");
            self.mix(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    /// The multiplication leaves the best bits on top; tables look at the bottom too.
    fn finish(&self) -> u64 {
        self.state ^ (self.state >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn hash(text: &str) -> u64 {
        let mut hasher = QuickHasher::default();
        std::hash::Hash::hash(text, &mut hasher);
        hasher.finish()
    }

    #[test]
    fn names_that_differ_a_little_hash_apart_in_the_low_bits() {
        let names = (0..1_000).map(|number| format!("0190b0c0-0000-7000-8000-{number:012}"));
        let buckets: HashSet<u64> = names.map(|name| hash(&name) % 4_096).collect();
        assert!(buckets.len() > 800, "{} buckets for 1,000 names", buckets.len());
    }

    #[test]
    fn lengths_and_ends_count() {
        let texts = ["", "a", "b", "a\0", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab"];
        assert_eq!(texts.map(hash).iter().collect::<HashSet<_>>().len(), texts.len());
    }
}
