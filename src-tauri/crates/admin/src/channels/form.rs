//! Everything that can be edited of a channel.

use std::collections::HashSet;

use config::document::{ChannelEntry, KeyEntry, ParamsMode, ProtocolEntry, ProxyRef, SecretRef};
use config::{Channel, Key, ProviderKind};
use indexmap::IndexMap;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use wire::Protocol;

use crate::channels::line::SecretSource;
use crate::proxies::ProxyForm;
use crate::{Fault, NewSecret};

/// What clients ask for, and what the upstream calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ModelMapping {
    /// The asked name, perhaps with a wildcard.
    pub asked: String,
    /// The name that is sent.
    pub sent: String,
}

/// A protocol, and where it is spoken if that is elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ProtocolForm {
    /// The protocol.
    pub protocol: Protocol,
    /// Where it is spoken; nothing for the channel's own base URL.
    pub base_url: Option<String>,
}

/// One credential of a channel as it is edited.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct KeyForm {
    /// The name of a saved key that this row is; nothing for a new one.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub original: Option<String>,
    /// Its name within the channel.
    pub name: String,
    /// Where it is kept.
    pub source: SecretSource,
    /// The variable where the source is the environment.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub variable: Option<String>,
    /// A new secret. Left out keeps the saved one. Write-only.
    #[serde(default, skip_serializing)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub secret: Option<NewSecret>,
    /// Whether it may be used.
    pub enabled: bool,
    /// Keys of one group share the vendor's quota.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub quota_group: Option<String>,
}

/// A request parameter that the channel sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ParamForm {
    /// Its canonical name, such as `temperature`.
    pub name: String,
    /// Its value as JSON text.
    pub value: String,
}

/// The way to a channel.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "way", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProxyChoice {
    /// Straight to it.
    #[default]
    Direct,
    /// By the proxy that the operating system names.
    System,
    /// By a proxy of the list.
    Named {
        /// Its name.
        name: String,
    },
    /// By a proxy of its own.
    Inline {
        /// The proxy; its name means nothing.
        proxy: ProxyForm,
    },
}

/// Everything that can be edited of a channel.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ChannelForm {
    /// What health, limits and history belong to; made where it is missing.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub id: Option<String>,
    /// The name that people use; unique.
    pub name: String,
    /// The kind of upstream; by host where it is left out.
    #[serde(rename = "type")]
    pub kind: Option<ProviderKind>,
    /// Where it is; by type where it is left out.
    pub base_url: Option<String>,
    /// Whether the base URL is used exactly as it stands.
    pub exact: bool,
    /// The protocols that it speaks; empty for the usual ones.
    pub protocols: Vec<ProtocolForm>,
    /// Its credentials, in the order in which they are tried.
    pub keys: Vec<KeyForm>,
    /// Its default model.
    pub model: Option<String>,
    /// The models it serves, with wildcards; nothing for any.
    pub models: Option<Vec<String>>,
    /// Asked names and what the upstream calls them.
    pub model_map: Vec<ModelMapping>,
    /// Request parameters that it sets.
    pub params: Vec<ParamForm>,
    /// Whether they override what a client sent.
    pub params_force: bool,
    /// Whether it may be used.
    pub enabled: bool,
    /// Its share within the tier; 0 means only when named.
    pub weight: u32,
    /// Its tier; 1 comes first.
    pub priority: u32,
    /// Words that select it.
    pub tags: Vec<String>,
    /// Milliseconds for headers and first content, and for a whole reply; nothing for the built-in timers.
    pub timeout_ms: Option<u32>,
    /// Extra attempts on this channel.
    pub max_retries: u32,
    /// The way to it.
    pub proxy: ProxyChoice,
    /// Requests in any minute; -1 for any number, 0 for none.
    pub rpm: i64,
    /// Requests in a day; -1 for any number, 0 for none.
    pub rpd: i64,
}

/// Extra attempts on a channel by default.
const MAX_RETRIES: u32 = 2;

