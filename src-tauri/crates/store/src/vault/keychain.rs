//! The operating system's keychain.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use config::SecretId;
use keyring_core::Error as KeyringError;

use super::envelope::Envelope;
use super::words::{Availability, VaultFault};

/// What people know the keychain by.
#[cfg(target_os = "linux")]
pub(super) const NAME: &str = "Secret Service";
/// What people know the keychain by.
#[cfg(target_os = "macos")]
pub(super) const NAME: &str = "Keychain";
/// What people know the keychain by.
#[cfg(windows)]
pub(super) const NAME: &str = "Credential Manager";

/// The service under which every entry stands.
const SERVICE: &str = "Sluice";

/// How long a keychain may take before it counts as hanging. The call goes on, and its answer is used when it comes.
const SOFT_LIMIT: Duration = Duration::from_secs(5);

/// The keychain, asked one question at a time.
pub(super) struct Keychain {
    /// A call that took too long and is still under way.
    overdue: Option<mpsc::Receiver<Answer>>,
}

/// A question to the keychain.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// Can it be used? Asks no person.
    Look,
    /// Read a secret.
    Read(SecretId),
    /// Save a secret and read it back.
    Write(SecretId, Envelope),
    /// Remove a secret.
    Delete(SecretId),
}

/// What a call came to, with the question, because the answer may come late.
pub(super) struct Answer {
    pub(super) call: Call,
    pub(super) result: Result<Option<Envelope>, Trouble>,
}

/// Why a call came to nothing.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// The keychain cannot be used now.
    Unusable(Standing),
    /// This one call failed.
    Fault(VaultFault),
}

/// How the keychain stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) availability: Availability,
    pub(super) message: Option<String>,
}

impl Standing {
    pub(super) fn ready() -> Standing {
        Standing { availability: Availability::Ready, message: None }
    }

    pub(super) fn of(availability: Availability, message: impl Into<String>) -> Standing {
        Standing { availability, message: Some(message.into()) }
    }

    fn hanging() -> Standing {
        Standing::of(Availability::Hanging, format!("it has not answered for {} s", SOFT_LIMIT.as_secs()))
    }
}

impl Keychain {
    pub(super) fn new() -> Keychain {
        Keychain { overdue: None }
    }

    /// Asks the keychain on a thread that may hang. While an earlier call hangs, no further one is made.
    pub(super) fn ask(&mut self, call: Call) -> Answer {
        if self.overdue.is_some() {
            return Answer { call, result: Err(Trouble::Unusable(Standing::hanging())) };
        }
        let (sender, answer) = mpsc::channel();
        let asked = call.clone();
        let begun = thread::Builder::new().name("keychain".to_owned()).spawn(move || {
            let result = perform(&asked);
            // The keeper may be gone by now.
            let _ = sender.send(Answer { call: asked, result });
        });
        if let Err(error) = begun {
            return Answer { call, result: Err(Trouble::Fault(VaultFault::Failed(error.to_string()))) };
        }
        match answer.recv_timeout(SOFT_LIMIT) {
            Ok(answer) => answer,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.overdue = Some(answer);
                Answer { call, result: Err(Trouble::Unusable(Standing::hanging())) }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let fault = VaultFault::Failed("the call to the keychain broke off".to_owned());
                Answer { call, result: Err(Trouble::Fault(fault)) }
            }
        }
    }

    /// The answer of a call that took too long, once it is there.
    pub(super) fn late_answer(&mut self) -> Option<Answer> {
        match self.overdue.as_ref()?.try_recv() {
            Ok(answer) => {
                self.overdue = None;
                Some(answer)
            }
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => {
                self.overdue = None;
                None
            }
        }
    }

    /// Whether a call hangs.
    pub(super) fn hangs(&self) -> bool {
        self.overdue.is_some()
    }
}

/// Has the system unlock the keychain, which may ask a person. Blocks for as long as the person thinks.
pub(super) fn unlock() -> Result<(), Standing> {
    #[cfg(target_os = "linux")]
    {
        super::secret_service::unlock()
    }
    // Elsewhere the system asks by itself when an entry is read: the keeper reads next.
    #[cfg(not(target_os = "linux"))]
    {
        Ok(())
    }
}

/// Tells how the keychain stands without asking a person.
fn look() -> Standing {
    #[cfg(target_os = "linux")]
    {
        super::secret_service::look()
    }
    // Elsewhere only the use of an entry tells more.
    #[cfg(not(target_os = "linux"))]
    {
        match connect() {
            Ok(()) => Standing::ready(),
            Err(error) => standing_of(&error),
        }
    }
}

