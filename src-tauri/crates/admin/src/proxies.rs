//! Operations on network proxies.

use std::sync::Arc;

use config::document::{ChannelEntry, Document, ProxyEntry, ProxyInline, ProxyRef, SecretRef};
use config::{
    Channel, Hop, Proxy, ProxyScheme, SecretId, SecretState, VaultAnswer, VaultQuestion, proxy_origin,
};
use gateway::ProxyReport;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::channels::draft::{NewEntry, origin_changed, password_of};
use crate::channels::form::{filled, no_plain_secret, trimmed, variable};
use crate::channels::save::{forget, keep_and_edit};
use crate::fault::of_findings;
use crate::undo::Gone;
use crate::{Fault, NewSecret, Nothing, Removed, SecretSource, Sluice};

/// Everything that can be edited of a network proxy.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ProxyForm {
    /// The name that channels use.
    pub name: String,
    /// The protocol spoken to it.
    #[serde(rename = "type")]
    pub scheme: ProxyScheme,
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user name that it asks for.
    pub username: Option<String>,
    /// Where its password is kept.
    pub password_source: SecretSource,
    /// The variable where the source is the environment.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub password_variable: Option<String>,
    /// A new password. Left out keeps the saved one; an empty one removes it. Write-only.
    #[serde(default, skip_serializing)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub password: Option<NewSecret>,
    /// Targets that do not use it: host names, `.suffixes`, addresses and networks.
    pub no_proxy: Vec<String>,
}

/// One network proxy as a line of a list.
#[derive(Clone, Debug, Serialize, ts_rs::TS)]
pub struct ProxyLine {
    /// The name that channels use.
    pub name: String,
    /// The protocol spoken to it.
    #[serde(rename = "type")]
    pub scheme: ProxyScheme,
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user name that it asks for.
    pub username: Option<String>,
    /// Whether its password can be used; nothing where it has none.
    pub password_state: Option<SecretState>,
    /// Where its password is kept.
    pub password_source: Option<SecretSource>,
    /// The variable where the source is the environment.
    pub password_variable: Option<String>,
    /// Targets that do not use it.
    pub no_proxy: Vec<String>,
    /// The names of the channels that use it.
    pub used_by: Vec<String>,
    /// The last test since the start.
    pub last_test: Option<ProxyReport>,
}

/// A proxy to add or to change.
#[derive(Clone, Debug, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SaveProxy {
    /// The name under which it is saved now; nothing for a new one.
    pub original: Option<String>,
    /// What it shall be.
    pub form: ProxyForm,
}

/// A proxy, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ProxyName {
    /// Its name.
    pub name: String,
}

/// A proxy to try: a saved one by name, or one that is being written.
#[derive(Clone, Debug, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ProxyQuestion {
    /// A saved proxy…
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
    /// …or one that is being written.
    #[serde(default)]
    #[ts(optional)]
    pub form: Option<ProxyForm>,
}

/// What a proxy is asked for in a test where no channel uses it: a page of a few bytes that answers from everywhere.
const TARGET: &str = "https://www.gstatic.com/generate_204";

/// Lists the network proxies in the file's order.
pub async fn list_proxies(sluice: &Arc<Sluice>, _: Nothing) -> Result<Vec<ProxyLine>, Fault> {
    let document = sluice.document();
    Ok(document.proxy.iter().map(|entry| line(sluice, entry)).collect())
}

