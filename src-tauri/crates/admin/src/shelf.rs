//! A few things kept for a while under tokens that nobody guesses.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Things that whoever holds their token may take, until they expire or newer ones push them out.
pub(crate) struct Shelf<T> {
    kept: Mutex<VecDeque<Kept<T>>>,
    most: usize,
    time: Duration,
}

struct Kept<T> {
    token: String,
    until: Duration,
    thing: T,
}

impl<T> Shelf<T> {
    /// A shelf for so many things, each for so long.
    pub(crate) fn new(most: usize, time: Duration) -> Shelf<T> {
        Shelf { kept: Mutex::new(VecDeque::new()), most, time }
    }

    /// Keeps a thing from `now` on and returns its token. Whatever expired or found no room is handed back.
    pub(crate) fn put(&self, now: Duration, thing: T) -> (String, Vec<T>) {
        let token = uuid::Uuid::new_v4().simple().to_string();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(Kept { token: token.clone(), until: now + self.time, thing });
        let mut fallen = Vec::new();
        while kept.len() > self.most || kept.front().is_some_and(|first| first.until <= now) {
            fallen.extend(kept.pop_front().map(|kept| kept.thing));
        }
        (token, fallen)
    }

    /// Takes a thing away; nothing where the token is unknown or expired.
    pub(crate) fn take(&self, now: Duration, token: &str) -> Option<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|kept| kept.token == token && kept.until > now)?;
        kept.remove(at).map(|kept| kept.thing)
    }

    /// Takes everything away.
    pub(crate) fn take_all(&self) -> Vec<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.drain(..).map(|kept| kept.thing).collect()
    }

    /// Takes everything away that has expired.
    pub(crate) fn take_expired(&self, now: Duration) -> Vec<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut expired = Vec::new();
        while kept.front().is_some_and(|first| first.until <= now) {
            expired.extend(kept.pop_front().map(|kept| kept.thing));
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_thing_is_taken_once_and_only_in_time() {
        let shelf = Shelf::new(3, 30 * SECOND);
        let (first, _) = shelf.put(SECOND, "first");
        let (second, _) = shelf.put(SECOND, "second");
        assert_eq!(shelf.take(30 * SECOND, &first), Some("first"));
        assert_eq!(shelf.take(30 * SECOND, &first), None);
        assert_eq!(shelf.take(31 * SECOND, &second), None);
        assert_eq!(shelf.take_expired(31 * SECOND), ["second"]);
    }

    #[test]
    fn what_finds_no_room_is_handed_back_oldest_first() {
        let shelf = Shelf::new(1, 30 * SECOND);
        assert_eq!(shelf.put(SECOND, "first").1, Vec::<&str>::new());
        assert_eq!(shelf.put(SECOND, "second").1, ["first"]);
    }
}
