//! The thread that asks the keychain, or the vault's file, one question at a time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use config::SecretId;
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::age_file::AgeFile;
use super::envelope::Envelope;
use super::keychain::{self, Answer, Call, Keychain, Standing, Trouble};
use super::memory::Memory;
use super::words::{Availability, VaultChoice, VaultFault, VaultKind};
use crate::Home;

/// How often a keychain that cannot be used is looked at again. A look asks no person and takes a millisecond.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What the keeper is asked to do; `done` tells how it went.
pub(super) enum Job {
    /// Read every secret that was asked for.
    Read,
    Get {
        id: SecretId,
        done: Done<Option<Envelope>>,
    },
    Set {
        id: SecretId,
        envelope: Envelope,
        done: Done<()>,
    },
    Delete {
        id: SecretId,
        done: Done<()>,
    },
    /// The system was asked to unlock the keychain, and this is what came of it.
    Unlocked {
        asked: Result<(), Standing>,
        done: Done<()>,
    },
    Choose {
        choice: VaultChoice,
        done: Done<()>,
    },
    OpenFile {
        passphrase: SecretString,
        done: Done<()>,
    },
}

type Done<T> = oneshot::Sender<Result<T, VaultFault>>;

/// Owns the keychain's connection and the open file.
pub(super) struct Keeper {
    memory: Arc<Memory>,
    keychain: Keychain,
    file: AgeFile,
    kind: VaultKind,
    /// Opens the file at the start, where the environment gave one.
    passphrase: Option<SecretString>,
}

impl Keeper {
    pub(super) fn new(home: &Home, passphrase: Option<SecretString>, memory: Arc<Memory>) -> Keeper {
        let file = AgeFile::at(home.vault(), home.vault_lock());
        // Whoever gives a passphrase has chosen the file, also before there is one.
        let is_chosen = passphrase.is_some() || file.path().exists();
        let kind = if is_chosen { VaultKind::File } else { VaultKind::Keychain };
        Keeper { memory, keychain: Keychain::new(), file, kind, passphrase }
    }