impl ChannelForm {
    /// What can be edited of a channel that stands in the file. Secrets stay behind.
    pub(crate) fn of(entry: &ChannelEntry, channel: &Channel) -> ChannelForm {
        ChannelForm {
            id: Some(entry.effective_id()),
            name: entry.name.clone(),
            kind: entry.kind,
            base_url: entry.base_url.clone(),
            exact: entry.exact.unwrap_or(false),
            protocols: entry.protocols.iter().flatten().map(ProtocolForm::of).collect(),
            keys: keys_of(entry).zip(&channel.keys).map(|(key, known)| KeyForm::of(key, known)).collect(),
            model: entry.model.clone(),
            models: entry.models.clone(),
            model_map: entry
                .model_map
                .iter()
                .map(|(asked, sent)| ModelMapping { asked: asked.clone(), sent: sent.clone() })
                .collect(),
            params: entry
                .model_params
                .iter()
                .map(|(name, value)| ParamForm { name: name.clone(), value: value.to_string() })
                .collect(),
            params_force: entry.model_params_mode == Some(ParamsMode::Force),
            enabled: entry.enabled.unwrap_or(true),
            weight: entry.weight.unwrap_or(1),
            priority: entry.priority.unwrap_or(1),
            tags: entry.tags.clone(),
            timeout_ms: entry.timeout_ms,
            max_retries: entry.max_retries.unwrap_or(MAX_RETRIES),
            proxy: entry.proxy.as_ref().map(ProxyChoice::of).unwrap_or_default(),
            rpm: entry.rpm.unwrap_or(-1),
            rpd: entry.rpd.unwrap_or(-1),
        }
    }

    /// The entry that the file would hold. What `saved` states and a form does not know stays, and so does what it leaves
    /// out because it is the default.
    pub(crate) fn entry(&self, saved: Option<&ChannelEntry>) -> Result<ChannelEntry, Fault> {
        let none = ChannelEntry::default();
        let old = saved.unwrap_or(&none);
        let mut entry = ChannelEntry {
            id: old.id.clone(),
            name: self.name.trim().to_owned(),
            kind: self.kind,
            base_url: filled(self.base_url.as_deref()),
            exact: unless_default(self.exact, false, old.exact),
            protocols: self.spoken(old),
            model: filled(self.model.as_deref()),
            models: self.models.as_deref().map(trimmed).filter(|models| !models.is_empty()),
            model_map: self.mapping()?,
            model_params: self.parameters()?,
            model_params_mode: match (self.params_force, old.model_params_mode) {
                (true, _) => Some(ParamsMode::Force),
                (false, stated) => stated.map(|_| ParamsMode::Fill),
            },
            enabled: unless_default(self.enabled, true, old.enabled),
            weight: unless_default(self.weight, 1, old.weight),
            priority: unless_default(self.priority, 1, old.priority),
            tags: trimmed(&self.tags),
            timeout_ms: self.timeout_ms,
            max_retries: unless_default(self.max_retries, MAX_RETRIES, old.max_retries),
            proxy: self.proxy.reference(old.proxy.as_ref())?,
            rpm: unless_default(self.rpm, -1, old.rpm),
            rpd: unless_default(self.rpd, -1, old.rpd),
            ..ChannelEntry::default()
        };
        self.write_keys(&mut entry, old)?;
        Ok(entry)
    }

    fn spoken(&self, old: &ChannelEntry) -> Option<Vec<ProtocolEntry>> {
        let exact = |protocol| {
            let stated = old.protocols.iter().flatten().find(|stated| stated.protocol == protocol);
            stated.and_then(|stated| stated.exact)
        };
        let spoken = |form: &ProtocolForm| {
            let base_url = filled(form.base_url.as_deref());
            ProtocolEntry {
                protocol: form.protocol,
                exact: base_url.as_ref().and_then(|_| exact(form.protocol)),
                base_url,
            }
        };
        (!self.protocols.is_empty()).then(|| self.protocols.iter().map(spoken).collect())
    }

