//! Edits of named proxies.

use std::collections::HashSet;

use secrecy::ExposeSecret;

use super::channel::parsed;
use super::layout::edited;
use super::list::{List, read};
use super::merge::{self, Change};
use super::removal::{Removal, take_entry};
use super::{EditError, Subject, references, secrets, written};
use crate::document::{ProxyEntry, SecretRef};

/// Adds a proxy at the end of the list, or makes the proxy `original` say what the entry says, and returns the new text.
/// Channels that name a renamed proxy follow. A password in plain text is refused unless it stands in the file already.
pub fn put_proxy(text: &str, original: Option<&str>, entry: &ProxyEntry) -> Result<String, EditError> {
    edited(text, |text| {
        let document = read(text)?;
        let Some(original) = original else {
            List::Proxies.check_free(&document, &entry.name)?;
            check_password(entry, &HashSet::new())?;
            return List::Proxies.add(text, written::proxy(entry));
        };
        let at = List::Proxies.position(&document, original)?;
        if entry.name != original {
            List::Proxies.check_free(&document, &entry.name)?;
        }
        let parsed = parsed(text)?;
        check_password(entry, &secrets::literals(&parsed))?;
        let stated = parsed.proxy.get(at).ok_or(EditError::NoList(Subject::Proxy))?;
        let (current, wanted) = (written::proxy(stated), written::proxy(entry));
        let change = Change { current: &current, wanted: &wanted, owns: |_| true };
        let text = merge::entry(text, List::Proxies, at, &change)?;
        if entry.name == original { Ok(text) } else { references::rename_proxy(&text, original, &entry.name) }
    })
}

/// Removes a proxy that no channel names, with the comments directly above and below it.
pub fn remove_proxy(text: &str, name: &str) -> Result<Removal, EditError> {
    let removal = take_entry(text, List::Proxies, name)?;
    let by = references::users_of_proxy(text, name)?;
    if by.is_empty() {
        return Ok(removal);
    }
    Err(EditError::InUse { what: Subject::Proxy, name: name.to_owned(), by })
}

fn check_password(entry: &ProxyEntry, known: &HashSet<String>) -> Result<(), EditError> {
    match &entry.password {
        Some(SecretRef::Literal(password)) if !known.contains(password.expose_secret()) => {
            Err(EditError::PlainSecret)
        }
        Some(SecretRef::Literal(_) | SecretRef::Env(_) | SecretRef::Vault) | None => Ok(()),
    }
}
