//! A channel that is being written: checked and resolved as the file would be, but not saved.

use std::sync::Arc;

use config::document::{ChannelEntry, Document};
use config::{
    Channel, Hop, Key, Proxy, SecretId, SecretState, VaultAnswer, VaultQuestion, origin_covered, proxy_origin,
};
use secrecy::SecretString;

use crate::channels::form::ProxyChoice;
use crate::channels::line::SecretSource;
use crate::fault::of_findings;
use crate::{ChannelForm, Fault, FaultCode, KeyForm, ProxyForm, Sluice};

/// A channel of the file and of the configuration in force.
#[derive(Clone)]
pub(crate) struct Saved {
    pub(crate) entry: ChannelEntry,
    pub(crate) channel: Arc<Channel>,
}

/// A channel that is being written.
pub(crate) struct Draft {
    /// What the file would hold.
    pub(crate) entry: ChannelEntry,
    /// What would be in force, with the secrets that are at hand.
    pub(crate) channel: Arc<Channel>,
    /// The secrets that would have to go into the vault, each with its origins and its field of the form.
    pub(crate) secrets: Vec<NewEntry>,
}

/// A secret on its way into the vault.
pub(crate) struct NewEntry {
    pub(crate) id: SecretId,
    pub(crate) secret: SecretString,
    pub(crate) origin: String,
    pub(crate) field: String,
}

impl Draft {
    /// Checks a form. `saved` is the channel that it changes; `id` is what a new one's health and secrets will belong to.
    pub(crate) fn of(
        sluice: &Sluice,
        form: &ChannelForm,
        saved: Option<&Saved>,
        id: &str,
    ) -> Result<Draft, Fault> {
        let entry = form.entry(saved.map(|saved| &saved.entry))?;
        let channel = resolved(sluice, form, &entry, saved, id)?;
        let mut draft = Draft { entry, channel, secrets: Vec::new() };
        for (at, key) in form.keys.iter().enumerate().filter(|(_, key)| key.source == SecretSource::Vault) {
            draft.note_key(at, key, saved, id)?;
        }
        if let ProxyChoice::Inline { proxy } = &form.proxy {
            draft.note_password(proxy, saved, id)?;
        }
        Ok(draft)
    }

    /// Finds out what the vault must be given for a key: a new secret, one that changes its name or its place, or nothing.
    fn note_key(&mut self, at: usize, form: &KeyForm, saved: Option<&Saved>, id: &str) -> Result<(), Fault> {
        let field = format!("keys[{at}].secret");
        let origin = self.channel.origin();
        let new_id = SecretId::ChannelKey { channel_id: id.to_owned(), key: form.name.trim().to_owned() };
        if let Some(secret) = form.new_secret() {
            self.secrets.push(NewEntry { id: new_id, secret: trimmed(secret), origin, field });
            return Ok(());
        }
        let known = form.original.as_deref().and_then(|original| saved_key(saved?, original));
        let Some((saved, known)) = saved.zip(known) else {
            return Err(Fault::invalid("the key is missing")
                .at(field)
                .hinting("paste it, or name an environment variable"));
        };
        let was_in_vault = match &known.source {
            config::SecretSource::Vault => true,
            config::SecretSource::File => false,
            config::SecretSource::Environment(_) | config::SecretSource::Nowhere => {
                return Err(Fault::invalid("the vault holds no such key yet: give it").at(field));
            }
        };
        if !origin_covered(&saved.channel.origin(), &origin) {
            return Err(origin_changed(&field));
        }
        let stays = was_in_vault && *known.name == *form.name.trim() && saved.channel.origin() == origin;
        match &known.secret {
            _ if stays => Ok(()),
            Some(secret) => {
                self.secrets.push(NewEntry { id: new_id, secret: secret.clone(), origin, field });
                Ok(())
            }
            None => Err(not_at_hand(known).at(field)),
        }
    }

    /// Likewise for the password of a proxy that is written inside the channel.
    fn note_password(&mut self, form: &ProxyForm, saved: Option<&Saved>, id: &str) -> Result<(), Fault> {
        let known = saved.and_then(|saved| match &saved.channel.hop {
            Hop::Proxy(proxy) => Some(Arc::clone(proxy)),
            Hop::Direct | Hop::System => None,
        });
        let id = SecretId::ChannelProxyPassword { channel_id: id.to_owned() };
        if let Some(entry) = form.new_entry(id, known.as_deref()).map_err(|fault| fault.within("proxy"))? {
            self.secrets.push(entry);
        }
        Ok(())
    }
}

