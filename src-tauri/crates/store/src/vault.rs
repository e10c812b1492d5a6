//! The vault: where secrets are kept, in memory while they are used.
//!
//! ```text
//! set, get, delete, unlock … ──jobs──► Keeper (a thread of its own) ──► keychain, or vault.age
//! answer ◄── Memory ◄──────────────────────┘
//! ```
//!
//! Each secret is an entry of its own under the service `Sluice`; its account is the text of its [`SecretId`]. The entry
//! says for which origins the secret was saved, and it is given out for no other.
//!
//! Nothing here waits for a keychain but the keeper's thread: a keychain may be locked, may ask a person, may hang.

mod age_file;
mod envelope;
mod keeper;
mod keychain;
mod memory;
#[cfg(target_os = "linux")]
mod secret_service;
mod words;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use config::{SecretId, VaultAnswer, VaultQuestion, origin_covered};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{oneshot, watch};

use crate::{Environment, Home};
use envelope::Envelope;
use keeper::{Job, Keeper};
use memory::Memory;

pub use words::{Availability, VaultChoice, VaultFault, VaultKind, VaultState};

/// The variable that holds the passphrase of `vault.age` where nobody can type it: on a server, or in a container.
pub const VAULT_PASSPHRASE_VARIABLE: &str = "SLUICE_VAULT_PASSPHRASE";

/// The longest secret in bytes. Windows' Credential Manager holds 2,560 with everything around the secret
/// (`CRED_MAX_CREDENTIAL_BLOB_SIZE` of wincred.h); the same limit holds everywhere, so that secrets can move.
pub const SECRET_BYTES_MAX: usize = 2_400;

/// Keeps secrets in the operating system's keychain, or in an encrypted file that the user chose. Clones share one vault.
#[derive(Clone)]
pub struct Vault {
    shared: Arc<Shared>,
}

struct Shared {
    memory: Arc<Memory>,
    /// The keeper ends when this is dropped. A vault without a keeper keeps nothing.
    jobs: Option<mpsc::Sender<Job>>,
    /// Whether the system is asking a person at the moment.
    asking: Arc<AtomicBool>,
}

/// What the vault tells of a saved secret.
#[derive(Clone, Debug)]
pub struct SavedSecret {
    /// The secret.
    pub secret: SecretString,
    /// The origins that it was saved for, as in [`VaultQuestion`].
    pub origin: String,
    /// When it was saved.
    pub saved: jiff::Timestamp,
}

impl Vault {
    /// Opens the vault of a home: `vault.age` where there is one, else the operating system's keychain.
    ///
    /// Returns at once. Whether the vault can be used is its [`Vault::state`], which follows what happens to it.
    pub fn open(home: &Home, environment: &Environment) -> Vault {
        let passphrase = environment.filled(VAULT_PASSPHRASE_VARIABLE).map(SecretString::from);
        let (jobs, received) = mpsc::channel();
        let memory = Arc::new(Memory::new());
        let keeper = Keeper::new(home, passphrase, Arc::clone(&memory));
        thread::Builder::new()
            .name("vault".to_owned())
            .spawn(move || keeper.run(&received))
            .expect("the system starts a thread");
        Vault { shared: Arc::new(Shared { memory, jobs: Some(jobs), asking: Arc::default() }) }
    }

    /// The vault of the demo: keeps nothing, and says so.
    pub fn none() -> Vault {
        let memory = Arc::new(Memory::new());
        memory.stands(VaultKind::None, Availability::Missing, String::new(), None);
        Vault { shared: Arc::new(Shared { memory, jobs: None, asking: Arc::default() }) }
    }

    /// How the vault stands.
    pub fn state(&self) -> VaultState {
        self.shared.memory.state()
    }

    /// Follows how the vault stands.
    pub fn states(&self) -> watch::Receiver<VaultState> {
        self.shared.memory.states()
    }

    /// Waits until every secret that was asked for is answered or cannot be for now, at most for `limit`.
    pub async fn settled(&self, limit: Duration) {
        let mut states = self.states();
        let memory = &self.shared.memory;
        // The sender lives in `memory`, so the wait ends by the state or by the limit.
        let _ = tokio::time::timeout(limit, states.wait_for(|state| memory.is_settled(state))).await;
    }

    /// Answers a document's question from memory, at once. What is not known yet is read in the background; whoever asked
    /// `on_arrival` is then told.
    pub fn answer(&self, question: &VaultQuestion) -> VaultAnswer {
        let (answer, is_new) = self.shared.memory.answer(question);
        if is_new {
            self.send(Job::Read);
        }
        answer
    }

    /// Has `listener` called whenever answers to questions asked before may have changed. Called on the keeper's thread.
    pub fn on_arrival(&self, listener: impl Fn() + Send + Sync + 'static) {
        self.shared.memory.listen(Box::new(listener));
    }

    /// How often listeners were called: whoever asked before listening learns by it whether an arrival was missed.
    pub(crate) fn arrivals(&self) -> u64 {
        self.shared.memory.told()
    }

