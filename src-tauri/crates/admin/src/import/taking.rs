//! What is taken over of a file, as edits of ours and secrets for the vault.

use std::collections::HashMap;

use config::document::{ChannelEntry, ClientEntry, KeyEntry, ProxyEntry, ProxyRef, SecretRef};
use config::import::Imported;
use config::{ProxyScheme, SecretId, proxy_origin};
use secrecy::ExposeSecret;
use store::ClientKeys;

use super::{ImportItem, Thing, resolved};
use crate::channels::draft::NewEntry;
use crate::channels::form::key_name;
use crate::channels::save::new_id;
use crate::{Fault, Sluice};

/// One edit of the file.
pub(super) enum Edit {
    Channel(Box<ChannelEntry>),
    Proxy(ProxyEntry),
    Alias { name: String, target: String },
    Setting { path: &'static str, value: serde_json::Value },
    Client(ClientEntry),
}

impl Edit {
    pub(super) fn apply(&self, text: &str) -> Result<String, Fault> {
        Ok(match self {
            Edit::Channel(entry) => config::edit::put_channel(text, None, entry)?,
            Edit::Proxy(entry) => config::edit::put_proxy(text, None, entry)?,
            Edit::Alias { name, target } => config::edit::put_alias(text, None, name, target)?,
            Edit::Setting { path, value } => config::edit::set_value(text, path, Some(value))?,
            Edit::Client(entry) => config::edit::put_client(text, None, entry)?,
        })
    }
}

/// What is taken over, as edits of the file and secrets for the vault.
pub(super) struct Taking<'a> {
    sluice: &'a Sluice,
    imported: &'a Imported,
    /// Proxies that come under another name.
    renamed: HashMap<String, String>,
    pub(super) edits: Vec<Edit>,
    pub(super) secrets: Vec<NewEntry>,
    pub(super) added: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(sluice: &'a Sluice, imported: &'a Imported) -> Taking<'a> {
        Taking {
            sluice,
            imported,
            renamed: HashMap::new(),
            edits: Vec::new(),
            secrets: Vec::new(),
            added: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, item: &ImportItem, thing: Thing) {
        let name = item.new_name.clone().unwrap_or_else(|| item.name.clone());
        match thing {
            Thing::Channel(at) => self.channel(&self.imported.channels[at], &name),
            Thing::Proxy(at) => self.proxy(&self.imported.proxies[at], &name),
            Thing::Alias(at) => {
                let target = self.imported.aliases[at].1.clone();
                self.edits.push(Edit::Alias { name: name.clone(), target });
            }
            Thing::Setting(at) => {
                let (path, value) = self.imported.settings[at].clone();
                self.edits.push(Edit::Setting { path, value });
            }
            Thing::ClientKey(at) => self.client_key(&self.imported.client_keys[at].secret, &name),
            Thing::Nothing => return,
        }
        if name != item.name {
            self.notes.push(format!("{} is added as {name}, because the name was taken", item.name));
        }
        self.added.push(name);
    }

    fn channel(&mut self, entry: &ChannelEntry, name: &str) {
        let id = new_id();
        let in_force = resolved(self.sluice, &self.imported.proxies, entry, &id);
        let origin = in_force.map(|channel| channel.origin()).unwrap_or_default();
        let mut entry = ChannelEntry { id: Some(id.clone()), name: name.to_owned(), ..entry.clone() };
        let mut keys: Vec<&mut KeyEntry> =
            entry.key.iter_mut().chain(entry.keys.iter_mut().flatten()).collect();
        for (at, key) in keys.iter_mut().enumerate() {
            let id = SecretId::ChannelKey { channel_id: id.clone(), key: key_name(at, key) };
            self.secret(&mut key.secret, id, &origin);
        }
        match &mut entry.proxy {
            Some(ProxyRef::Named(proxy)) => {
                if let Some(new) = self.renamed.get(proxy) {
                    proxy.clone_from(new);
                }
            }
            Some(ProxyRef::Inline(inline)) => {
                let origin =
                    proxy_origin(inline.scheme.unwrap_or(ProxyScheme::Http), &inline.host, inline.port);
                if let Some(password) = &mut inline.password {
                    self.secret(password, SecretId::ChannelProxyPassword { channel_id: id }, &origin);
                }
            }
            None => {}
        }
        self.edits.push(Edit::Channel(Box::new(entry)));
    }

    fn proxy(&mut self, entry: &ProxyEntry, name: &str) {
        self.renamed.insert(entry.name.clone(), name.to_owned());
        let mut entry = ProxyEntry { name: name.to_owned(), ..entry.clone() };
        let origin = proxy_origin(entry.scheme.unwrap_or(ProxyScheme::Http), &entry.host, entry.port);
        if let Some(password) = &mut entry.password {
            self.secret(password, SecretId::ProxyPassword { proxy: name.to_owned() }, &origin);
        }
        self.edits.push(Edit::Proxy(entry));
    }

    fn client_key(&mut self, secret: &SecretRef, name: &str) {
        let SecretRef::Literal(key) = secret else { return };
        let mut reference = secret.clone();
        self.edits.push(Edit::Client(ClientKeys::entry_of(name, key)));
        self.secret(&mut reference, SecretId::ClientKey { client: name.to_owned() }, "");
    }

    /// Sends a secret to the vault and leaves a reference in its place.
    fn secret(&mut self, reference: &mut SecretRef, id: SecretId, origin: &str) {
        let SecretRef::Literal(secret) = reference else { return };
        // A file of examples holds empty keys: there is nothing to keep, and the channel says that it needs one.
        if !secret.expose_secret().trim().is_empty() {
            let (secret, origin) = (secret.clone(), origin.to_owned());
            self.secrets.push(NewEntry { id, secret, origin, field: "items".to_owned() });
        }
        *reference = SecretRef::Vault;
    }
}
