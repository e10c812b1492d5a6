//! Operations on the keys of clients.

use std::sync::Arc;

use config::{DEFAULT_CLIENT, SecretId};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::{ClientKey, ClientKeys, Kept};

use crate::secret::hint;
use crate::undo::Gone;
use crate::{Fault, FaultCode, Nothing, Removed, Sluice};

/// The key of one client, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct ClientKeyLine {
    /// The client's name.
    pub name: String,
    /// Beginning and end of the key, `sk-sluice-…4c1`.
    pub hint: String,
    /// Whether it is accepted.
    pub enabled: bool,
    /// When it was made, where that is known.
    #[ts(type = "Timestamp | null")]
    pub created: Option<Timestamp>,
    /// When it was last used since the start.
    #[ts(type = "Timestamp | null")]
    pub last_used: Option<Timestamp>,
    /// Its requests since the start.
    pub requests: u64,
    /// Whether its text can be copied: in the vault, and the vault open.
    pub copyable: bool,
    /// The file or variable of the key that is made without a vault.
    pub kept_in: Option<String>,
}

/// A client, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ClientKeyName {
    /// The client's name.
    pub name: String,
}

/// A client, and whether its key shall be accepted.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ClientKeySwitch {
    /// The client's name.
    pub name: String,
    /// Whether its key shall be accepted.
    pub enabled: bool,
}

/// Lists the keys of clients, the one that is made at the first start first.
pub async fn client_keys(sluice: &Arc<Sluice>, _: Nothing) -> Result<Vec<ClientKeyLine>, Fault> {
    let keys = keys(sluice)?.list().await;
    Ok(keys.iter().map(|key| line(sluice, key)).collect())
}

/// Makes a key for a client. Its text is in the vault, from where it is copied; no reply holds it.
pub async fn add_client_key(sluice: &Arc<Sluice>, client: ClientKeyName) -> Result<ClientKeyLine, Fault> {
    keys(sluice)?.add(&client.name).await?;
    named(sluice, client.name.trim()).await
}

/// Accepts a client's key, or does not.
pub async fn set_client_key_enabled(
    sluice: &Arc<Sluice>,
    switch: ClientKeySwitch,
) -> Result<ClientKeyLine, Fault> {
    keys(sluice)?.set_enabled(&switch.name, switch.enabled).await?;
    named(sluice, &switch.name).await
}

/// Takes a client's key away: it is refused at once, and forgotten when it cannot be brought back any more.
pub async fn remove_client_key(sluice: &Arc<Sluice>, client: ClientKeyName) -> Result<Removed, Fault> {
    if client.name == DEFAULT_CLIENT {
        let message = "this key is kept in a file or a variable: take it away there";
        return Err(Fault::new(FaultCode::ReadOnly, message).at("name"));
    }
    let name = client.name.clone();
    let block = sluice.take_out(move |text| Ok(config::edit::remove_client(text, &name)?)).await?;
    let secrets = vec![SecretId::ClientKey { client: client.name.clone() }];
    Ok(Removed { name: client.name, undo: sluice.forget_later(Gone { block, secrets }) })
}

impl Sluice {
    /// A client's key itself, for the clipboard and nowhere else.
    pub async fn client_key_text(&self, name: &str) -> Result<SecretString, Fault> {
        Ok(keys(self)?.text_of(name).await?)
    }

    /// What is shown of the key that snippets use.
    pub(crate) fn client_key_hint(&self) -> Option<String> {
        self.client_keys().map(|keys| hint(keys.own()))
    }
}

/// The keys, opened now where no gateway runs in this process.
fn keys(sluice: &Sluice) -> Result<&ClientKeys, Fault> {
    if sluice.client_keys().is_none() {
        sluice.open_keys().map_err(|fault| Fault::failed(fault.to_string()))?;
    }
    Ok(sluice.client_keys().expect("they were just opened"))
}

async fn named(sluice: &Sluice, name: &str) -> Result<ClientKeyLine, Fault> {
    let keys = keys(sluice)?.list().await;
    let found = keys.iter().find(|key| &*key.name == name);
    found
        .map(|key| line(sluice, key))
        .ok_or_else(|| Fault::not_found(format!("no client is named {name:?}")).at("name"))
}

fn line(sluice: &Sluice, key: &ClientKey) -> ClientKeyLine {
    let count = sluice.tally.client(&key.name);
    ClientKeyLine {
        name: key.name.to_string(),
        hint: key.text.as_ref().map_or_else(|| "sk-sluice-…".to_owned(), hint),
        enabled: key.enabled,
        created: key.created,
        last_used: count.last_used,
        requests: count.requests,
        copyable: key.text.is_some(),
        kept_in: key.kept.as_ref().map(kept_words),
    }
}

/// Where a secret is kept, in words.
fn kept_words(kept: &Kept) -> String {
    match kept {
        Kept::Variable(name) => format!("the variable {name}"),
        Kept::File(path) => path.display().to_string(),
        Kept::Memory => "printed when the gateway started".to_owned(),
    }
}
