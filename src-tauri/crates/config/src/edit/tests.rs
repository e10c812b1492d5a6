//! What an edit changes, and what it leaves alone.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod aliases;
mod channels;
mod fields;
mod moves;
mod others;
mod restoring;
mod secrets;
mod sequences;
mod settings;

use super::remove_channel;
use crate::document::{ChannelEntry, Document, KeyEntry, SecretRef};
use crate::parse::{Format, parse};

/// The document that a text says.
fn document(text: &str) -> Document {
    let parsed = parse("config.toml", Format::Toml, text.as_bytes());
    parsed.unwrap_or_else(|findings| panic!("{findings:#?}\n{text}")).document
}

/// A channel of a text, as it is written.
fn channel(text: &str, name: &str) -> ChannelEntry {
    let channels = document(text).channel;
    channels.into_iter().find(|channel| channel.name == name).unwrap_or_else(|| panic!("{name} in {text}"))
}

fn key(name: Option<&str>, secret: SecretRef) -> KeyEntry {
    let name = name.map(str::to_owned);
    KeyEntry { name, secret, quota_group: None, rpm: None, rpd: None, enabled: None }
}

fn bare_entry(name: &str, secret: SecretRef) -> ChannelEntry {
    ChannelEntry { name: name.to_owned(), key: Some(key(None, secret)), ..ChannelEntry::default() }
}

fn env(variable: &str) -> SecretRef {
    SecretRef::Env(variable.to_owned())
}

/// The text without a channel.
fn without(text: &str, name: &str) -> String {
    remove_channel(text, name).unwrap().text
}
