//! Secrets in plain text, and references to the vault in their place.

use std::collections::HashSet;
use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};
use toml_edit::{Document as Toml, Item, Key, TableLike, Value};

use super::EditError;
use super::channel::parsed;
use super::layout::edited;
use crate::document::{ChannelEntry, Document, KeyEntry, ProxyRef, SecretRef};
use crate::resolve::key_name;
use crate::secret::SecretId;

/// A secret that stands in the file as plain text.
#[derive(Debug, Clone)]
pub struct PlainSecret {
    /// What the vault calls it.
    pub id: SecretId,
    /// The secret itself.
    pub secret: SecretString,
}

/// Finds the secrets that stand in a document as plain text and that a vault can keep.
pub fn plain_secrets(document: &Document) -> Vec<PlainSecret> {
    let mut found = Vec::new();
    let mut note = |id: SecretId, reference: &SecretRef| match reference {
        SecretRef::Literal(secret) if !secret.expose_secret().is_empty() => {
            found.push(PlainSecret { id, secret: secret.clone() });
        }
        SecretRef::Literal(_) | SecretRef::Env(_) | SecretRef::Vault => {}
    };
    for channel in &document.channel {
        let id = channel.effective_id();
        for (name, key) in named_keys(channel) {
            note(SecretId::ChannelKey { channel_id: id.clone(), key: name }, &key.secret);
        }
        if let Some(password) = inline_password(channel) {
            note(SecretId::ChannelProxyPassword { channel_id: id }, password);
        }
    }
    for proxy in &document.proxy {
        if let Some(password) = &proxy.password {
            note(SecretId::ProxyPassword { proxy: proxy.name.clone() }, password);
        }
    }
    if let Some(key) = document.server.as_ref().and_then(|server| server.api_key.as_ref()) {
        note(SecretId::ServerKey, key);
    }
    found
}

/// Puts references to the vault in the place of these plain secrets and returns the new text. What is no plain secret of
/// the file is passed over.
pub fn to_vault(text: &str, secrets: &[SecretId]) -> Result<String, EditError> {
    edited(text, |text| {
        let document = parsed(text)?;
        let plain: Vec<SecretId> = plain_secrets(&document).into_iter().map(|secret| secret.id).collect();
        let toml = Toml::parse(text).map_err(|error| EditError::NoToml(error.message().to_owned()))?;
        let moving = secrets.iter().filter(|id| plain.contains(id));
        let mut replaced: Vec<(Range<usize>, String)> =
            moving.flat_map(|id| replacements(&document, &toml, id)).collect();
        replaced.sort_by_key(|(range, _)| range.start);
        let mut text = text.to_owned();
        for (range, reference) in replaced.into_iter().rev() {
            text.replace_range(range, &reference);
        }
        Ok(text)
    })
}

/// Every plain text of a document that is a secret, those too that no vault keeps.
pub(super) fn literals(document: &Document) -> HashSet<String> {
    let channels = document.channel.iter().flat_map(references);
    let proxies = document.proxy.iter().filter_map(|proxy| proxy.password.as_ref());
    let literal = |reference: &SecretRef| match reference {
        SecretRef::Literal(secret) => Some(secret.expose_secret().to_owned()),
        SecretRef::Env(_) | SecretRef::Vault => None,
    };
    channels.chain(proxies).filter_map(literal).collect()
}

/// Every reference to a secret in a channel.
pub(super) fn references(channel: &ChannelEntry) -> Vec<&SecretRef> {
    let keys = channel.key.iter().chain(channel.keys.iter().flatten()).map(|key| &key.secret);
    keys.chain(inline_password(channel)).chain(channel.oauth_client_secret.as_ref()).collect()
}

fn inline_password(channel: &ChannelEntry) -> Option<&SecretRef> {
    match channel.proxy.as_ref()? {
        ProxyRef::Named(_) => None,
        ProxyRef::Inline(proxy) => proxy.password.as_ref(),
    }
}

