//! Operations on the vault: where secrets are kept, and whether they can be had.

use std::sync::Arc;

use config::SecretId;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use store::{SavedSecret, VaultState};

use crate::{Fault, NewSecret, Nothing, Sluice};

/// Which vault to use.
#[derive(Clone, Debug, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct VaultChoice {
    /// What shall keep the secrets.
    pub kind: VaultChoiceKind,
    /// The passphrase of the file.
    #[serde(default)]
    #[ts(optional = nullable, as = "Option<String>")]
    pub passphrase: Option<NewSecret>,
}

/// What can keep secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum VaultChoiceKind {
    /// The operating system's keychain.
    Keychain,
    /// A file that a passphrase encrypts.
    File,
}

/// What opens the vault's file.
#[derive(Clone, Debug, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Passphrase {
    /// The passphrase.
    pub passphrase: NewSecret,
}

/// Tells how the vault stands.
pub async fn vault(sluice: &Arc<Sluice>, _: Nothing) -> Result<VaultState, Fault> {
    Ok(sluice.vault.state())
}

/// Asks the system to unlock the keychain, which may ask a person; waits for the person.
pub async fn unlock_vault(sluice: &Arc<Sluice>, _: Nothing) -> Result<VaultState, Fault> {
    sluice.vault.unlock().await?;
    Ok(sluice.vault.state())
}

/// Chooses where secrets are kept. Those that are known move along.
pub async fn choose_vault(sluice: &Arc<Sluice>, choice: VaultChoice) -> Result<VaultState, Fault> {
    let choice = match (choice.kind, choice.passphrase) {
        (VaultChoiceKind::Keychain, _) => store::VaultChoice::Keychain,
        (VaultChoiceKind::File, Some(NewSecret(passphrase))) if !passphrase.expose_secret().is_empty() => {
            store::VaultChoice::File { passphrase }
        }
        (VaultChoiceKind::File, _) => {
            return Err(Fault::invalid("the file needs a passphrase").at("passphrase"));
        }
    };
    sluice.vault.choose(choice).await?;
    Ok(sluice.vault.state())
}

/// Opens the vault's encrypted file for as long as the process runs.
pub async fn open_vault_file(sluice: &Arc<Sluice>, passphrase: Passphrase) -> Result<VaultState, Fault> {
    sluice.vault.open_file(passphrase.passphrase.0).await?;
    Ok(sluice.vault.state())
}

/// Deletes a secret.
pub(crate) async fn forget(sluice: &Sluice, id: &SecretId) -> Result<(), Fault> {
    Ok(sluice.vault.delete(id).await?)
}

/// Secrets that go into the vault together: all, or none.
pub(crate) struct Keeping<'a> {
    vault: &'a store::Vault,
    /// What was written over, newest last.
    before: Vec<(SecretId, Option<SavedSecret>)>,
}

impl<'a> Keeping<'a> {
    pub(crate) fn new(sluice: &'a Sluice) -> Keeping<'a> {
        Keeping { vault: &sluice.vault, before: Vec::new() }
    }

    /// Saves a secret. What it replaces is remembered.
    pub(crate) async fn put(
        &mut self,
        id: &SecretId,
        secret: SecretString,
        origin: &str,
    ) -> Result<(), Fault> {
        let before = self.vault.saved(id).await?;
        self.before.push((id.clone(), before));
        Ok(self.vault.set(id, secret, origin).await?)
    }

    /// How many secrets were saved.
    pub(crate) fn count(&self) -> usize {
        self.before.len()
    }

    /// Puts everything back as it was.
    pub(crate) async fn take_back(self) {
        for (id, before) in self.before.into_iter().rev() {
            let undone = match before {
                Some(saved) => self.vault.set(&id, saved.secret, &saved.origin).await,
                None => self.vault.delete(&id).await,
            };
            if let Err(fault) = undone {
                tracing::warn!(secret = %id, "a secret that was not needed after all stays in the vault: {fault}");
            }
        }
    }
}