/// Adds a network proxy, or changes one. Channels that use it follow a new name.
pub async fn save_proxy(sluice: &Arc<Sluice>, save: SaveProxy) -> Result<ProxyLine, Fault> {
    let SaveProxy { original, form } = save;
    let old = original.as_deref().map(|name| entry_named(sluice, name)).transpose()?;
    let name = form.name.trim().to_owned();
    let entry = form.entry(old.as_ref())?;
    let id = SecretId::ProxyPassword { proxy: name.clone() };
    let known = old.as_ref().map(|old| resolved(sluice, old)).transpose()?;
    let secrets: Vec<NewEntry> = form.new_entry(id, known.as_ref())?.into_iter().collect();
    let stays = matches!(entry.password, Some(SecretRef::Vault));
    let replaced = original.clone().filter(|original| !stays || *original != name);
    keep_and_edit(sluice, secrets, move |text| {
        Ok(config::edit::put_proxy(text, original.as_deref(), &entry)?)
    })
    .await?;
    forget(sluice, replaced.map(|proxy| SecretId::ProxyPassword { proxy })).await;
    Ok(line(sluice, &entry_named(sluice, &name)?))
}

/// Removes a network proxy that no channel uses.
pub async fn remove_proxy(sluice: &Arc<Sluice>, proxy: ProxyName) -> Result<Removed, Fault> {
    entry_named(sluice, &proxy.name)?;
    let name = proxy.name.clone();
    let block = sluice.take_out(move |text| Ok(config::edit::remove_proxy(text, &name)?)).await?;
    let secrets = vec![SecretId::ProxyPassword { proxy: proxy.name.clone() }];
    Ok(Removed { name: proxy.name, undo: sluice.forget_later(Gone { block, secrets }) })
}

/// Tries a network proxy step by step: its name, its port, its login, and a target beyond it.
pub async fn test_proxy(sluice: &Arc<Sluice>, question: ProxyQuestion) -> Result<ProxyReport, Fault> {
    let (proxy, saved_as) = match (question.name, question.form) {
        (Some(name), None) => (resolved(sluice, &entry_named(sluice, &name)?)?, Some(name)),
        (None, Some(form)) => (form.draft(sluice)?, None),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Fault::invalid("give either the name of a proxy or a form").at("name"));
        }
    };
    let target = target_beyond(sluice, &proxy.name);
    let report = sluice.gateway.test_proxy(Arc::new(proxy), &target).await;
    if let Some(name) = saved_as {
        sluice.tests.note_proxy(name, report.clone());
    }
    Ok(report)
}

impl ProxyForm {
    /// What can be edited of a proxy that is written inside a channel.
    pub(crate) fn of_inline(inline: &ProxyInline) -> ProxyForm {
        let (password_source, password_variable) =
            source(inline.password.as_ref()).unwrap_or((SecretSource::Vault, None));
        ProxyForm {
            name: String::new(),
            scheme: inline.scheme.unwrap_or(ProxyScheme::Http),
            host: inline.host.clone(),
            port: inline.port,
            username: inline.username.clone(),
            password_source,
            password_variable,
            password: None,
            no_proxy: inline.no_proxy.clone(),
        }
    }

    /// The proxy as it would stand inside a channel whose old one has this password.
    pub(crate) fn inline(&self, saved: Option<&SecretRef>) -> Result<ProxyInline, Fault> {
        self.check()?;
        Ok(ProxyInline {
            scheme: Some(self.scheme),
            host: self.host.trim().to_owned(),
            port: self.port,
            username: filled(self.username.as_deref()),
            password: self.reference(saved)?,
            no_proxy: trimmed(&self.no_proxy),
        })
    }

    /// The new password, if one is given.
    pub(crate) fn new_password(&self) -> Option<&SecretString> {
        self.password
            .as_ref()
            .map(|NewSecret(password)| password)
            .filter(|password| !password.expose_secret().is_empty())
    }