fn named_keys(channel: &ChannelEntry) -> impl Iterator<Item = (String, &KeyEntry)> {
    let keys = channel.key.iter().chain(channel.keys.iter().flatten());
    (1..).zip(keys).map(|(number, key)| (key_name(number, key), key))
}

/// What changes in the text so that one secret is a reference.
fn replacements(document: &Document, toml: &Toml<&str>, id: &SecretId) -> Vec<(Range<usize>, String)> {
    let channel = |id: &str| {
        let at = document.channel.iter().position(|channel| channel.effective_id() == id)?;
        Some((&document.channel[at], entry(toml.get("channel")?, at)?))
    };
    let found = match id {
        SecretId::ChannelKey { channel_id, key } => {
            channel(channel_id).and_then(|(channel, table)| key_of(channel, table, key))
        }
        SecretId::ChannelProxyPassword { channel_id } => channel(channel_id)
            .and_then(|(_, table)| table.get("proxy")?.as_table_like()?.get("password"))
            .and_then(|password| of_item(password, None)),
        SecretId::ProxyPassword { proxy } => {
            let at = document.proxy.iter().position(|entry| entry.name == *proxy);
            at.and_then(|at| of_item(entry(toml.get("proxy")?, at)?.get("password")?, None))
        }
        SecretId::ServerKey => toml
            .get("server")
            .and_then(|server| server.as_table_like()?.get("api_key"))
            .and_then(|key| of_item(key, None)),
        SecretId::ClientKey { .. } => None,
    };
    found.unwrap_or_default()
}

fn entry(list: &Item, at: usize) -> Option<&dyn TableLike> {
    match list {
        Item::ArrayOfTables(tables) => tables.get(at).map(|table| table as &dyn TableLike),
        Item::Value(Value::Array(items)) => {
            items.get(at)?.as_inline_table().map(|table| table as &dyn TableLike)
        }
        Item::None | Item::Value(_) | Item::Table(_) => None,
    }
}

/// The changes for one key. A key of a list without a name gets the one that it goes by, so that it is still found when
/// another one ahead of it goes.
fn key_of(channel: &ChannelEntry, table: &dyn TableLike, name: &str) -> Option<Vec<(Range<usize>, String)>> {
    if let Some(lone) = table.get("key") {
        return of_item(lone, None);
    }
    let (at, key) = named_keys(channel).enumerate().find(|(_, (known, _))| known == name)?;
    let unnamed = key.1.name.is_none().then_some(name);
    match table.get("keys")? {
        Item::Value(Value::Array(keys)) => of_value(keys.get(at)?, unnamed),
        Item::ArrayOfTables(keys) => of_table(keys.get(at)?, unnamed, "\n"),
        Item::None | Item::Value(_) | Item::Table(_) => None,
    }
}

fn of_item(item: &Item, unnamed: Option<&str>) -> Option<Vec<(Range<usize>, String)>> {
    match item {
        Item::Value(value) => of_value(value, unnamed),
        Item::Table(table) => of_table(table, unnamed, "\n"),
        Item::None | Item::ArrayOfTables(_) => None,
    }
}

fn of_value(value: &Value, unnamed: Option<&str>) -> Option<Vec<(Range<usize>, String)>> {
    match value {
        Value::String(_) => {
            let name = unnamed.map_or_else(String::new, |name| format!("name = {}, ", Value::from(name)));
            Some(vec![(value.span()?, format!("{{ {name}vault = true }}"))])
        }
        Value::InlineTable(table) => of_table(table, unnamed, ", "),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) | Value::Array(_) => {
            None
        }
    }
}

/// In a table the field `key` holds the text of the secret.
fn of_table(
    table: &dyn TableLike,
    unnamed: Option<&str>,
    between: &str,
) -> Option<Vec<(Range<usize>, String)>> {
    let (key, item) = table.get_key_value("key")?;
    let name = unnamed.map_or_else(String::new, |name| format!("name = {}{between}", Value::from(name)));
    Some(vec![(Key::span(key)?, format!("{name}vault")), (item.span()?, "true".to_owned())])
}
