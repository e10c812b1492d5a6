//! The keys with which clients may call the gateway: one per client, named, revocable.
//!
//! The configuration holds the hash of each key (`client[].key_hash`), the vault its text, so that a client can be given
//! its key again. Beside them there is the client `default`: its key is `SLUICE_KEY`, or is kept in a file of mode 0600,
//! and needs no vault.

use std::fmt::Write as _;
use std::sync::Arc;

use config::document::ClientEntry;
use config::edit::{EditError, put_client};
use config::{Client, DEFAULT_CLIENT, SecretId, Snapshot};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

use crate::secret::{kept_in_file, same};
use crate::{ConfigFile, EditFault, Environment, Home, Kept, SecretFault, VaultFault, random};

/// The variable that holds a client key, in place of the one kept in a file.
pub const CLIENT_KEY_VARIABLE: &str = "SLUICE_KEY";

const CLIENT_KEY_PREFIX: &str = "sk-sluice-";

/// The longest name of a client, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Who may call the gateway. Clones share the configuration and the vault.
#[derive(Clone)]
pub struct ClientKeys {
    own: SecretString,
    /// The name of the client `default`, which most requests are recognised as.
    own_name: Arc<str>,
    kept: Kept,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    config: ConfigFile,
}

/// One client and its key.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// What people call the client.
    pub name: Arc<str>,
    /// Whether it may use the gateway.
    pub enabled: bool,
    /// When the key was made, where the vault tells.
    pub created: Option<jiff::Timestamp>,
    /// The key itself, where it is at hand.
    pub text: Option<SecretString>,
    /// Where the key is kept that needs no vault; nothing for the others.
    pub kept: Option<Kept>,
}

