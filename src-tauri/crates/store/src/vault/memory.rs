//! What the vault knows without asking anybody: how it stands, and the secrets that were read.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use config::{SecretId, VaultAnswer, VaultQuestion, origin_covered};
use tokio::sync::watch;

use super::envelope::Envelope;
use super::words::{Availability, VaultKind, VaultState};

/// Shared by the vault's owners and its keeper. The keeper writes, everybody reads.
pub(super) struct Memory {
    secrets: Mutex<HashMap<SecretId, Slot>>,
    /// Whether the vault was looked at since the start.
    is_looked_at: AtomicBool,
    state: watch::Sender<VaultState>,
    listeners: Mutex<Vec<Listener>>,
    /// How often listeners were told.
    told: AtomicU64,
}

type Listener = Box<dyn Fn() + Send + Sync>;

/// What is known of one secret.
enum Slot {
    /// It was asked for and not read yet.
    Asked,
    /// It was read.
    Known(Envelope),
    /// It was looked for, and there is none.
    Absent,
    /// There was none, and it is looked for again.
    AskedAgain,
}

impl Memory {
    pub(super) fn new() -> Memory {
        Memory {
            secrets: Mutex::default(),
            is_looked_at: AtomicBool::new(false),
            state: watch::Sender::new(VaultState {
                kind: VaultKind::Keychain,
                // Until the first look, which takes milliseconds with a working keychain: no alarm before there is cause.
                availability: Availability::Ready,
                name: super::keychain::NAME.to_owned(),
                message: None,
                waiting: 0,
            }),
            listeners: Mutex::default(),
            told: AtomicU64::new(0),
        }
    }

    pub(super) fn state(&self) -> VaultState {
        self.state.borrow().clone()
    }

    pub(super) fn states(&self) -> watch::Receiver<VaultState> {
        self.state.subscribe()
    }

    pub(super) fn availability(&self) -> Availability {
        self.state.borrow().availability
    }

    /// Notes how the vault stands.
    pub(super) fn stands(
        &self,
        kind: VaultKind,
        availability: Availability,
        name: String,
        message: Option<String>,
    ) {
        self.is_looked_at.store(true, Ordering::Release);
        self.publish(|state| VaultState { kind, availability, name, message, waiting: state.waiting });
    }

    /// Answers a question, and tells whether it must be read for that.
    pub(super) fn answer(&self, question: &VaultQuestion) -> (VaultAnswer, bool) {
        let mut secrets = lock(&self.secrets);
        let (answer, is_new) = match secrets.get(&question.id) {
            Some(Slot::Known(envelope)) if origin_covered(&envelope.origin, &question.origin) => {
                (VaultAnswer::Secret(envelope.secret.clone()), false)
            }
            Some(Slot::Known(_)) => (VaultAnswer::OriginChanged, false),
            // Another program of ours may have saved it since: the next answer will know.
            Some(Slot::Absent) => (VaultAnswer::Missing, true),
            Some(Slot::AskedAgain) => (VaultAnswer::Missing, false),
            Some(Slot::Asked) => (self.not_yet(), false),
            None => (self.not_yet(), true),
        };
        if is_new {
            let slot = match secrets.get(&question.id) {
                Some(Slot::Absent) => Slot::AskedAgain,
                Some(Slot::Asked | Slot::Known(_) | Slot::AskedAgain) | None => Slot::Asked,
            };
            secrets.insert(question.id.clone(), slot);
            drop(secrets);
            self.count();
        }
        (answer, is_new)
    }

