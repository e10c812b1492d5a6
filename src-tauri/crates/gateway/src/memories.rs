//! What clients drop of an answer and its provider wants back, by the ids of calls; bounded, and for a while.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pool::Now;
use wire::state::{Memory, Recall};

/// How much is remembered, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    entries: usize,
    bytes: usize,
    time: Duration,
}

/// A long day of an agent's calls; a turn that goes on two hours later starts its reasoning anew.
const BOUNDS: Bounds = Bounds { entries: 10_000, bytes: 64 << 20, time: Duration::from_secs(2 * 3600) };

/// Remembers what clients drop. What was remembered first is forgotten first.
#[derive(Debug)]
pub(crate) struct Memories {
    bounds: Bounds,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<Arc<str>, Entry>,
    /// The keys in the order in which they came.
    order: BTreeMap<u64, Arc<str>>,
    next: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    carriers: String,
    /// When it came, on the monotonic clock.
    at: Duration,
    place: u64,
}

impl Memories {
    pub(crate) fn new() -> Memories {
        Memories { bounds: BOUNDS, kept: Mutex::default() }
    }

    /// Remembers what an answer brought.
    pub(crate) fn keep(&self, memories: Vec<Memory>, now: Now) {
        if memories.is_empty() {
            return;
        }
        let mut kept = self.kept();
        for Memory { key, carriers } in memories {
            kept.forget(&key);
            let key: Arc<str> = key.into();
            let place = kept.next;
            kept.next += 1;
            kept.bytes += key.len() + carriers.len();
            kept.order.insert(place, Arc::clone(&key));
            kept.entries.insert(key, Entry { carriers, at: now.mono, place });
        }
        while kept.entries.len() > self.bounds.entries || kept.bytes > self.bounds.bytes {
            let Some((_, oldest)) = kept.order.first_key_value() else { return };
            let oldest = Arc::clone(oldest);
            kept.forget(&oldest);
        }
    }

    /// Recalls as of `now`.
    pub(crate) fn as_of(&self, now: Now) -> Recalling<'_> {
        Recalling { memories: self, now }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget(&mut self, key: &str) {
        if let Some((key, entry)) = self.entries.remove_entry(key) {
            self.order.remove(&entry.place);
            self.bytes -= key.len() + entry.carriers.len();
        }
    }
}

/// A look back from one moment.
pub(crate) struct Recalling<'m> {
    memories: &'m Memories,
    now: Now,
}

impl Recall for Recalling<'_> {
    fn recall(&self, key: &str) -> Option<String> {
        let kept = self.memories.kept();
        let entry = kept.entries.get(key)?;
        let age = self.now.mono.saturating_sub(entry.at);
        (age <= self.memories.bounds.time).then(|| entry.carriers.clone())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn at(seconds: u64) -> Now {
        Now { mono: Duration::from_secs(seconds), wall: Timestamp::UNIX_EPOCH }
    }

    fn memory(key: &str, carriers: &str) -> Memory {
        Memory { key: key.to_owned(), carriers: carriers.to_owned() }
    }

    #[test]
    fn what_is_too_old_or_one_too_many_is_forgotten() {
        let bounds = Bounds { entries: 2, bytes: 20, time: Duration::from_secs(10) };
        let memories = Memories { bounds, kept: Mutex::default() };
        let recall = |key: &str, seconds| memories.as_of(at(seconds)).recall(key);
        memories.keep(vec![memory("a", "1"), memory("b", "2")], at(0));
        memories.keep(vec![memory("a", "3"), memory("c", "4")], at(5));
        assert_eq!(recall("b", 5), None, "two are kept, and a came again");
        assert_eq!(recall("a", 15).as_deref(), Some("3"));
        assert_eq!(recall("a", 16), None);
        memories.keep(vec![memory("d", &"5".repeat(18))], at(6));
        assert_eq!((recall("a", 6), recall("c", 6)), (None, None), "there is room for twenty bytes");
        memories.keep(vec![memory("e", &"6".repeat(30))], at(6));
        let kept = memories.kept();
        assert_eq!((kept.bytes, kept.entries.len(), kept.order.len()), (0, 0, 0));
    }
}
