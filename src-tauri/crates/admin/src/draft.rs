//! A new channel, as far as a person describes it when adding one.

use config::ProviderKind;
use config::document::{ChannelEntry, KeyEntry, ProtocolEntry, ProxyRef, SecretRef};
use serde::{Deserialize, Serialize};
use wire::Protocol;

/// A new channel. What is left out follows from its type and its host.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelDraft {
    /// The name that people use; unique.
    pub name: String,
    /// The kind of upstream.
    #[serde(rename = "type")]
    pub kind: Option<ProviderKind>,
    /// Where it is.
    pub base_url: Option<String>,
    /// The environment variable that holds its key. A key itself is never written into the file.
    pub key_env: Option<String>,
    /// The protocols that it speaks; empty for the usual ones.
    #[serde(default)]
    pub protocols: Vec<Protocol>,
    /// Its default model.
    pub model: Option<String>,
    /// The models that it serves, with wildcards; nothing for any.
    pub models: Option<Vec<String>>,
    /// Its tier; 1 comes first.
    pub priority: Option<u32>,
    /// Its share within the tier.
    pub weight: Option<u32>,
    /// Words that select it.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The way to it: `direct`, `system`, or a proxy's name.
    pub proxy: Option<String>,
    /// Requests in any minute; -1 for any number, 0 for none.
    pub rpm: Option<i64>,
    /// Requests in a day; -1 for any number, 0 for none.
    pub rpd: Option<i64>,
}

impl From<ChannelDraft> for ChannelEntry {
    fn from(draft: ChannelDraft) -> ChannelEntry {
        let protocols: Vec<ProtocolEntry> = draft.protocols.into_iter().map(spoken).collect();
        ChannelEntry {
            name: draft.name,
            kind: draft.kind,
            base_url: draft.base_url,
            key: draft.key_env.map(key),
            protocols: (!protocols.is_empty()).then_some(protocols),
            model: draft.model,
            models: draft.models,
            priority: draft.priority,
            weight: draft.weight,
            tags: draft.tags,
            proxy: draft.proxy.map(ProxyRef::Named),
            rpm: draft.rpm,
            rpd: draft.rpd,
            ..ChannelEntry::default()
        }
    }
}

fn spoken(protocol: Protocol) -> ProtocolEntry {
    ProtocolEntry { protocol, base_url: None, exact: None }
}

fn key(variable: String) -> KeyEntry {
    KeyEntry {
        name: None,
        secret: SecretRef::Env(variable),
        quota_group: None,
        rpm: None,
        rpd: None,
        enabled: None,
    }
}