fn perform(call: &Call) -> Result<Option<Envelope>, Trouble> {
    let standing = look();
    if standing.availability != Availability::Ready {
        return Err(Trouble::Unusable(standing));
    }
    let done = with_store(call);
    match done {
        // The connection may have outlived the service that it was made to: a new one is tried once.
        Err(Failure::Keyring(KeyringError::PlatformFailure(_))) => {
            keyring_core::unset_default_store();
            with_store(call).map_err(Failure::into_trouble)
        }
        other => other.map_err(Failure::into_trouble),
    }
}

enum Failure {
    Keyring(KeyringError),
    Fault(VaultFault),
}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Failure {
        Failure::Keyring(error)
    }
}

impl Failure {
    fn into_trouble(self) -> Trouble {
        match self {
            Failure::Fault(fault) => Trouble::Fault(fault),
            Failure::Keyring(error) => {
                let standing = standing_of(&error);
                match standing.availability {
                    Availability::Locked | Availability::Denied | Availability::Missing => {
                        Trouble::Unusable(standing)
                    }
                    Availability::Ready | Availability::Hanging | Availability::Closed => {
                        Trouble::Fault(VaultFault::Failed(error.to_string()))
                    }
                }
            }
        }
    }
}

fn with_store(call: &Call) -> Result<Option<Envelope>, Failure> {
    connect()?;
    match call {
        Call::Look => Ok(None),
        Call::Read(id) => read(id),
        Call::Write(id, envelope) => write(id, envelope).map(|()| None),
        Call::Delete(id) => match entry(id)?.delete_credential() {
            Ok(()) | Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(error.into()),
        },
    }
}

fn read(id: &SecretId) -> Result<Option<Envelope>, Failure> {
    match entry(id)?.get_secret() {
        Ok(bytes) => {
            let bytes = secrecy::zeroize::Zeroizing::new(bytes);
            let envelope = Envelope::from_bytes(&bytes);
            if envelope.is_none() {
                tracing::warn!(account = %id, "the keychain's entry was not saved by this program and is left alone");
            }
            Ok(envelope)
        }
        Err(KeyringError::NoEntry) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write(id: &SecretId, envelope: &Envelope) -> Result<(), Failure> {
    let bytes = envelope.to_bytes().ok_or(Failure::Fault(VaultFault::TooLong))?;
    let entry = entry(id)?;
    entry.set_secret(&bytes)?;
    let kept = read(id)?;
    if kept.is_some_and(|kept| kept.is_same_as(envelope)) {
        return Ok(());
    }
    Err(Failure::Fault(VaultFault::Failed("the keychain did not keep the secret as it was given".to_owned())))
}

/// The entry of a secret. Not by `keyring::Entry::new`: that gives up for the life of the process when the keychain is not
/// there at its first call.
fn entry(id: &SecretId) -> keyring_core::Result<keyring::Entry> {
    Ok(keyring::Entry { inner: keyring_core::Entry::new(SERVICE, &id.to_string())? })
}

/// Makes sure that there is a connection to the keychain.
fn connect() -> keyring_core::Result<()> {
    if keyring_core::get_default_store().is_none() {
        keyring_core::set_default_store(store()?);
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn store() -> keyring_core::Result<std::sync::Arc<keyring_core::CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn store() -> keyring_core::Result<std::sync::Arc<keyring_core::CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> keyring_core::Result<std::sync::Arc<keyring_core::CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

/// What a keychain's refusal means.
fn standing_of(error: &KeyringError) -> Standing {
    let availability = match error {
        KeyringError::NoDefaultStore => Availability::Missing,
        KeyringError::NoStorageAccess(_) => Availability::Locked,
        KeyringError::PlatformFailure(source) => of_platform(source.as_ref()),
        // The list may grow; what is not known yet is the fault of one call, not the keychain's standing.
        _ => Availability::Ready,
    };
    Standing { availability, message: Some(error.to_string()) }
}

/// Apple's codes for a locked keychain and for a person's refusal (`SecBase.h`), which arrive as failures of the platform.
#[cfg(target_os = "macos")]
fn of_platform(source: &(dyn std::error::Error + Send + Sync + 'static)) -> Availability {
    // The code stands in the debug text only.
    let text = format!("{source:?}");
    let has = |code: &str| text.contains(&format!("code: {code}"));
    if has("-25308") {
        // errSecInteractionNotAllowed
        Availability::Locked
    } else if has("-128") || has("-25293") {
        // errSecUserCanceled, errSecAuthFailed
        Availability::Denied
    } else {
        Availability::Ready
    }
}

#[cfg(not(target_os = "macos"))]
fn of_platform(_source: &(dyn std::error::Error + Send + Sync + 'static)) -> Availability {
    Availability::Ready
}
