//! Operations on channels.

use std::sync::Arc;

use config::document::ChannelEntry;
use config::edit::EditError;
use config::{BaseUrl, Channel, Hop, Key, ProviderKind, Snapshot};
use gateway::TestReport;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use wire::Protocol;

use crate::{ChannelDraft, Nothing, OperationFault, Sluice};

/// Secrets shorter than this show nothing of themselves in a hint.
const HINT_FROM_CHARS: usize = 16;
/// How much of a secret's end a hint shows.
const HINT_CHARS: usize = 4;

/// A channel, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelName {
    /// The channel's name.
    pub name: String,
}

/// A channel, and whether it shall be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSwitch {
    /// The channel's name.
    pub name: String,
    /// Whether it shall be used.
    pub enabled: bool,
}

/// One channel as a line of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelLine {
    /// What health, limits and history belong to.
    pub id: String,
    /// The name that people use.
    pub name: String,
    /// The kind of upstream.
    #[serde(rename = "type")]
    pub kind: ProviderKind,
    /// The protocols it speaks.
    pub protocols: Vec<Protocol>,
    /// Where it is, without a path.
    pub host: String,
    /// Where it is, with port and path as far as they were given, without a query.
    pub base_url: String,
    /// Its default model.
    pub model: Option<String>,
    /// The models it lists; none means any.
    pub models: Option<Vec<String>>,
    /// Its tier; 1 comes first.
    pub priority: u32,
    /// Its share within the tier.
    pub weight: u32,
    /// Words that select it.
    pub tags: Vec<String>,
    /// The way to it: `direct`, `system` or a proxy's name.
    pub proxy: String,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// Why it cannot be used although it is enabled, such as a variable that is not set.
    pub needs_key: Option<String>,
    /// Its credentials, without the secrets.
    pub keys: Vec<KeyLine>,
    /// Requests in any minute; -1 for no limit, 0 for none allowed.
    pub rpm: i64,
    /// Requests in a day; -1 for no limit, 0 for none allowed.
    pub rpd: i64,
}

/// One credential, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLine {
    /// Its name within the channel.
    pub name: String,
    /// The end of the secret, to tell one from another; nothing where there is no secret.
    pub hint: Option<String>,
    /// Whether it may be used.
    pub enabled: bool,
}

/// Lists every channel in the configuration's order, disabled ones too.
pub async fn list_channels(sluice: &Arc<Sluice>, _: Nothing) -> Result<Vec<ChannelLine>, OperationFault> {
    Ok(sluice.snapshot().channels.iter().map(|channel| line(channel)).collect())
}

/// Adds a channel to the configuration. It takes effect at once.
pub async fn add_channel(sluice: &Arc<Sluice>, draft: ChannelDraft) -> Result<ChannelLine, OperationFault> {
    let name = draft.name.clone();
    let entry = ChannelEntry::from(draft);
    edit(sluice, move |text| config::edit::add_channel(text, &entry)).await?;
    named(&sluice.snapshot(), &name)
}

/// Takes a channel into use or out of it.
pub async fn set_channel_enabled(
    sluice: &Arc<Sluice>,
    switch: ChannelSwitch,
) -> Result<ChannelLine, OperationFault> {
    let ChannelSwitch { name, enabled } = switch;
    named(&sluice.snapshot(), &name)?;
    let edited = name.clone();
    edit(sluice, move |text| config::edit::set_enabled(text, &edited, enabled)).await?;
    named(&sluice.snapshot(), &name)
}

/// Removes a channel from the configuration. Requests on it run to their end.
pub async fn remove_channel(
    sluice: &Arc<Sluice>,
    channel: ChannelName,
) -> Result<ChannelName, OperationFault> {
    named(&sluice.snapshot(), &channel.name)?;
    let name = channel.name.clone();
    edit(sluice, move |text| config::edit::remove_channel(text, &name)).await?;
    Ok(channel)
}

/// Tries a channel step by step: proxy, TLS, authentication, model, first token.
pub async fn test_channel(sluice: &Arc<Sluice>, channel: ChannelName) -> Result<TestReport, OperationFault> {
    named(&sluice.snapshot(), &channel.name)?;
    let report = sluice.gateway.test_channel(&channel.name, &mut |_| {}).await;
    report
        .ok_or_else(|| OperationFault::not_found(format!("channel {:?} was removed just now", channel.name)))
}

/// Edits where blocking is allowed: another process may hold the file.
async fn edit(
    sluice: &Arc<Sluice>,
    change: impl FnOnce(&str) -> Result<String, EditError> + Send + 'static,
) -> Result<(), OperationFault> {
    let file = sluice.config.clone();
    tokio::task::spawn_blocking(move || file.edit(change))
        .await
        .map_err(|error| OperationFault::failed(format!("the edit broke off: {error}")))?
        .map_err(OperationFault::from)
}

fn named(snapshot: &Snapshot, name: &str) -> Result<ChannelLine, OperationFault> {
    if let Some(channel) = snapshot.channel_named(name) {
        return Ok(line(channel));
    }
    let names: Vec<&str> = snapshot.channels.iter().map(|channel| &*channel.name).collect();
    let known = if names.is_empty() {
        "no channel is configured yet".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    };
    Err(OperationFault::not_found(format!("no channel is named {name:?}: {known}")))
}

fn line(channel: &Channel) -> ChannelLine {
    ChannelLine {
        id: channel.id.to_string(),
        name: channel.name.to_string(),
        kind: channel.provider,
        protocols: channel.spoken.iter().map(|spoken| spoken.protocol).collect(),
        host: channel.spoken.first().map_or_else(String::new, |spoken| spoken.base.host().to_owned()),
        base_url: channel.spoken.first().map_or_else(String::new, |spoken| without_query(&spoken.base)),
        model: channel.model.as_deref().map(str::to_owned),
        models: channel
            .models
            .as_ref()
            .map(|models| models.iter().map(|pattern| pattern.written().to_string()).collect()),
        priority: channel.priority,
        weight: channel.weight,
        tags: channel.tags.iter().map(ToString::to_string).collect(),
        proxy: way(&channel.hop),
        enabled: channel.enabled,
        needs_key: channel.needs_key().map(str::to_owned),
        keys: channel.keys.iter().map(key_line).collect(),
        rpm: channel.rpm.as_number(),
        rpd: channel.rpd.as_number(),
    }
}

fn without_query(base: &BaseUrl) -> String {
    let url = base.as_url().as_str();
    url.split_once('?').map_or(url, |(url, _)| url).trim_end_matches('/').to_owned()
}

fn way(hop: &Hop) -> String {
    match hop {
        Hop::Direct => "direct".to_owned(),
        Hop::System => "system".to_owned(),
        Hop::Proxy(proxy) => proxy.name.to_string(),
    }
}

fn key_line(key: &Key) -> KeyLine {
    KeyLine { name: key.name.to_string(), hint: key.secret.as_ref().map(hint), enabled: key.enabled }
}

fn hint(secret: &SecretString) -> String {
    let secret: Vec<char> = secret.expose_secret().chars().collect();
    if secret.len() < HINT_FROM_CHARS {
        return "…".to_owned();
    }
    let end: String = secret[secret.len() - HINT_CHARS..].iter().collect();
    format!("…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::long("sk-0123456789abcdef9f2x", "…9f2x")]
    #[case::short("sk-short", "…")]
    #[case::not_ascii("ключ-ключ-ключ-ключ", "…ключ")]
    fn a_hint_shows_the_end_of_long_secrets_only(#[case] secret: &str, #[case] expected: &str) {
        assert_eq!(hint(&SecretString::from(secret)), expected);
    }
}