    fn mapping(&self) -> Result<IndexMap<String, String>, Fault> {
        let mut map = IndexMap::new();
        for (at, pair) in self.model_map.iter().enumerate() {
            let (asked, sent) = (pair.asked.trim(), pair.sent.trim());
            if asked.is_empty() || sent.is_empty() {
                return Err(Fault::invalid("both names are needed").at(format!("model_map[{at}]")));
            }
            if map.insert(asked.to_owned(), sent.to_owned()).is_some() {
                return Err(
                    Fault::invalid(format!("{asked} stands here twice")).at(format!("model_map[{at}].asked"))
                );
            }
        }
        Ok(map)
    }

    fn parameters(&self) -> Result<IndexMap<String, serde_json::Value>, Fault> {
        let mut params = IndexMap::new();
        for (at, param) in self.params.iter().enumerate() {
            let name = param.name.trim();
            if name.is_empty() {
                return Err(Fault::invalid("the parameter needs a name").at(format!("params[{at}].name")));
            }
            let value = serde_json::from_str(&param.value).map_err(|error| {
                Fault::invalid(format!("the value of {name} is no JSON: {error}"))
                    .at(format!("params[{at}].value"))
            })?;
            if params.insert(name.to_owned(), value).is_some() {
                return Err(
                    Fault::invalid(format!("{name} stands here twice")).at(format!("params[{at}].name"))
                );
            }
        }
        Ok(params)
    }

    fn write_keys(&self, entry: &mut ChannelEntry, old: &ChannelEntry) -> Result<(), Fault> {
        let mut names = HashSet::new();
        let mut keys = Vec::new();
        for (at, form) in self.keys.iter().enumerate() {
            let name = form.name.trim();
            if name.is_empty() {
                return Err(Fault::invalid("the key needs a name").at(format!("keys[{at}].name")));
            }
            if !names.insert(name) {
                return Err(
                    Fault::invalid(format!("two keys are named {name:?}")).at(format!("keys[{at}].name"))
                );
            }
            let saved = form.original.as_deref().and_then(|original| key_named(old, original));
            keys.push(form.entry(at, saved)?);
        }
        if keys.len() == 1 && old.keys.is_none() {
            entry.key = keys.pop();
        } else if !keys.is_empty() {
            entry.keys = Some(keys);
        }
        Ok(())
    }
}

impl KeyForm {
    fn of(entry: &KeyEntry, known: &Key) -> KeyForm {
        let (source, variable) = match &entry.secret {
            SecretRef::Vault => (SecretSource::Vault, None),
            SecretRef::Env(name) => (SecretSource::Environment, Some(name.clone())),
            SecretRef::Literal(_) => (SecretSource::File, None),
        };
        KeyForm {
            original: Some(known.name.to_string()),
            name: known.name.to_string(),
            source,
            variable,
            secret: None,
            enabled: known.enabled,
            quota_group: entry.quota_group.clone(),
        }
    }

    /// The new secret, if one is given.
    pub(crate) fn new_secret(&self) -> Option<&SecretString> {
        self.secret
            .as_ref()
            .map(|NewSecret(secret)| secret)
            .filter(|secret| !secret.expose_secret().trim().is_empty())
    }

    fn entry(&self, at: usize, saved: Option<&KeyEntry>) -> Result<KeyEntry, Fault> {
        let name = self.name.trim();
        Ok(KeyEntry {
            // The first key is called `default` where nobody named it; other names must stand in the file.
            name: (name != DEFAULT_KEY || at > 0).then(|| name.to_owned()),
            secret: self.reference(at, saved)?,
            quota_group: filled(self.quota_group.as_deref()),
            rpm: saved.and_then(|saved| saved.rpm),
            rpd: saved.and_then(|saved| saved.rpd),
            enabled: unless_default(self.enabled, true, saved.and_then(|saved| saved.enabled)),
        })
    }