    /// Does what it is asked for until nobody is left to ask.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        self.start();
        loop {
            let job = match self.memory.availability() {
                Availability::Ready | Availability::Closed => {
                    jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
                }
                Availability::Locked
                | Availability::Denied
                | Availability::Missing
                | Availability::Hanging => jobs.recv_timeout(LOOK_AGAIN),
            };
            match job {
                Ok(job) => self.perform(job),
                Err(RecvTimeoutError::Timeout) => self.look_again(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn start(&mut self) {
        if let Some(passphrase) = self.passphrase.take()
            && let Err(fault) = self.file.open(passphrase)
        {
            tracing::error!(file = %self.file.path().display(), "{fault}");
        }
        self.look();
    }

    fn perform(&mut self, job: Job) {
        // Whoever asked may have stopped waiting: then the reply goes nowhere.
        match job {
            Job::Read => self.read_asked(),
            Job::Get { id, done } => drop(done.send(self.get(id))),
            Job::Set { id, envelope, done } => drop(done.send(self.set(id, envelope))),
            Job::Delete { id, done } => drop(done.send(self.delete(id))),
            Job::Unlocked { asked, done } => drop(done.send(self.unlocked(asked))),
            Job::Choose { choice, done } => drop(done.send(self.choose(choice))),
            Job::OpenFile { passphrase, done } => drop(done.send(self.open_file(passphrase))),
        }
    }

    /// Finds out how the vault stands, and reads what waits if it can be used.
    fn look(&mut self) {
        match self.kind {
            VaultKind::Keychain => {
                let answer = self.keychain.ask(Call::Look);
                self.took(answer);
            }
            VaultKind::File if self.file.is_open() => self.stands(Standing::ready()),
            VaultKind::File => self.stands(Standing { availability: Availability::Closed, message: None }),
            VaultKind::None => {}
        }
        if self.memory.availability() == Availability::Ready {
            self.read_asked();
        }
    }

    fn look_again(&mut self) {
        if let Some(late) = self.keychain.late_answer() {
            self.took(late);
        }
        if self.keychain.hangs() {
            return;
        }
        if cfg!(target_os = "linux") || self.kind != VaultKind::Keychain {
            // A look asks nobody here, so it may see that somebody unlocked the keychain after a refusal.
            return self.look();
        }
        match self.memory.availability() {
            // Elsewhere only reading tells whether the keychain is unlocked, and only a person's wish asks again after a
            // refusal.
            Availability::Locked => self.read_asked(),
            Availability::Ready | Availability::Missing | Availability::Hanging => self.look(),
            Availability::Denied | Availability::Closed => {}
        }
    }

    /// Reads the secrets that were asked for, as far as the vault goes along, and tells when answers change.
    fn read_asked(&mut self) {
        let mut changed = false;
        for id in self.memory.asked() {
            match self.read(id.clone()) {
                Ok(envelope) => changed |= self.memory.learn(id, envelope),
                // The vault cannot be used any more: its state says so.
                Err(_) if self.memory.availability() != Availability::Ready => break,
                Err(fault) => {
                    tracing::warn!(account = %id, "a secret cannot be read: {fault}");
                    // One entry that cannot be read keeps the others from nothing.
                    changed |= self.memory.learn(id, None);
                }
            }
        }
        if changed {
            self.memory.tell();
        }
    }

    fn get(&mut self, id: SecretId) -> Result<Option<Envelope>, VaultFault> {
        let envelope = self.read(id.clone())?;
        self.learn(id, envelope.clone());
        Ok(envelope)
    }

    fn set(&mut self, id: SecretId, envelope: Envelope) -> Result<(), VaultFault> {
        match self.kind {
            VaultKind::Keychain => {
                self.ask(Call::Write(id.clone(), envelope.clone()))?;
            }
            VaultKind::File => self.file.set(&id, envelope.clone())?,
            VaultKind::None => return Err(VaultFault::Missing),
        }
        self.learn(id, Some(envelope));
        Ok(())
    }

    fn delete(&mut self, id: SecretId) -> Result<(), VaultFault> {
        match self.kind {
            VaultKind::Keychain => {
                self.ask(Call::Delete(id.clone()))?;
            }
            VaultKind::File => self.file.delete(&id)?,
            VaultKind::None => return Err(VaultFault::Missing),
        }
        self.learn(id, None);
        Ok(())
    }

    fn unlocked(&mut self, asked: Result<(), Standing>) -> Result<(), VaultFault> {
        match asked {
            Ok(()) => self.look(),
            Err(standing) => self.stands(standing),
        }
        VaultFault::of(self.memory.availability()).map_or(Ok(()), Err)
    }

    fn open_file(&mut self, passphrase: SecretString) -> Result<(), VaultFault> {
        if self.kind != VaultKind::File {
            return Err(VaultFault::Failed("the vault is no file".to_owned()));
        }
        self.file.open(passphrase)?;
        self.look();
        Ok(())
    }

    fn choose(&mut self, choice: VaultChoice) -> Result<(), VaultFault> {
        match choice {
            VaultChoice::File { passphrase } => self.move_to_file(passphrase),
            VaultChoice::Keychain => self.move_to_keychain(),
        }
    }

    fn move_to_file(&mut self, passphrase: SecretString) -> Result<(), VaultFault> {
        let known = self.memory.all_known();
        self.file.open(passphrase)?;
        if self.kind != VaultKind::File && !known.is_empty() {
            self.file.set_all(known)?;
        }
        self.kind = VaultKind::File;
        self.memory.forget_all();
        self.look();
        Ok(())
    }

    /// Copies the file's secrets into the keychain, and removes the file only when all of them arrived.
    fn move_to_keychain(&mut self) -> Result<(), VaultFault> {
        if self.kind == VaultKind::Keychain {
            return Ok(());
        }
        if !self.file.is_open() {
            return Err(VaultFault::Closed);
        }
        for (account, envelope) in self.file.entries() {
            let id = account.parse().map_err(|_| {
                VaultFault::Failed(format!("the vault's file holds {account:?}, which is no secret of ours"))
            })?;
            self.ask_silently(Call::Write(id, envelope))?;
        }
        self.file.remove()?;
        self.kind = VaultKind::Keychain;
        self.memory.forget_all();
        self.look();
        Ok(())
    }

    fn read(&mut self, id: SecretId) -> Result<Option<Envelope>, VaultFault> {
        match self.kind {
            VaultKind::Keychain => self.ask(Call::Read(id)),
            VaultKind::File => self.file.get(&id),
            VaultKind::None => Err(VaultFault::Missing),
        }
    }

    /// Asks the keychain, and notes how it stands.
    fn ask(&mut self, call: Call) -> Result<Option<Envelope>, VaultFault> {
        match self.keychain.ask(call).result {
            Ok(found) => {
                self.stands(Standing::ready());
                Ok(found)
            }
            Err(Trouble::Unusable(standing)) => {
                self.stands(standing);
                // A lock that somebody refused to open is told as the refusal.
                Err(VaultFault::of(self.memory.availability()).unwrap_or(VaultFault::Hanging))
            }
            Err(Trouble::Fault(fault)) => Err(fault),
        }
    }

    /// Asks the keychain while the file is still the vault.
    fn ask_silently(&mut self, call: Call) -> Result<Option<Envelope>, VaultFault> {
        self.keychain.ask(call).result.map_err(Trouble::into_fault)
    }

    /// Takes over an answer, also one that comes late.
    fn took(&mut self, answer: Answer) {
        match answer.result {
            Ok(found) => {
                self.stands(Standing::ready());
                match answer.call {
                    Call::Look => {}
                    Call::Read(id) => self.learn(id, found),
                    Call::Write(id, envelope) => self.learn(id, Some(envelope)),
                    Call::Delete(id) => self.learn(id, None),
                }
            }
            Err(Trouble::Unusable(standing)) => self.stands(standing),
            Err(Trouble::Fault(fault)) => {
                tracing::warn!("the keychain answered late: {fault}");
                self.stands(Standing::ready());
            }
        }
    }

    fn learn(&self, id: SecretId, envelope: Option<Envelope>) {
        if self.memory.learn(id, envelope) {
            self.memory.tell();
        }
    }

    fn stands(&self, standing: Standing) {
        let Standing { mut availability, mut message } = standing;
        let before = self.memory.state();
        if before.availability == Availability::Denied && availability == Availability::Locked {
            // It is still locked because somebody refused: that is what a person should read.
            (availability, message) = (Availability::Denied, before.message);
        }
        let name = match self.kind {
            VaultKind::Keychain | VaultKind::None => keychain::NAME.to_owned(),
            VaultKind::File => self.file.path().display().to_string(),
        };
        if before.availability != availability {
            tracing::info!(vault = name, state = ?availability, reason = message, "vault");
        }
        self.memory.stands(self.kind, availability, name, message);
        if before.availability != availability {
            // Those who wait for a secret are told why in other words now.
            self.memory.tell();
        }
    }
}

impl Trouble {
    fn into_fault(self) -> VaultFault {
        match self {
            Trouble::Unusable(standing) => VaultFault::of(standing.availability)
                .unwrap_or_else(|| VaultFault::Failed("the keychain cannot be used".to_owned())),
            Trouble::Fault(fault) => fault,
        }
    }
}
