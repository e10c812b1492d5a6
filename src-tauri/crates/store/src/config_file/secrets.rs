//! The configuration and the vault: secrets that arrive, and plain ones on their way into it.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use config::SecretId;
use config::edit::{EditError, to_vault};
use secrecy::{ExposeSecret, SecretString};

use super::{Place, Shared, guard};
use crate::atomic::{Mode, write_atomic};
use crate::reading::name_of;
use crate::{Availability, EditFault, Home, report};

/// What stands in the copy of an older file in the place of a secret that was moved.
const MOVED: &str = "moved-to-the-vault";

impl Shared {
    /// Makes the snapshot again whenever the vault has new answers, and then moves plain secrets, if it can. `arrivals` is
    /// the vault's count before its first question.
    pub(super) fn follow_vault(self: &Arc<Self>, arrivals: u64) {
        let shared = Arc::downgrade(self);
        self.reader.vault.on_arrival(move || {
            // The vault may outlive the configuration.
            if let Some(shared) = shared.upgrade() {
                shared.resolve_again();
                shared.begin_move();
            }
        });
        if self.reader.vault.arrivals() != arrivals {
            self.resolve_again();
        }
    }

    /// Makes the snapshot again from the content in force: its secrets may be there now.
    pub(super) fn resolve_again(&self) {
        let judged = guard(&self.judged);
        let name = self.path().map_or_else(String::new, |path| name_of(&path));
        // What is in force was valid, and the vault's answers make no errors.
        let Ok(snapshot) = self.reader.read(&name, &judged.in_force) else { return };
        let before = Arc::clone(&self.problems.borrow());
        if !judged.is_newest {
            return self.publish(snapshot, before);
        }
        let new: Vec<_> =
            snapshot.findings.iter().filter(|finding| !before.contains(finding)).cloned().collect();
        report(&new);
        let problems = snapshot.findings.clone().into();
        self.publish(snapshot, problems);
    }

    /// Begins to move plain secrets of `config.toml` into the vault, on a thread of its own: the vault may take its time.
    ///
    /// Only the process that watches the file does so, and only when the vault is ready; until then they are used as they are.
    pub(super) fn begin_move(self: &Arc<Self>) {
        let Place::Native(_) = &self.place else { return };
        let may_move = guard(&self.watch).is_some()
            && self.reader.vault.state().availability == Availability::Ready
            && guard(&self.judged).is_newest;
        if !may_move || self.is_moving.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        thread::spawn(move || {
            shared.move_plain_secrets();
            shared.is_moving.store(false, Ordering::Release);
        });
    }

    fn move_plain_secrets(&self) {
        let Place::Native(home) = &self.place else { return };
        let name = name_of(&home.config());
        let bytes = guard(&self.judged).in_force.clone();
        let mut moved: Vec<(SecretId, SecretString)> = Vec::new();
        for plain in self.reader.plain(&name, &bytes) {
            match self.reader.vault.set_blocking(&plain.id, plain.secret.clone(), &plain.origin) {
                Ok(()) => moved.push((plain.id, plain.secret)),
                Err(fault) => {
                    tracing::warn!(account = %plain.id, "a plain secret stays in config.toml: {fault}");
                }
            }
        }
        if moved.is_empty() {
            return;
        }
        if let Err(fault) = self.refer_to_vault(home, &name, &moved) {
            tracing::warn!("plain secrets stay in config.toml, although the vault has them: {fault}");
            return;
        }
        if let Err(error) = blot_out(home, &moved) {
            tracing::warn!(%error, "secrets stay in the copy of the file before its migration");
        }
        tracing::info!(secrets = moved.len(), "plain secrets of config.toml were moved into the vault");
    }

    /// Replaces the secrets in the file by references. One that was changed meanwhile stays: the vault has the older one.
    fn refer_to_vault(
        &self,
        home: &Home,
        name: &str,
        moved: &[(SecretId, SecretString)],
    ) -> Result<(), EditFault<EditError>> {
        self.edit_native(home, |text| {
            let plain = self.reader.plain(name, text.as_bytes());
            let same = |id: &SecretId, secret: &SecretString| {
                plain.iter().any(|one| one.id == *id && one.secret.expose_secret() == secret.expose_secret())
            };
            let ids: Vec<SecretId> =
                moved.iter().filter(|(id, secret)| same(id, secret)).map(|(id, _)| id.clone()).collect();
            to_vault(text, &ids)
        })
    }
}

/// Removes moved secrets from the copy that a migration left: it is there for a person to look at, not to be used.
fn blot_out(home: &Home, moved: &[(SecretId, SecretString)]) -> io::Result<()> {
    let path = home.config_before_migration();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let blotted =
        moved.iter().fold(text.clone(), |text, (_, secret)| text.replace(secret.expose_secret(), MOVED));
    if blotted == text { Ok(()) } else { write_atomic(&path, blotted.as_bytes(), Mode::PRIVATE_FILE) }
}
