//! The keys of a channel: where each is kept, and whether it is at hand.

use secrecy::SecretString;

use super::Checks;
use crate::document::{ChannelEntry, KeyEntry, SecretRef};
use crate::findings::FindingCode;
use crate::provider::{Preset, ProviderKind};
use crate::secret::{SecretId, SecretSource, SecretState};
use crate::snapshot::{Key, Spoken, origin_of};

/// What is known of the channel whose keys are resolved.
pub(super) struct Holder<'a> {
    pub(super) id: &'a str,
    pub(super) provider: ProviderKind,
    pub(super) preset: Option<&'static Preset>,
    pub(super) spoken: &'a [Spoken],
}

/// The keys of a channel; at least one, perhaps without a secret.
pub(super) fn resolve(
    checks: &mut Checks<'_>,
    path: &str,
    entry: &ChannelEntry,
    holder: &Holder<'_>,
) -> Vec<Key> {
    let written: Vec<(String, &KeyEntry)> = match (&entry.key, &entry.keys) {
        (Some(key), _) => vec![(format!("{path}.key"), key)],
        (None, Some(keys)) => {
            keys.iter().enumerate().map(|(at, key)| (format!("{path}.keys[{at}]"), key)).collect()
        }
        (None, None) => Vec::new(),
    };
    if written.is_empty() {
        let key = unwritten_key(holder.provider, holder.preset);
        if let Some(why) = key.missing.as_ref().filter(|_| entry.enabled.unwrap_or(true)) {
            checks.warn(path, format!("needs a key: {why}")).about(FindingCode::NeedsKey);
        }
        return vec![key];
    }
    let names: Vec<String> = (1..).zip(&written).map(|(number, (_, key))| key_name(number, key)).collect();
    let places = written.iter().zip(&names).map(|((path, _), name)| (path.clone(), name.as_str()));
    checks.check_unique(places, "the key");
    let origin = origin_of(holder.spoken);
    let mut keys = Vec::new();
    for ((path, key), name) in written.iter().zip(&names) {
        let id = SecretId::ChannelKey { channel_id: holder.id.to_owned(), key: name.clone() };
        let (secret, absence) = match checks.secret(&key.secret, id, &origin) {
            Ok(secret) => (Some(secret), None),
            Err(absence) => (None, Some(absence)),
        };
        let used = entry.enabled.unwrap_or(true) && key.enabled.unwrap_or(true);
        if let Some(absence) = absence.as_ref().filter(|absence| used && !absence.pending) {
            let message = format!("channel {:?} needs a key: {}", entry.name, absence.why);
            checks.warn(path, message).about(FindingCode::NeedsKey);
        }
        keys.push(Key {
            name: name.as_str().into(),
            secret,
            state: absence.as_ref().map_or(SecretState::Ready, |absence| absence.state),
            missing: absence.map(|absence| absence.why),
            source: source(&key.secret),
            enabled: key.enabled.unwrap_or(true),
        });
    }
    keys
}

fn source(reference: &SecretRef) -> SecretSource {
    match reference {
        SecretRef::Env(name) => SecretSource::Environment(name.clone()),
        SecretRef::Vault => SecretSource::Vault,
        SecretRef::Literal(_) => SecretSource::File,
    }
}

/// What people, findings and the vault call a key: its name, or one that follows from its place in the list.
pub(crate) fn key_name(number: usize, key: &KeyEntry) -> String {
    match &key.name {
        Some(name) => name.clone(),
        None if number == 1 => "default".to_owned(),
        None => format!("key {number}"),
    }
}

/// The key of a channel that states none: programs on this machine ask for none, vendors do.
fn unwritten_key(provider: ProviderKind, preset: Option<&Preset>) -> Key {
    let keyless = preset.is_some_and(Preset::is_keyless) && !provider.uses_login();
    let variable = preset.map(|preset| preset.key_variable).filter(|variable| !variable.is_empty());
    let missing = match variable {
        _ if keyless => None,
        _ if provider.uses_login() => {
            Some(format!("logins of type {:?} are not supported yet", provider.word()))
        }
        Some(variable) => Some(format!("none is configured; write key = {{ env = {variable:?} }}")),
        None => Some("none is configured; write key = { env = \"NAME\" }".to_owned()),
    };
    let (secret, state) = match missing {
        None => (Some(SecretString::from("")), SecretState::Ready),
        Some(_) => (None, SecretState::Missing),
    };
    Key { name: "default".into(), secret, missing, state, source: SecretSource::Nowhere, enabled: true }
}
