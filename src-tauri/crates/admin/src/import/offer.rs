//! What a file offers, beside what the configuration has already.

use config::document::{ChannelEntry, Document, SecretRef};
use config::edit::Subject;
use config::import::Imported;
use config::{ProviderKind, SettingOrigin};

use super::{ImportItem, ImportKind, ImportOutcome, Thing, resolved};
use crate::Sluice;
use crate::channels::form::keys_of;
use crate::channels::save::free_name;

/// What a file offers to the configuration as it is.
pub(super) struct Offer<'a> {
    sluice: &'a Sluice,
    imported: &'a Imported,
    items: Vec<(ImportItem, Thing)>,
}

impl<'a> Offer<'a> {
    pub(super) fn of(sluice: &'a Sluice, imported: &'a Imported) -> Offer<'a> {
        Offer { sluice, imported, items: Vec::new() }
    }

    /// Everything that the file offers, proxies first, so that channels find them.
    pub(super) fn items(mut self) -> Vec<(ImportItem, Thing)> {
        let document = self.sluice.document();
        self.proxies(&document);
        self.channels(&document);
        self.aliases(&document);
        self.settings(&document);
        self.client_keys(&document);
        for refused in &self.imported.refused {
            let what = match refused.what {
                Subject::Channel => ImportKind::Channel,
                Subject::Proxy => ImportKind::Proxy,
                Subject::Client => ImportKind::ClientKey,
                Subject::Alias => ImportKind::Alias,
            };
            self.put(what, &refused.name, String::new(), Thing::Nothing);
            self.last(|item| {
                item.outcome = ImportOutcome::Cannot;
                item.note = Some(refused.why.clone());
            });
        }
        self.items
    }

    fn put(&mut self, what: ImportKind, name: &str, detail: String, thing: Thing) {
        let item = ImportItem {
            at: self.items.len(),
            what,
            name: name.to_owned(),
            new_name: None,
            detail,
            host: None,
            keys: 0,
            outcome: ImportOutcome::Add,
            note: None,
        };
        self.items.push((item, thing));
    }

    fn last(&mut self, change: impl FnOnce(&mut ImportItem)) {
        if let Some((item, _)) = self.items.last_mut() {
            change(item);
        }
    }

    /// Decides what becomes of the last item, whose name may be taken by something that is the same, or is not.
    fn settle(&mut self, is_taken: impl Fn(&str) -> bool, is_same: bool) {
        let what = self.items.last().map(|(item, _)| item.what);
        let earlier: Vec<String> = self
            .items
            .iter()
            .rev()
            .skip(1)
            .filter(|(item, _)| Some(item.what) == what)
            .map(|(item, _)| item.new_name.clone().unwrap_or_else(|| item.name.clone()))
            .collect();
        self.last(|item| {
            let taken = |name: &str| is_taken(name) || earlier.iter().any(|earlier| earlier == name);
            if is_same {
                item.outcome = ImportOutcome::Same;
            } else if taken(&item.name) {
                item.outcome = ImportOutcome::Rename;
                item.new_name = Some(free_name(&item.name, taken));
            }
        });
    }

    fn proxies(&mut self, document: &Document) {
        for (at, proxy) in self.imported.proxies.iter().enumerate() {
            let scheme = proxy.scheme.map_or("http", config::ProxyScheme::word);
            self.put(
                ImportKind::Proxy,
                &proxy.name,
                format!("{scheme}, {}:{}", proxy.host, proxy.port),
                Thing::Proxy(at),
            );
            let keys = usize::from(matches!(proxy.password, Some(SecretRef::Literal(_))));
            self.last(|item| {
                item.host = Some(proxy.host.clone());
                item.keys = keys;
            });
            let known = document.proxy.iter().find(|known| known.name == proxy.name);
            let is_same = known.is_some_and(|known| (&known.host, known.port) == (&proxy.host, proxy.port));
            self.settle(|name| document.proxy.iter().any(|known| known.name == name), is_same);
        }
    }

    fn channels(&mut self, document: &Document) {
        let snapshot = self.sluice.snapshot();
        for (at, entry) in self.imported.channels.iter().enumerate() {
            let host = self.host_of(entry);
            let kind = entry.kind.map_or("", ProviderKind::word);
            let parts =
                [kind, host.as_deref().unwrap_or_default(), entry.model.as_deref().unwrap_or_default()];
            let detail = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            self.put(ImportKind::Channel, &entry.name, detail, Thing::Channel(at));
            let known = snapshot.channel_named(&entry.name).and_then(|channel| channel.spoken.first());
            let is_same = known.is_some_and(|known| Some(known.base.host()) == host.as_deref());
            self.last(|item| {
                item.keys = keys_of(entry).filter(|key| matches!(key.secret, SecretRef::Literal(_))).count();
                item.host = host;
            });
            self.settle(|name| document.channel.iter().any(|known| known.name == name), is_same);
        }
    }

    fn aliases(&mut self, document: &Document) {
        let known = |name: &str| document.routing.as_ref()?.aliases.get(name);
        for (at, (name, target)) in self.imported.aliases.iter().enumerate() {
            self.put(ImportKind::Alias, name, format!("→ {target}"), Thing::Alias(at));
            match known(name) {
                Some(same) if same == target => self.last(|item| item.outcome = ImportOutcome::Same),
                // Another name would mean something else to whoever asks for it.
                Some(other) => self.last(|item| {
                    item.outcome = ImportOutcome::Cannot;
                    item.note = Some(format!("the name stands for {other} already"));
                }),
                None => {}
            }
        }
    }

    fn settings(&mut self, document: &Document) {
        let stated =
            self.sluice.with_surroundings(|_, surroundings| config::settings(document, surroundings));
        for (at, (path, value)) in self.imported.settings.iter().enumerate() {
            self.put(ImportKind::Setting, path, value.to_string(), Thing::Setting(at));
            let Some(known) = stated.iter().find(|known| known.key == *path) else { continue };
            if known.value == *value {
                self.last(|item| item.outcome = ImportOutcome::Same);
            } else if known.origin != SettingOrigin::Default {
                let note = format!("it is set to {} already", known.value);
                self.last(|item| {
                    item.outcome = ImportOutcome::Cannot;
                    item.note = Some(note);
                });
            }
        }
    }

    fn client_keys(&mut self, document: &Document) {
        for (at, key) in self.imported.client_keys.iter().enumerate() {
            self.put(ImportKind::ClientKey, &key.client, String::new(), Thing::ClientKey(at));
            match &key.secret {
                SecretRef::Literal(_) => self.last(|item| item.keys = 1),
                SecretRef::Env(_) | SecretRef::Vault => self.last(|item| {
                    item.outcome = ImportOutcome::Cannot;
                    item.note = Some("the key itself is not in the file".to_owned());
                }),
            }
            if self.items.last().is_some_and(|(item, _)| item.outcome == ImportOutcome::Add) {
                self.settle(|name| document.client.iter().any(|known| known.name == name), false);
            }
        }
    }

    /// The host that a channel leads to, also where its entry leaves that to its kind.
    fn host_of(&self, entry: &ChannelEntry) -> Option<String> {
        let channel = resolved(self.sluice, &self.imported.proxies, entry, "imported")?;
        channel.spoken.first().map(|spoken| spoken.base.host().to_owned())
    }
}