    /// Why a secret that was not read yet is not at hand.
    fn not_yet(&self) -> VaultAnswer {
        let state = self.state.borrow();
        let named = |what: &str| match state.kind {
            VaultKind::Keychain => format!("the keychain {what}"),
            VaultKind::File => format!("the vault's file {what}"),
            VaultKind::None => "there is no vault here".to_owned(),
        };
        match state.availability {
            _ if !self.is_looked_at() => VaultAnswer::Pending,
            Availability::Ready => VaultAnswer::Pending,
            Availability::Locked => VaultAnswer::Locked { why: named("is locked") },
            Availability::Closed => VaultAnswer::Locked { why: named("is not open") },
            Availability::Denied => VaultAnswer::Locked { why: named("refused access") },
            Availability::Missing => VaultAnswer::Unavailable { why: named("cannot be reached") },
            Availability::Hanging => VaultAnswer::Unavailable { why: named("does not answer") },
        }
    }

    /// The secrets that wait to be read.
    pub(super) fn asked(&self) -> Vec<SecretId> {
        let secrets = lock(&self.secrets);
        let asked = secrets.iter().filter(|(_, slot)| matches!(slot, Slot::Asked | Slot::AskedAgain));
        asked.map(|(id, _)| id.clone()).collect()
    }

    /// Every secret that was read.
    pub(super) fn all_known(&self) -> Vec<(SecretId, Envelope)> {
        let secrets = lock(&self.secrets);
        let known = secrets.iter().filter_map(|(id, slot)| match slot {
            Slot::Known(envelope) => Some((id.clone(), envelope.clone())),
            Slot::Asked | Slot::Absent | Slot::AskedAgain => None,
        });
        known.collect()
    }

    pub(super) fn known(&self, id: &SecretId) -> Option<Envelope> {
        match lock(&self.secrets).get(id) {
            Some(Slot::Known(envelope)) => Some(envelope.clone()),
            Some(Slot::Asked | Slot::Absent | Slot::AskedAgain) | None => None,
        }
    }

    /// Notes what was read or saved; `None` for a secret that does not exist. Tells whether somebody who asked before would
    /// be answered differently now.
    pub(super) fn learn(&self, id: SecretId, envelope: Option<Envelope>) -> bool {
        let mut secrets = lock(&self.secrets);
        let changed = match (secrets.get(&id), &envelope) {
            (None, _) => false,
            (Some(Slot::Known(before)), Some(now)) => !before.is_same_as(now),
            (Some(Slot::Absent | Slot::AskedAgain), None) => false,
            (Some(Slot::Asked | Slot::Known(_) | Slot::Absent | Slot::AskedAgain), _) => true,
        };
        secrets.insert(id, envelope.map_or(Slot::Absent, Slot::Known));
        drop(secrets);
        self.count();
        changed
    }

    /// Forgets everything that was read, so that another vault is asked.
    pub(super) fn forget_all(&self) {
        lock(&self.secrets).values_mut().for_each(|slot| *slot = Slot::Asked);
        self.count();
    }

    /// Whether everything that was asked is answered, or cannot be for now, while the vault stands so.
    pub(super) fn is_settled(&self, state: &VaultState) -> bool {
        state.waiting == 0 || self.is_looked_at() && state.availability != Availability::Ready
    }

    pub(super) fn listen(&self, listener: Listener) {
        lock(&self.listeners).push(listener);
    }

    /// Tells everybody who listens that answers may have changed.
    pub(super) fn tell(&self) {
        self.told.fetch_add(1, Ordering::AcqRel);
        lock(&self.listeners).iter().for_each(|listener| listener());
    }

    pub(super) fn told(&self) -> u64 {
        self.told.load(Ordering::Acquire)
    }

    fn is_looked_at(&self) -> bool {
        self.is_looked_at.load(Ordering::Acquire)
    }

    fn count(&self) {
        let waiting = lock(&self.secrets).values().filter(|slot| matches!(slot, Slot::Asked)).count();
        self.publish(|state| VaultState { waiting, ..state.clone() });
    }

    fn publish(&self, change: impl FnOnce(&VaultState) -> VaultState) {
        self.state.send_if_modified(|state| {
            let new = change(state);
            let changed = *state != new;
            *state = new;
            changed
        });
    }
}

/// A panic elsewhere leaves this state whole: every change of it is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
