//! Adding, changing, copying and removing channels: the vault first, then the file, and nothing half done.

use std::sync::Arc;

use config::SecretId;
use config::document::{ChannelEntry, KeyEntry, ProxyRef, SecretRef};

use crate::channels::draft::{Draft, NewEntry, Saved};
use crate::channels::form::{key_name, keys_of};
use crate::channels::{detail, line_named};
use crate::undo::Gone;
use crate::vault::Keeping;
use crate::{ChannelDetail, ChannelLine, ChannelName, Fault, Removed, SaveChannel, Sluice, vault};

/// Adds a channel, or changes one. It takes effect at once.
///
/// New secrets go into the vault before the file names them; if the file cannot be changed they are taken back.
pub async fn save_channel(sluice: &Arc<Sluice>, save: SaveChannel) -> Result<ChannelDetail, Fault> {
    let SaveChannel { original, form } = save;
    let saved = original.as_deref().map(|name| sluice.saved_channel(name)).transpose()?;
    let id = saved.as_ref().map_or_else(new_id, |saved| saved.entry.effective_id());
    let mut draft = Draft::of(sluice, &form, saved.as_ref(), &id)?;
    if saved.is_none() {
        draft.entry.id = Some(id.clone());
    }
    let name = draft.entry.name.clone();
    let named = vault_secrets(&draft.entry, &id);
    let entry = draft.entry;
    keep_and_edit(sluice, draft.secrets, move |text| {
        Ok(config::edit::put_channel(text, original.as_deref(), &entry)?)
    })
    .await?;
    if let Some(saved) = &saved {
        let gone = vault_secrets(&saved.entry, &id).into_iter().filter(|id| !named.contains(id));
        forget(sluice, gone).await;
    }
    detail(sluice, &name)
}

/// Adds a copy of a channel under a free name, with its secrets. Its health and limits are its own.
pub async fn duplicate_channel(sluice: &Arc<Sluice>, channel: ChannelName) -> Result<ChannelLine, Fault> {
    let saved = sluice.saved_channel(&channel.name)?;
    let old_id = saved.entry.effective_id();
    let id = new_id();
    let taken = |name: &str| sluice.document().channel.iter().any(|entry| entry.name == name);
    let name = free_name(&channel.name, taken);
    let entry = ChannelEntry { id: Some(id.clone()), name: name.clone(), ..saved.entry.clone() };
    let mut secrets = Vec::new();
    for old in vault_secrets(&saved.entry, &old_id) {
        // A secret that is not there now cannot be copied; the copy then needs a key, and says so.
        let Some(known) = sluice.vault.saved(&old).await? else { continue };
        let new = moved(&old, &id);
        secrets.push(NewEntry {
            id: new,
            secret: known.secret,
            origin: known.origin,
            field: "name".to_owned(),
        });
    }
    keep_and_edit(sluice, secrets, move |text| Ok(config::edit::put_channel(text, None, &entry)?)).await?;
    line_named(sluice, &name)
}

/// Removes a channel. Requests on it run to their end; its secrets stay until it cannot be brought back any more.
pub async fn remove_channel(sluice: &Arc<Sluice>, channel: ChannelName) -> Result<Removed, Fault> {
    let saved = sluice.saved_channel(&channel.name)?;
    let secrets = vault_secrets(&saved.entry, &saved.entry.effective_id());
    let name = channel.name.clone();
    let block = sluice.take_out(move |text| Ok(config::edit::remove_channel(text, &name)?)).await?;
    Ok(Removed { name: channel.name, undo: sluice.forget_later(Gone { block, secrets }) })
}

/// Puts secrets into the vault and edits the file, or does neither.
pub(crate) async fn keep_and_edit(
    sluice: &Arc<Sluice>,
    secrets: Vec<NewEntry>,
    change: impl FnOnce(&str) -> Result<String, Fault> + Send + 'static,
) -> Result<usize, Fault> {
    sluice.check_editable()?;
    let mut keeping = Keeping::new(sluice);
    for NewEntry { id, secret, origin, field } in secrets {
        if let Err(fault) = keeping.put(&id, secret, &origin).await {
            keeping.take_back().await;
            return Err(fault.or_at(&field));
        }
    }
    let count = keeping.count();
    match sluice.edit(change).await {
        Ok(()) => Ok(count),
        Err(fault) => {
            keeping.take_back().await;
            Err(fault)
        }
    }
}

/// Deletes secrets that nothing names any more. One that stays is untidy, not wrong.
pub(crate) async fn forget(sluice: &Sluice, ids: impl IntoIterator<Item = SecretId>) {
    for id in ids {
        if let Err(fault) = vault::forget(sluice, &id).await {
            tracing::warn!(secret = %id, "a secret that nothing uses stays in the vault: {fault}");
        }
    }
}

/// What health, limits and secrets of a new channel belong to.
pub(crate) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The secrets of an entry that the vault keeps.
pub(crate) fn vault_secrets(entry: &ChannelEntry, id: &str) -> Vec<SecretId> {
    let in_vault = |(_, key): &(usize, &KeyEntry)| matches!(key.secret, SecretRef::Vault);
    let keys = keys_of(entry)
        .enumerate()
        .filter(in_vault)
        .map(|(at, key)| SecretId::ChannelKey { channel_id: id.to_owned(), key: key_name(at, key) });
    let password = match &entry.proxy {
        Some(ProxyRef::Inline(inline)) if matches!(inline.password, Some(SecretRef::Vault)) => {
            Some(SecretId::ChannelProxyPassword { channel_id: id.to_owned() })
        }
        Some(ProxyRef::Inline(_) | ProxyRef::Named(_)) | None => None,
    };
    keys.chain(password).collect()
}

/// The same secret of another channel.
fn moved(secret: &SecretId, channel_id: &str) -> SecretId {
    let channel_id = channel_id.to_owned();
    match secret {
        SecretId::ChannelKey { key, .. } => SecretId::ChannelKey { channel_id, key: key.clone() },
        SecretId::ChannelProxyPassword { .. } => SecretId::ChannelProxyPassword { channel_id },
        SecretId::ProxyPassword { .. } | SecretId::ClientKey { .. } | SecretId::ServerKey => secret.clone(),
    }
}

/// A name that nothing else has: this one with the smallest number behind it that makes it so.
pub(crate) fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{name} {number}"));
    numbered.into_iter().find(|name| !taken(name)).unwrap_or_else(|| name.to_owned())
}

impl Sluice {
    /// A channel of the file, and as it is in force.
    pub(crate) fn saved_channel(&self, name: &str) -> Result<Saved, Fault> {
        let document = self.document();
        let entry = document.channel.iter().find(|entry| entry.name == name);
        let channel = self.snapshot().channel_named(name).map(Arc::clone);
        match (entry, channel) {
            (Some(entry), Some(channel)) => Ok(Saved { entry: entry.clone(), channel }),
            (_, _) => Err(crate::channels::unknown_channel(&self.snapshot(), name)),
        }
    }

    /// Every secret that the configuration expects in the vault.
    pub(crate) fn vault_secrets_in_use(&self) -> Vec<SecretId> {
        let document = self.document();
        let channels = document.channel.iter().flat_map(|entry| vault_secrets(entry, &entry.effective_id()));
        let proxies = document
            .proxy
            .iter()
            .filter(|proxy| matches!(proxy.password, Some(SecretRef::Vault)))
            .map(|proxy| SecretId::ProxyPassword { proxy: proxy.name.clone() });
        let clients =
            document.client.iter().map(|client| SecretId::ClientKey { client: client.name.clone() });
        channels.chain(proxies).chain(clients).collect()
    }
}