/// The fault of a form that takes a saved secret to another host.
pub(crate) fn origin_changed(field: &str) -> Fault {
    Fault::new(
        FaultCode::OriginChanged,
        "the address leads to another host, to which the saved secret was never given",
    )
    .at(field)
    .hinting("give the secret again")
}

fn not_at_hand(key: &Key) -> Fault {
    let code = match key.state {
        SecretState::Locked => FaultCode::VaultLocked,
        SecretState::Unavailable => FaultCode::VaultMissing,
        SecretState::OriginChanged => FaultCode::OriginChanged,
        SecretState::Missing | SecretState::Ready => FaultCode::Invalid,
    };
    let why = key.missing.as_deref().unwrap_or("it is not at hand");
    Fault::new(code, format!("the key must be given again: {why}"))
}

/// What would be in force if the entry stood in the file, beside the proxies that stand there.
fn resolved(
    sluice: &Sluice,
    form: &ChannelForm,
    entry: &ChannelEntry,
    saved: Option<&Saved>,
    id: &str,
) -> Result<Arc<Channel>, Fault> {
    let entry = ChannelEntry { id: Some(id.to_owned()), ..entry.clone() };
    let document =
        Document { channel: vec![entry], proxy: sluice.document().proxy.clone(), ..Document::default() };
    let vault = |question: &VaultQuestion| answer(sluice, form, saved, question);
    let snapshot = sluice.resolve(&document, &vault).map_err(of_findings)?;
    let channel = snapshot.channels.into_iter().next();
    Ok(channel.expect("a document with one channel resolves to one channel"))
}

/// What the vault would answer if the form were saved.
fn answer(
    sluice: &Sluice,
    form: &ChannelForm,
    saved: Option<&Saved>,
    question: &VaultQuestion,
) -> VaultAnswer {
    match &question.id {
        SecretId::ChannelKey { key, .. } => {
            let Some(form) = form.keys.iter().find(|form| form.name.trim() == key) else {
                return VaultAnswer::Missing;
            };
            if let Some(secret) = form.new_secret() {
                return VaultAnswer::Secret(trimmed(secret));
            }
            let known = form.original.as_deref().and_then(|original| saved_key(saved?, original));
            let Some((saved, known)) = saved.zip(known) else { return VaultAnswer::Missing };
            if !origin_covered(&saved.channel.origin(), &question.origin) {
                return VaultAnswer::OriginChanged;
            }
            known_answer(known)
        }
        SecretId::ChannelProxyPassword { .. } => {
            let ProxyChoice::Inline { proxy } = &form.proxy else { return VaultAnswer::Missing };
            if let Some(secret) = proxy.new_password() {
                return VaultAnswer::Secret(secret.clone());
            }
            match saved.map(|saved| &saved.channel.hop) {
                Some(Hop::Proxy(known)) => password_of(known, &question.origin),
                Some(Hop::Direct | Hop::System) | None => VaultAnswer::Missing,
            }
        }
        SecretId::ProxyPassword { .. } | SecretId::ClientKey { .. } | SecretId::ServerKey => {
            sluice.vault.answer(question)
        }
    }
}

fn known_answer(key: &Key) -> VaultAnswer {
    let why = || key.missing.clone().unwrap_or_default();
    match (&key.secret, key.state) {
        (Some(secret), _) => VaultAnswer::Secret(secret.clone()),
        (None, SecretState::OriginChanged) => VaultAnswer::OriginChanged,
        (None, SecretState::Locked) => VaultAnswer::Locked { why: why() },
        (None, SecretState::Unavailable) => VaultAnswer::Unavailable { why: why() },
        (None, SecretState::Missing | SecretState::Ready) => VaultAnswer::Missing,
    }
}

/// The password of a proxy that is in force, for the same proxy only.
pub(crate) fn password_of(known: &Proxy, origin: &str) -> VaultAnswer {
    match &known.password {
        Some(_) if proxy_origin(known.scheme, &known.host, known.port) != origin => {
            VaultAnswer::OriginChanged
        }
        Some(password) => VaultAnswer::Secret(password.clone()),
        None => VaultAnswer::Missing,
    }
}

fn saved_key<'s>(saved: &'s Saved, name: &str) -> Option<&'s Key> {
    saved.channel.keys.iter().find(|key| &*key.name == name)
}

/// People paste keys with the line's end.
fn trimmed(secret: &SecretString) -> SecretString {
    SecretString::from(secrecy::ExposeSecret::expose_secret(secret).trim())
}
