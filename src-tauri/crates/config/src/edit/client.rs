//! Edits of the clients that have a key of their own.

use super::channel::parsed;
use super::layout::edited;
use super::list::{List, read};
use super::merge::{self, Change};
use super::removal::{Removal, take_entry};
use super::{EditError, Subject, written};
use crate::document::ClientEntry;

/// Adds a client at the end of the list, or makes the client `original` say what the entry says, and returns the new
/// text. Limits that an entry leaves out stay.
pub fn put_client(text: &str, original: Option<&str>, entry: &ClientEntry) -> Result<String, EditError> {
    edited(text, |text| {
        let document = read(text)?;
        let Some(original) = original else {
            List::Clients.check_free(&document, &entry.name)?;
            return List::Clients.add(text, written::client(entry));
        };
        let at = List::Clients.position(&document, original)?;
        if entry.name != original {
            List::Clients.check_free(&document, &entry.name)?;
        }
        let parsed = parsed(text)?;
        let stated = parsed.client.get(at).ok_or(EditError::NoList(Subject::Client))?;
        let (current, wanted) = (written::client(stated), written::client(entry));
        let owns = |field: &str| matches!(field, "key_hash" | "enabled");
        merge::entry(text, List::Clients, at, &Change { current: &current, wanted: &wanted, owns })
    })
}

/// Removes a client with the comments directly above and below it.
pub fn remove_client(text: &str, name: &str) -> Result<Removal, EditError> {
    take_entry(text, List::Clients, name)
}