    fn reference(&self, at: usize, saved: Option<&KeyEntry>) -> Result<SecretRef, Fault> {
        match self.source {
            SecretSource::Vault => Ok(SecretRef::Vault),
            SecretSource::Environment => {
                let field = || format!("keys[{at}].variable");
                variable(self.variable.as_deref()).map(SecretRef::Env).map_err(|fault| fault.at(field()))
            }
            SecretSource::File => match saved.map(|saved| &saved.secret) {
                Some(SecretRef::Literal(secret)) if self.new_secret().is_none() => {
                    Ok(SecretRef::Literal(secret.clone()))
                }
                Some(_) | None => Err(no_plain_secret().at(format!("keys[{at}].source"))),
            },
        }
    }
}

impl ProtocolForm {
    fn of(entry: &ProtocolEntry) -> ProtocolForm {
        ProtocolForm { protocol: entry.protocol, base_url: entry.base_url.clone() }
    }
}

impl ProxyChoice {
    fn of(reference: &ProxyRef) -> ProxyChoice {
        match reference {
            ProxyRef::Named(name) if name == DIRECT => ProxyChoice::Direct,
            ProxyRef::Named(name) if name == SYSTEM => ProxyChoice::System,
            ProxyRef::Named(name) => ProxyChoice::Named { name: name.clone() },
            ProxyRef::Inline(inline) => ProxyChoice::Inline { proxy: ProxyForm::of_inline(inline) },
        }
    }

    fn reference(&self, old: Option<&ProxyRef>) -> Result<Option<ProxyRef>, Fault> {
        match self {
            ProxyChoice::Direct => Ok(old.map(|_| ProxyRef::Named(DIRECT.to_owned()))),
            ProxyChoice::System => Ok(Some(ProxyRef::Named(SYSTEM.to_owned()))),
            ProxyChoice::Named { name } => Ok(Some(ProxyRef::Named(name.trim().to_owned()))),
            ProxyChoice::Inline { proxy } => {
                let saved = old.and_then(|old| match old {
                    ProxyRef::Inline(inline) => inline.password.as_ref(),
                    ProxyRef::Named(_) => None,
                });
                let inline = proxy.inline(saved).map_err(|fault| fault.within("proxy"))?;
                Ok(Some(ProxyRef::Inline(inline)))
            }
        }
    }
}

/// The words of the file for the ways that are no proxies.
const DIRECT: &str = "direct";
const SYSTEM: &str = "system";

/// What the first key is called where nobody named it.
pub(crate) const DEFAULT_KEY: &str = "default";

/// The keys of an entry, however it writes them.
pub(crate) fn keys_of(entry: &ChannelEntry) -> impl Iterator<Item = &KeyEntry> {
    entry.key.iter().chain(entry.keys.iter().flatten())
}

/// What a key is called: its name, or one that follows from its place.
pub(crate) fn key_name(at: usize, key: &KeyEntry) -> String {
    match &key.name {
        Some(name) => name.clone(),
        None if at == 0 => DEFAULT_KEY.to_owned(),
        None => format!("key {}", at + 1),
    }
}

fn key_named<'e>(entry: &'e ChannelEntry, name: &str) -> Option<&'e KeyEntry> {
    keys_of(entry).enumerate().find(|(at, key)| key_name(*at, key) == name).map(|(_, key)| key)
}

/// Reads the name of an environment variable.
pub(crate) fn variable(name: Option<&str>) -> Result<String, Fault> {
    let name = name.unwrap_or_default().trim();
    let starts = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if !starts || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(Fault::invalid(format!("{name:?} is no name of an environment variable")));
    }
    Ok(name.to_owned())
}

/// No secret is written into the file.
pub(crate) fn no_plain_secret() -> Fault {
    Fault::invalid("a secret is not written into the file")
        .hinting("keep it in the vault or in an environment variable")
}

/// The text without the white space around it, unless nothing remains.
pub(crate) fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

pub(crate) fn trimmed(texts: &[String]) -> Vec<String> {
    texts.iter().filter_map(|text| filled(Some(text))).collect()
}

/// A value as the file states it: left out where it is the default and nobody stated it before.
pub(crate) fn unless_default<T: Copy + PartialEq>(value: T, default: T, stated: Option<T>) -> Option<T> {
    (value != default || stated.is_some()).then_some(value)
}
