//! What was removed, kept for a while so that it can be brought back.

use std::sync::Arc;
use std::time::Duration;

use config::SecretId;
use config::edit::Removed as Block;
use serde::{Deserialize, Serialize};

use crate::{Fault, FaultCode, Nothing, Sluice, vault};

/// How long a removal can be undone. A window offers it for seconds; the rest is for those who think twice.
pub(crate) const UNDO_TIME: Duration = Duration::from_secs(120);
/// How many removals can be undone at once.
pub(crate) const UNDO_MOST: usize = 50;

/// Something removed, and how to bring it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// What `undo` wants to hear.
    pub undo: String,
}

/// What to bring back.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// As the removal said.
    pub undo: String,
}

/// A thing that left the configuration, and the secrets that wait in the vault for it or for their end.
pub(crate) struct Gone {
    pub(crate) block: Block,
    pub(crate) secrets: Vec<SecretId>,
}

/// Brings back what was removed, at its old place and with its secrets.
pub async fn undo(sluice: &Arc<Sluice>, undo: Undo) -> Result<Nothing, Fault> {
    let Some(gone) = sluice.gone.take(sluice.clock.mono(), &undo.undo) else {
        return Err(Fault::new(FaultCode::Stale, "this can no longer be brought back"));
    };
    let block = gone.block.clone();
    let restored = sluice.edit(move |text| Ok(config::edit::restore(text, &block)?)).await;
    if let Err(fault) = restored {
        sluice.forget_later(gone);
        return Err(fault);
    }
    Ok(Nothing {})
}

impl Sluice {
    /// Keeps what was removed until nobody can want it back, and returns the token that brings it back.
    pub(crate) fn forget_later(self: &Arc<Self>, gone: Gone) -> String {
        let (token, fallen) = self.gone.put(self.clock.mono(), gone);
        let sluice = Arc::downgrade(self);
        tokio::spawn(async move {
            if let Some(sluice) = sluice.upgrade() {
                sluice.forget(fallen).await;
            }
            tokio::time::sleep(UNDO_TIME).await;
            if let Some(sluice) = sluice.upgrade() {
                sluice.forget(sluice.gone.take_expired(sluice.clock.mono())).await;
            }
        });
        token
    }

    /// Gives up bringing anything back, because the process is about to end.
    pub async fn forget_removed(&self) {
        self.forget(self.gone.take_all()).await;
    }

    /// Deletes the secrets of things that cannot come back, but for those that something else uses by now.
    async fn forget(&self, gone: Vec<Gone>) {
        let in_use = self.vault_secrets_in_use();
        for id in gone.into_iter().flat_map(|gone| gone.secrets).filter(|id| !in_use.contains(id)) {
            if let Err(fault) = vault::forget(self, &id).await {
                tracing::warn!(secret = %id, "a secret that nothing uses stays in the vault: {fault}");
            }
        }
    }
}