    /// What the vault must be given: a new password, one that moves with the proxy's new name, or nothing.
    pub(crate) fn new_entry(&self, id: SecretId, known: Option<&Proxy>) -> Result<Option<NewEntry>, Fault> {
        const FIELD: &str = "password";
        if self.password_source != SecretSource::Vault || self.takes_password_away() {
            return Ok(None);
        }
        let origin = proxy_origin(self.scheme, self.host.trim(), self.port);
        let entry =
            |secret: SecretString| NewEntry { id, secret, origin: origin.clone(), field: FIELD.to_owned() };
        if let Some(password) = self.new_password() {
            return Ok(Some(entry(password.clone())));
        }
        let Some(password) = known.and_then(|known| known.password.clone()) else { return Ok(None) };
        let known = known.map(|known| proxy_origin(known.scheme, &known.host, known.port));
        if known != Some(origin.clone()) {
            return Err(origin_changed(FIELD));
        }
        Ok(Some(entry(password)))
    }

    fn takes_password_away(&self) -> bool {
        self.password.as_ref().is_some_and(|NewSecret(password)| password.expose_secret().is_empty())
    }

    fn entry(&self, old: Option<&ProxyEntry>) -> Result<ProxyEntry, Fault> {
        let name = self.name.trim();
        if name.is_empty() {
            return Err(Fault::invalid("the proxy needs a name").at("name"));
        }
        let inline = self.inline(old.and_then(|old| old.password.as_ref()))?;
        Ok(ProxyEntry {
            name: name.to_owned(),
            scheme: inline.scheme,
            host: inline.host,
            port: inline.port,
            username: inline.username,
            password: inline.password,
            no_proxy: inline.no_proxy,
        })
    }

    fn check(&self) -> Result<(), Fault> {
        if self.host.trim().is_empty() {
            return Err(Fault::invalid("the proxy needs a host").at("host"));
        }
        if self.port == 0 {
            return Err(Fault::invalid("the proxy needs a port").at("port"));
        }
        Ok(())
    }

    fn reference(&self, saved: Option<&SecretRef>) -> Result<Option<SecretRef>, Fault> {
        match self.password_source {
            SecretSource::Environment => {
                let named = variable(self.password_variable.as_deref());
                named.map(|name| Some(SecretRef::Env(name))).map_err(|fault| fault.at("password_variable"))
            }
            _ if self.takes_password_away() => Ok(None),
            SecretSource::Vault if self.new_password().is_some() => Ok(Some(SecretRef::Vault)),
            SecretSource::Vault => Ok(saved.map(|_| SecretRef::Vault)),
            SecretSource::File => match saved {
                Some(SecretRef::Literal(password)) if self.new_password().is_none() => {
                    Ok(Some(SecretRef::Literal(password.clone())))
                }
                Some(_) | None => Err(no_plain_secret().at("password_source")),
            },
        }
    }

    /// The proxy as it would be in force. One that names a saved proxy may leave out that one's password.
    fn draft(&self, sluice: &Sluice) -> Result<Proxy, Fault> {
        let old = entry_named(sluice, self.name.trim()).ok();
        let known = old.as_ref().and_then(|old| resolved(sluice, old).ok());
        let entry = self.entry(old.as_ref())?;
        let vault = |question: &VaultQuestion| match (self.new_password(), &known) {
            (Some(password), _) => VaultAnswer::Secret(password.clone()),
            (None, Some(known)) => password_of(known, &question.origin),
            (None, None) => VaultAnswer::Missing,
        };
        in_force(sluice, &entry, &vault)
    }
}

fn entry_named(sluice: &Sluice, name: &str) -> Result<ProxyEntry, Fault> {
    let document = sluice.document();
    let found = document.proxy.iter().find(|entry| entry.name == name).cloned();
    found.ok_or_else(|| Fault::not_found(format!("no network proxy is named {name:?}")).at("name"))
}