/// A change of the clients did not take place.
#[derive(Debug, thiserror::Error)]
pub enum ClientKeyFault {
    /// The name cannot be used.
    #[error(
        "a client's name has 1 to {NAME_CHARS_MAX} characters and no control characters, and is not {DEFAULT_CLIENT:?}"
    )]
    BadName,
    /// There is no such client, or its key was not made here.
    #[error("there is no client {0:?}")]
    Unknown(String),
    /// The key that was made at the first start is not changed here.
    #[error("the client {DEFAULT_CLIENT:?} stands for the key in {0}: change it there")]
    Default(String),
    /// The vault did not take or give the key.
    #[error(transparent)]
    Vault(#[from] VaultFault),
    /// The configuration was not changed.
    #[error(transparent)]
    Edit(#[from] EditFault<EditError>),
}

impl ClientKeys {
    /// Takes `SLUICE_KEY`, else the key file's content, else makes a key of 256 bits and keeps it there. The configuration's
    /// clients are accepted beside it, and so is its `server.api_key`.
    pub fn open(
        home: &Home,
        environment: &Environment,
        config: &ConfigFile,
    ) -> Result<ClientKeys, SecretFault> {
        let (own, kept) = match environment.filled(CLIENT_KEY_VARIABLE) {
            Some(key) => (key.into(), Kept::Variable(CLIENT_KEY_VARIABLE)),
            None => kept_in_file(home.client_key(), CLIENT_KEY_PREFIX)?,
        };
        Ok(ClientKeys::of(own, kept, config))
    }

    /// Uses a key that is kept nowhere: the demo writes no file.
    pub fn in_memory(key: SecretString, config: &ConfigFile) -> ClientKeys {
        ClientKeys::of(key, Kept::Memory, config)
    }

    fn of(own: SecretString, kept: Kept, config: &ConfigFile) -> ClientKeys {
        ClientKeys {
            own,
            own_name: DEFAULT_CLIENT.into(),
            kept,
            snapshot: config.snapshot(),
            config: config.clone(),
        }
    }

    /// Tells which client a presented key belongs to. The time taken does not depend on where it differs from a known one.
    pub fn accepts(&self, presented: &str) -> Option<Arc<str>> {
        let snapshot = self.snapshot.borrow();
        let mut is_own = same(presented, self.own.expose_secret());
        if let Some(key) = &snapshot.server.api_key {
            is_own |= same(presented, key.expose_secret());
        }
        let found = recognised(&snapshot.clients, presented);
        if is_own.into() { Some(Arc::clone(&self.own_name)) } else { found }
    }

    /// The entry of a client whose key was made elsewhere, such as one that is imported.
    pub fn entry_of(name: &str, key: &SecretString) -> ClientEntry {
        entry(name, hash(key.expose_secret()), true)
    }

    /// Where a person finds the key of the client `default`.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The key of the client `default`, for the mask of the logs and for the demo's banner.
    pub fn own(&self) -> &SecretString {
        &self.own
    }

    /// Every client, `default` first, then in the file's order.
    pub async fn list(&self) -> Vec<ClientKey> {
        let own = ClientKey {
            name: Arc::clone(&self.own_name),
            enabled: true,
            created: None,
            text: Some(self.own.clone()),
            kept: Some(self.kept.clone()),
        };
        let mut list = vec![own];
        for client in self.clients() {
            // A locked vault says so elsewhere; here the key's text is just not at hand.
            let saved = self.config.vault().saved(&id(&client.name)).await.ok().flatten();
            let saved = saved.filter(|saved| client.key_hash == Some(hash(saved.secret.expose_secret())));
            list.push(ClientKey {
                name: client.name,
                enabled: client.enabled,
                created: saved.as_ref().map(|saved| saved.saved),
                text: saved.map(|saved| saved.secret),
                kept: None,
            });
        }
        list
    }

    /// Makes a key for a client: its text goes into the vault, its hash into the configuration. Returns the key.
    pub async fn add(&self, name: &str) -> Result<SecretString, ClientKeyFault> {
        let name = self.new_name(name)?;
        let key = SecretString::from(random::token(CLIENT_KEY_PREFIX));
        let id = id(&name);
        self.config.vault().set(&id, key.clone(), "").await?;
        let added = self.put(None, entry(&name, hash(key.expose_secret()), true)).await;
        if added.is_err() {
            // The configuration knows no such client, so nobody would ever remove the key.
            self.config.vault().delete(&id).await?;
        }
        added.map(|()| key)
    }

    /// Switches a client on or off. Its key stays what it is.
    pub async fn set_enabled(&self, name: &str, enabled: bool) -> Result<(), ClientKeyFault> {
        let client = self.client(name)?;
        let Some(key_hash) = client.key_hash else { return Err(ClientKeyFault::Unknown(name.to_owned())) };
        self.put(Some(name.to_owned()), entry(name, key_hash, enabled)).await
    }

    /// The text of a client's key, to be given to the client again.
    pub async fn text_of(&self, name: &str) -> Result<SecretString, ClientKeyFault> {
        if name == DEFAULT_CLIENT {
            return Ok(self.own.clone());
        }
        let client = self.client(name)?;
        let saved = self.config.vault().get(&id(&client.name), "").await?;
        // A vault that was exchanged may hold an earlier key of the same name.
        saved
            .filter(|key| client.key_hash == Some(hash(key.expose_secret())))
            .ok_or_else(|| VaultFault::Failed("the text of this key is not in the vault".to_owned()).into())
    }

    fn clients(&self) -> Vec<Client> {
        self.snapshot.borrow().clients.clone()
    }

    fn client(&self, name: &str) -> Result<Client, ClientKeyFault> {
        if name == DEFAULT_CLIENT {
            return Err(ClientKeyFault::Default(match &self.kept {
                Kept::Variable(variable) => (*variable).to_owned(),
                Kept::File(path) => path.display().to_string(),
                Kept::Memory => "memory".to_owned(),
            }));
        }
        let found = self.clients().into_iter().find(|client| &*client.name == name);
        found.ok_or_else(|| ClientKeyFault::Unknown(name.to_owned()))
    }

    /// Checks a name before anything is kept under it.
    fn new_name(&self, name: &str) -> Result<String, ClientKeyFault> {
        let name = name.trim();
        let length = name.chars().count();
        if length == 0
            || length > NAME_CHARS_MAX
            || name.chars().any(char::is_control)
            || name == DEFAULT_CLIENT
        {
            return Err(ClientKeyFault::BadName);
        }
        if self.clients().iter().any(|client| &*client.name == name) {
            let taken = EditError::NameTaken { what: config::edit::Subject::Client, name: name.to_owned() };
            return Err(EditFault::Change(taken).into());
        }
        Ok(name.to_owned())
    }

    async fn put(&self, original: Option<String>, entry: ClientEntry) -> Result<(), ClientKeyFault> {
        self.edit(move |text| put_client(text, original.as_deref(), &entry)).await
    }

    async fn edit(
        &self,
        change: impl FnOnce(&str) -> Result<String, EditError> + Send + 'static,
    ) -> Result<(), ClientKeyFault> {
        let config = self.config.clone();
        let edited = tokio::task::spawn_blocking(move || config.edit(change));
        edited.await.expect("an edit does not panic").map_err(ClientKeyFault::Edit)
    }
}

/// Tells which of these clients a presented key belongs to.
fn recognised(clients: &[Client], presented: &str) -> Option<Arc<str>> {
    let enabled = clients.iter().filter(|client| client.enabled);
    let mut known = enabled.filter_map(|client| Some((&client.name, client.key_hash?))).peekable();
    // Hashing costs more than all comparisons together, and most often there is nothing to compare.
    known.peek()?;
    let hash = hash(presented);
    let mut found = None;
    // Every client is compared, also after one was found.
    for (name, key_hash) in known {
        if key_hash.ct_eq(&hash).into() {
            found = Some(Arc::clone(name));
        }
    }
    found
}

fn id(client: &str) -> SecretId {
    SecretId::ClientKey { client: client.to_owned() }
}

fn entry(name: &str, key_hash: [u8; 32], enabled: bool) -> ClientEntry {
    let mut digits = String::with_capacity(2 * key_hash.len());
    for byte in key_hash {
        write!(digits, "{byte:02x}").expect("writing to a String cannot fail");
    }
    ClientEntry {
        name: name.to_owned(),
        key_hash: Some(digits),
        models: None,
        rpm: None,
        budget: None,
        enabled: (!enabled).then_some(false),
    }
}

/// The hash by which a key is recognised. A fast one will do: nobody guesses 256 random bits, however fast the guesses.
fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
