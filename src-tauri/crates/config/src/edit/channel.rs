//! Edits of channels.

use std::collections::HashSet;

use secrecy::ExposeSecret;
use toml_edit::{Item, Value};

use super::layout::edited;
use super::list::{List, read};
use super::merge::{self, Change};
use super::removal::{Removal, take_entry};
use super::{EditError, Subject, references, secrets, written};
use crate::document::{ChannelEntry, Document, KeyEntry, ProtocolEntry, SecretRef};
use crate::parse::{Format, parse};

/// Adds a channel at the end of the list and returns the new text.
pub fn add_channel(text: &str, entry: &ChannelEntry) -> Result<String, EditError> {
    put_channel(text, None, entry)
}

/// Adds a channel at the end of the list, or makes the channel `original` say what the entry says, and returns the new
/// text.
///
/// Of an existing channel, fields that the window's form knows go when the entry leaves them out; the others (`headers`,
/// `quirks`, `price`, `tpm`, limits of single keys and so on) stay, and are written where the entry states them. A
/// renamed channel keeps its id, and what refers to it by name follows. A secret in plain text is refused unless it
/// stands in the file already.
pub fn put_channel(text: &str, original: Option<&str>, entry: &ChannelEntry) -> Result<String, EditError> {
    edited(text, |text| match original {
        None => add(text, entry),
        Some(original) => replace(text, original, entry),
    })
}

/// Switches a channel on or off and returns the new text.
pub fn set_enabled(text: &str, name: &str, enabled: bool) -> Result<String, EditError> {
    edited(text, |text| {
        let mut document = read(text)?;
        let at = List::Channels.position(&document, name)?;
        let channel = List::Channels.entry(&mut document, at)?;
        merge::set(channel, "enabled", None, &enabled.into());
        Ok(document.to_string())
    })
}

/// Removes a channel that no alias stands for, with the comments directly above and below it.
pub fn remove_channel(text: &str, name: &str) -> Result<Removal, EditError> {
    let removal = take_entry(text, List::Channels, name)?;
    let by = references::aliases_of_channel(text, name)?;
    if by.is_empty() {
        return Ok(removal);
    }
    Err(EditError::InUse { what: Subject::Channel, name: name.to_owned(), by })
}

/// Moves a channel into the tier `priority`, ahead of the channel `before`, or behind the last one of the tier, and
/// returns the new text. Its comments move with it; a channel that stands there already stays where it is.
pub fn move_channel(
    text: &str,
    name: &str,
    priority: u32,
    before: Option<&str>,
) -> Result<String, EditError> {
    edited(text, |text| {
        let text = with_priority(text, name, priority)?;
        moved(&text, name, priority, before)
    })
}

fn add(text: &str, entry: &ChannelEntry) -> Result<String, EditError> {
    List::Channels.check_free(&read(text)?, &entry.name)?;
    check_secrets(entry, &HashSet::new())?;
    List::Channels.add(text, written::channel(entry))
}

fn replace(text: &str, original: &str, entry: &ChannelEntry) -> Result<String, EditError> {
    let document = read(text)?;
    let at = List::Channels.position(&document, original)?;
    if entry.name != original {
        List::Channels.check_free(&document, &entry.name)?;
    }
    let parsed = parsed(text)?;
    check_secrets(entry, &secrets::literals(&parsed))?;
    let stated = parsed.channel.get(at).ok_or(EditError::NoList(Subject::Channel))?;
    let entry = with_what_forms_leave_out(entry, stated);
    let (current, wanted) = (written::channel(stated), written::channel(&entry));
    let change = Change { current: &current, wanted: &wanted, owns: is_of_the_form };
    let text = merge::entry(text, List::Channels, at, &change)?;
    if entry.name == original { Ok(text) } else { references::rename_channel(&text, original, &entry.name) }
}

/// The document of a native text.
pub(super) fn parsed(text: &str) -> Result<Document, EditError> {
    match parse("config.toml", Format::Toml, text.as_bytes()) {
        Ok(parsed) => Ok(parsed.document),
        Err(findings) => Err(EditError::Unreadable(findings)),
    }
}

