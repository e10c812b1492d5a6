//! Whose account keeps what: files, batches and stored answers are known to the account that made them and to no other.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// The account that keeps an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    /// The channel's id.
    pub channel: Arc<str>,
    /// The key's name within the channel.
    pub key: Arc<str>,
}

/// The homes of the objects that were named last. What is forgotten is looked for as if it had never been known.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    homes: HashMap<Arc<str>, Home>,
    /// The ids, the one that was new first in front.
    order: VecDeque<Arc<str>>,
}

/// How many objects are remembered, of some hundred bytes each.
const OBJECTS_MAX: usize = 4096;

impl Objects {
    /// Remembers who keeps an object; the oldest is forgotten where there are too many.
    pub(crate) fn keep(&mut self, id: String, home: Home) {
        let id: Arc<str> = id.into();
        if self.homes.insert(Arc::clone(&id), home).is_some() {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > OBJECTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.homes.remove(&oldest);
        }
    }

    /// Who keeps an object, as far as is known.
    pub(crate) fn home_of(&self, id: &str) -> Option<Home> {
        self.homes.get(id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(channel: &str) -> Home {
        Home { channel: channel.into(), key: "key".into() }
    }

    #[test]
    fn the_last_home_counts_and_the_oldest_object_is_forgotten() {
        let mut objects = Objects::default();
        objects.keep("first".to_owned(), home("a"));
        objects.keep("first".to_owned(), home("b"));
        assert_eq!(objects.home_of("first"), Some(home("b")));
        for number in 1..OBJECTS_MAX {
            objects.keep(number.to_string(), home("a"));
        }
        assert_eq!(objects.home_of("first"), Some(home("b")));
        objects.keep("one more".to_owned(), home("a"));
        assert_eq!((objects.home_of("first"), objects.homes.len()), (None, OBJECTS_MAX));
        assert_eq!(objects.home_of("1"), Some(home("a")));
    }
}
