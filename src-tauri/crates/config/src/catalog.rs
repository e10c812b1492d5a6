//! What upstreams themselves say that they serve, beside what the file says.

use std::collections::HashMap;
use std::sync::Arc;

/// The lists of models that channels' upstreams gave, as far as they could be fetched.
///
/// They belong to no configuration: they come later, and change while it stays. A channel with `models` of its own has no
/// list here that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    lists: HashMap<Arc<str>, List>,
}

/// One upstream's list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct List {
    names: Vec<Arc<str>>,
    /// The place of each name by its lower-case form.
    places: HashMap<Box<str>, usize>,
}

impl Catalog {
    /// Puts the list of a channel, by the channel's id, in place of an earlier one. Names that differ in case only count
    /// once, as the first of them is spelled.
    pub fn put(&mut self, channel: Arc<str>, names: impl IntoIterator<Item = Arc<str>>) {
        let mut list = List::default();
        for name in names {
            let place = list.names.len();
            if *list.places.entry(name.to_lowercase().into()).or_insert(place) == place {
                list.names.push(name);
            }
        }
        self.lists.insert(channel, list);
    }

    /// Forgets the list of a channel.
    pub fn forget(&mut self, channel: &str) {
        self.lists.remove(channel);
    }

    /// The names that a channel's upstream lists, in its order; none where no list is known.
    pub fn names(&self, channel: &str) -> &[Arc<str>] {
        self.lists.get(channel).map_or(&[], |list| list.names.as_slice())
    }

    /// How a channel's upstream spells a name that is given in lower case, if it lists it.
    pub(crate) fn spelling(&self, channel: &str, lower: &str) -> Option<&Arc<str>> {
        let list = self.lists.get(channel)?;
        list.places.get(lower).map(|place| &list.names[*place])
    }
}