fn line(sluice: &Sluice, entry: &ProxyEntry) -> ProxyLine {
    let written = source(entry.password.as_ref());
    let document = sluice.document();
    let uses = |channel: &&ChannelEntry| matches!(&channel.proxy, Some(ProxyRef::Named(name)) if *name == entry.name);
    ProxyLine {
        name: entry.name.clone(),
        scheme: entry.scheme.unwrap_or(ProxyScheme::Http),
        host: entry.host.clone(),
        port: entry.port,
        username: entry.username.clone(),
        password_state: entry.password.as_ref().map(|password| state(sluice, entry, password)),
        password_source: written.as_ref().map(|(source, _)| *source),
        password_variable: written.and_then(|(_, variable)| variable),
        no_proxy: entry.no_proxy.clone(),
        used_by: document.channel.iter().filter(uses).map(|channel| channel.name.clone()).collect(),
        last_test: sluice.tests.of_proxy(&entry.name),
    }
}

fn source(password: Option<&SecretRef>) -> Option<(SecretSource, Option<String>)> {
    Some(match password? {
        SecretRef::Vault => (SecretSource::Vault, None),
        SecretRef::Env(name) => (SecretSource::Environment, Some(name.clone())),
        SecretRef::Literal(_) => (SecretSource::File, None),
    })
}

fn state(sluice: &Sluice, entry: &ProxyEntry, password: &SecretRef) -> SecretState {
    match password {
        SecretRef::Literal(_) => SecretState::Ready,
        SecretRef::Env(name) if sluice.environment.filled(name).is_some() => SecretState::Ready,
        SecretRef::Env(_) => SecretState::Missing,
        SecretRef::Vault => {
            let origin = proxy_origin(entry.scheme.unwrap_or(ProxyScheme::Http), &entry.host, entry.port);
            let id = SecretId::ProxyPassword { proxy: entry.name.clone() };
            match sluice.vault.answer(&VaultQuestion { id, origin }) {
                VaultAnswer::Secret(_) => SecretState::Ready,
                VaultAnswer::Missing => SecretState::Missing,
                VaultAnswer::OriginChanged => SecretState::OriginChanged,
                VaultAnswer::Locked { .. } => SecretState::Locked,
                VaultAnswer::Unavailable { .. } | VaultAnswer::Pending => SecretState::Unavailable,
            }
        }
    }
}

/// The proxy of the file as it is in force, whether a channel uses it or not.
fn resolved(sluice: &Sluice, entry: &ProxyEntry) -> Result<Proxy, Fault> {
    in_force(sluice, entry, &|question| sluice.vault.answer(question))
}

/// What a proxy's entry comes down to. A proxy alone is no configuration, so that a channel goes along.
fn in_force(
    sluice: &Sluice,
    entry: &ProxyEntry,
    vault: &dyn Fn(&VaultQuestion) -> VaultAnswer,
) -> Result<Proxy, Fault> {
    let channel = ChannelEntry {
        name: "by the proxy".to_owned(),
        proxy: Some(ProxyRef::Named(entry.name.clone())),
        ..ChannelEntry::default()
    };
    // Targets that do not use it are no matter here, and would make the way a direct one.
    let entry = ProxyEntry { no_proxy: Vec::new(), ..entry.clone() };
    let document = Document { channel: vec![channel], proxy: vec![entry], ..Document::default() };
    let snapshot = sluice.resolve(&document, vault).map_err(of_findings)?;
    match snapshot.channels.first().map(|channel| &channel.hop) {
        Some(Hop::Proxy(proxy)) => Ok(Proxy::clone(proxy)),
        Some(Hop::Direct | Hop::System) | None => {
            Err(Fault::invalid("this is no way to anywhere").at("host"))
        }
    }
}

/// Where a test goes by way of a proxy: to the first channel that uses it, so that it tells what matters.
fn target_beyond(sluice: &Sluice, name: &str) -> Url {
    let uses = |channel: &&Arc<Channel>| matches!(&channel.hop, Hop::Proxy(proxy) if *proxy.name == *name);
    let snapshot = sluice.snapshot();
    let channel = snapshot.channels.iter().find(uses);
    let base = channel.and_then(|channel| channel.spoken.first()).map(|spoken| spoken.base.as_url().clone());
    base.unwrap_or_else(|| Url::parse(TARGET).expect("the built-in URL is valid"))
}