    /// Saves a secret for these origins ([`config::Channel::origin`], [`config::proxy_origin`]), over an earlier one, and
    /// reads it back to be sure.
    pub async fn set(&self, id: &SecretId, secret: SecretString, origin: &str) -> Result<(), VaultFault> {
        wait(self.begin_set(id, secret, origin)?).await
    }

    /// As [`Vault::set`], for threads that may block.
    pub fn set_blocking(&self, id: &SecretId, secret: SecretString, origin: &str) -> Result<(), VaultFault> {
        self.begin_set(id, secret, origin)?.blocking_recv().unwrap_or(Err(VaultFault::Missing))
    }

    /// Reads a secret for these origins; `None` where none is saved.
    pub async fn get(&self, id: &SecretId, origin: &str) -> Result<Option<SecretString>, VaultFault> {
        match self.saved(id).await? {
            Some(saved) if !origin_covered(&saved.origin, origin) => Err(VaultFault::OriginChanged),
            saved => Ok(saved.map(|saved| saved.secret)),
        }
    }

    /// Reads a secret with what is known of it, whatever origins it is for: to copy it, or to undo its removal.
    pub async fn saved(&self, id: &SecretId) -> Result<Option<SavedSecret>, VaultFault> {
        let (done, reply) = oneshot::channel();
        self.send(Job::Get { id: id.clone(), done });
        let envelope = wait(reply).await?;
        Ok(envelope.map(|envelope| SavedSecret {
            secret: envelope.secret,
            origin: envelope.origin,
            saved: envelope.saved,
        }))
    }

    /// What is known of a secret in memory, without asking the keychain.
    pub fn known(&self, id: &SecretId) -> Option<SavedSecret> {
        let envelope = self.shared.memory.known(id)?;
        Some(SavedSecret { secret: envelope.secret, origin: envelope.origin, saved: envelope.saved })
    }

    /// Removes a secret. It is no fault if there is none.
    pub async fn delete(&self, id: &SecretId) -> Result<(), VaultFault> {
        let (done, reply) = oneshot::channel();
        self.send(Job::Delete { id: id.clone(), done });
        wait(reply).await
    }

    /// Asks the system to unlock the keychain, which may ask a person; waits for the person.
    ///
    /// After a refusal nothing asks again by itself: only another call of this function does.
    pub async fn unlock(&self) -> Result<(), VaultFault> {
        let state = self.state();
        match state.availability {
            Availability::Ready => return Ok(()),
            Availability::Closed => return Err(VaultFault::Closed),
            Availability::Locked | Availability::Denied | Availability::Missing | Availability::Hanging => {}
        }
        let Some(jobs) = self.shared.jobs.clone() else { return Err(VaultFault::Missing) };
        if self.shared.asking.swap(true, Ordering::AcqRel) {
            return Err(VaultFault::Locked);
        }
        let (done, reply) = oneshot::channel();
        let asking = Arc::clone(&self.shared.asking);
        // A thread of its own: a person may take minutes, and the keeper has other questions to answer meanwhile.
        thread::spawn(move || {
            let asked = keychain::unlock();
            asking.store(false, Ordering::Release);
            // Without a keeper there is nobody left to tell.
            let _ = jobs.send(Job::Unlocked { asked, done });
        });
        wait(reply).await
    }

    /// Chooses where secrets are kept. Those that are known move along, and the choice outlives the process.
    pub async fn choose(&self, choice: VaultChoice) -> Result<(), VaultFault> {
        let (done, reply) = oneshot::channel();
        self.send(Job::Choose { choice, done });
        wait(reply).await
    }

    /// Opens the encrypted file for as long as the process runs.
    pub async fn open_file(&self, passphrase: SecretString) -> Result<(), VaultFault> {
        let (done, reply) = oneshot::channel();
        self.send(Job::OpenFile { passphrase, done });
        wait(reply).await
    }

    fn begin_set(
        &self,
        id: &SecretId,
        secret: SecretString,
        origin: &str,
    ) -> Result<oneshot::Receiver<Result<(), VaultFault>>, VaultFault> {
        if secret.expose_secret().len() > SECRET_BYTES_MAX {
            return Err(VaultFault::TooLong);
        }
        let envelope =
            Envelope { origin: origin.to_owned(), secret, saved: crate::Clock::system().now().wall };
        let (done, reply) = oneshot::channel();
        self.send(Job::Set { id: id.clone(), envelope, done });
        Ok(reply)
    }

    /// Gives the keeper a job. Where there is none the job is dropped, and whoever waits for it learns that.
    fn send(&self, job: Job) {
        if let Some(jobs) = &self.shared.jobs {
            // A keeper that is gone has dropped the job, which whoever waits for it learns too.
            let _ = jobs.send(job);
        }
    }
}

/// Waits for the keeper's reply. A job that was dropped was given to no keeper: there is no vault.
async fn wait<T>(reply: oneshot::Receiver<Result<T, VaultFault>>) -> Result<T, VaultFault> {
    reply.await.unwrap_or(Err(VaultFault::Missing))
}
