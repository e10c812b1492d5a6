//! The vault's file: every secret in one age file, encrypted with a passphrase (age-encryption.org/v1, scrypt).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use config::SecretId;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};

use super::envelope::{Envelope, Written};
use super::words::VaultFault;
use crate::atomic::{Mode, write_atomic};
use crate::lock;

/// The work to try one passphrase, as a power of two: 128 MiB and about a third of a second, what OWASP's cheat sheet on
/// password storage asks of scrypt.
const WORK_LOG2: u8 = 17;
/// More work than this is not done for a file that somebody else may have put there.
const WORK_LOG2_MAX: u8 = 20;

/// The file, and what is in it while it is open.
pub(super) struct AgeFile {
    path: PathBuf,
    lock: PathBuf,
    open: Option<Open>,
}

/// What an open file holds in memory.
struct Open {
    passphrase: SecretString,
    /// The file's bytes as they were read or written last: other processes may write it too.
    bytes: Vec<u8>,
    entries: BTreeMap<String, Envelope>,
}

/// The JSON within the file.
#[derive(Serialize, Deserialize)]
struct Content<'a> {
    version: u32,
    #[serde(borrow)]
    secrets: BTreeMap<String, Written<'a>>,
}

/// The form of the content.
const VERSION: u32 = 1;

impl AgeFile {
    pub(super) fn at(path: PathBuf, lock: PathBuf) -> AgeFile {
        AgeFile { path, lock, open: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Opens the file for as long as this value lives, and makes an empty one where there is none.
    pub(super) fn open(&mut self, passphrase: SecretString) -> Result<(), VaultFault> {
        use secrecy::ExposeSecret;
        if passphrase.expose_secret().is_empty() {
            return Err(VaultFault::NoPassphrase);
        }
        let _lock = lock::exclusive(&self.lock).map_err(failed)?;
        let open = match read(&self.path).map_err(failed)? {
            Some(bytes) => {
                let entries = decrypt(&bytes, &passphrase)?;
                Open { passphrase, bytes, entries }
            }
            None => {
                let entries = BTreeMap::new();
                let bytes = encrypt(&entries, &passphrase)?;
                write_atomic(&self.path, &bytes, Mode::PRIVATE_FILE).map_err(failed)?;
                Open { passphrase, bytes, entries }
            }
        };
        self.open = Some(open);
        Ok(())
    }

    pub(super) fn get(&mut self, id: &SecretId) -> Result<Option<Envelope>, VaultFault> {
        let open = self.open.as_mut().ok_or(VaultFault::Closed)?;
        open.refresh(&self.path)?;
        Ok(open.entries.get(&id.to_string()).cloned())
    }

    pub(super) fn set(&mut self, id: &SecretId, envelope: Envelope) -> Result<(), VaultFault> {
        self.set_all([(id.clone(), envelope)])
    }

    /// Saves several secrets with one writing of the file.
    pub(super) fn set_all(
        &mut self,
        secrets: impl IntoIterator<Item = (SecretId, Envelope)>,
    ) -> Result<(), VaultFault> {
        let new: Vec<(String, Envelope)> =
            secrets.into_iter().map(|(id, envelope)| (id.to_string(), envelope)).collect();
        if new.iter().any(|(_, envelope)| envelope.to_bytes().is_none()) {
            return Err(VaultFault::TooLong);
        }
        self.change(|entries| entries.extend(new))
    }

    pub(super) fn delete(&mut self, id: &SecretId) -> Result<(), VaultFault> {
        let account = id.to_string();
        self.change(|entries| {
            entries.remove(&account);
        })
    }

    /// Every secret of the file, by account.
    pub(super) fn entries(&self) -> Vec<(String, Envelope)> {
        let open = self.open.iter().flat_map(|open| &open.entries);
        open.map(|(account, envelope)| (account.clone(), envelope.clone())).collect()
    }

    /// Removes the file, which then is neither open nor chosen.
    pub(super) fn remove(&mut self) -> Result<(), VaultFault> {
        fs::remove_file(&self.path).map_err(failed)?;
        self.open = None;
        Ok(())
    }

    fn change(&mut self, change: impl FnOnce(&mut BTreeMap<String, Envelope>)) -> Result<(), VaultFault> {
        let open = self.open.as_mut().ok_or(VaultFault::Closed)?;
        let _lock = lock::exclusive(&self.lock).map_err(failed)?;
        open.refresh(&self.path)?;
        let mut entries = open.entries.clone();
        change(&mut entries);
        let bytes = encrypt(&entries, &open.passphrase)?;
        write_atomic(&self.path, &bytes, Mode::PRIVATE_FILE).map_err(failed)?;
        *open = Open { passphrase: open.passphrase.clone(), bytes, entries };
        Ok(())
    }
}

impl Open {
    /// Takes over what another process wrote. A file that is gone is written again by the next change.
    fn refresh(&mut self, path: &Path) -> Result<(), VaultFault> {
        if let Some(bytes) = read(path).map_err(failed)?
            && bytes != self.bytes
        {
            self.entries = decrypt(&bytes, &self.passphrase)?;
            self.bytes = bytes;
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn decrypt(bytes: &[u8], passphrase: &SecretString) -> Result<BTreeMap<String, Envelope>, VaultFault> {
    let mut identity = age::scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_LOG2_MAX);
    let text = age::decrypt(&identity, bytes).map_err(|error| match error {
        age::DecryptError::DecryptionFailed
        | age::DecryptError::KeyDecryptionFailed
        | age::DecryptError::NoMatchingKeys => VaultFault::WrongPassphrase,
        other => VaultFault::Failed(format!("the vault's file cannot be read: {other}")),
    })?;
    let text = Zeroizing::new(text);
    // What went wrong could repeat a part of the content, so the reason is not told.
    let unreadable = |_| VaultFault::Failed("the vault's file holds no secrets of ours".to_owned());
    let content: Content<'_> = serde_json::from_slice(&text).map_err(unreadable)?;
    if content.version != VERSION {
        let version = content.version;
        return Err(VaultFault::Failed(format!(
            "the vault's file is of version {version}, newer than this program"
        )));
    }
    Ok(content.secrets.into_iter().map(|(account, written)| (account, Envelope::from(written))).collect())
}

fn encrypt(entries: &BTreeMap<String, Envelope>, passphrase: &SecretString) -> Result<Vec<u8>, VaultFault> {
    let secrets = entries.iter().map(|(account, envelope)| (account.clone(), envelope.written())).collect();
    let content = Content { version: VERSION, secrets };
    let text = serde_json::to_vec(&content).expect("texts and times can be written as JSON");
    let text = Zeroizing::new(text);
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK_LOG2);
    age::encrypt(&recipient, &text).map_err(|error| VaultFault::Failed(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` passes it")]
fn failed(error: io::Error) -> VaultFault {
    VaultFault::Failed(format!("the vault's file cannot be used: {error}"))
}