/// The fields of a channel that the window's form shows, so that leaving one out means to clear it.
fn is_of_the_form(field: &str) -> bool {
    const FORM: &[&str] = &[
        "type",
        "protocols",
        "base_url",
        "exact",
        "key",
        "keys",
        "model",
        "models",
        "model_map",
        "model_params",
        "model_params_mode",
        "enabled",
        "priority",
        "weight",
        "tags",
        "timeout_ms",
        "max_retries",
        "proxy",
        "rpm",
        "rpd",
    ];
    FORM.contains(&field)
}

/// Refuses secrets in plain text, but for those that the file holds anyway.
fn check_secrets(entry: &ChannelEntry, known: &HashSet<String>) -> Result<(), EditError> {
    let new = |reference: &SecretRef| match reference {
        SecretRef::Env(_) | SecretRef::Vault => false,
        SecretRef::Literal(secret) => !known.contains(secret.expose_secret()),
    };
    if secrets::references(entry).into_iter().any(new) { Err(EditError::PlainSecret) } else { Ok(()) }
}

/// The entry with its channel's id, and with what is known of its keys and protocols but not shown in forms.
fn with_what_forms_leave_out(entry: &ChannelEntry, stated: &ChannelEntry) -> ChannelEntry {
    let mut entry = entry.clone();
    if entry.id.is_none() {
        let follows_from_name = stated.id.is_none() && entry.name == stated.name;
        entry.id = (!follows_from_name).then(|| stated.effective_id());
    }
    let known: Vec<&KeyEntry> = stated.key.iter().chain(stated.keys.iter().flatten()).collect();
    for (at, key) in entry.key.iter_mut().chain(entry.keys.iter_mut().flatten()).enumerate() {
        let by_name = known.iter().find(|known| known.name == key.name);
        if let Some(known) = by_name.or_else(|| known.get(at)) {
            key.rpm = key.rpm.or(known.rpm);
            key.rpd = key.rpd.or(known.rpd);
        }
    }
    for protocol in entry.protocols.iter_mut().flatten() {
        let same_place = |known: &&ProtocolEntry| {
            known.protocol == protocol.protocol && known.base_url == protocol.base_url
        };
        let known = stated.protocols.iter().flatten().find(same_place);
        protocol.exact = protocol.exact.or_else(|| known?.exact);
    }
    entry
}

/// The tier of a channel that states none.
const PRIORITY: i64 = 1;

fn with_priority(text: &str, name: &str, priority: u32) -> Result<String, EditError> {
    let mut document = read(text)?;
    let at = List::Channels.position(&document, name)?;
    let channel = List::Channels.entry(&mut document, at)?;
    let current = channel.get("priority").and_then(Item::as_integer).unwrap_or(PRIORITY);
    if current == i64::from(priority) {
        return Ok(text.to_owned());
    }
    merge::set(channel, "priority", None, &Value::from(i64::from(priority)));
    Ok(document.to_string())
}

fn moved(text: &str, name: &str, priority: u32, before: Option<&str>) -> Result<String, EditError> {
    let list = List::Channels;
    let mut document = read(text)?;
    let names = list.names(&document);
    let at = list.position(&document, name)?;
    let next = before.map(|before| list.position(&document, before)).transpose()?;
    let tier = tier(&mut document, names.len(), priority)?;
    let Some(target) = target(&tier, at, next) else { return Ok(text.to_owned()) };
    let (rest, piece) = list.take(text, at)?;
    // Positions behind the channel moved up by one.
    let target = if target > at { target - 1 } else { target };
    list.insert(&rest, &piece, (target < names.len() - 1).then_some(target))
}

/// The positions of a tier's channels.
fn tier(document: &mut toml_edit::DocumentMut, count: usize, priority: u32) -> Result<Vec<usize>, EditError> {
    let mut tier = Vec::new();
    for at in 0..count {
        let channel = List::Channels.entry(document, at)?;
        let own = channel.get("priority").and_then(Item::as_integer).unwrap_or(PRIORITY);
        if own == i64::from(priority) {
            tier.push(at);
        }
    }
    Ok(tier)
}

/// The position ahead of which a channel of the tier shall come; nothing where it is in order as it stands.
fn target(tier: &[usize], at: usize, next: Option<usize>) -> Option<usize> {
    let follows = tier.iter().copied().find(|one| *one > at);
    match next {
        Some(next) if next == at || follows == Some(next) => None,
        Some(next) => Some(next),
        None => follows.and_then(|_| tier.last().map(|last| last + 1)),
    }
}
