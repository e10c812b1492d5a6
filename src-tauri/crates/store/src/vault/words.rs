//! The words in which a vault says how it stands and what went wrong.

use secrecy::SecretString;
use serde::Serialize;
use ts_rs::TS;

use super::VAULT_PASSPHRASE_VARIABLE;

/// What the secrets are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VaultKind {
    /// The operating system's keychain.
    Keychain,
    /// `vault.age` in the home, encrypted with a passphrase.
    File,
    /// Nothing: the demo keeps no secret.
    None,
}

/// Whether the vault can be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It answers.
    Ready,
    /// It is locked: somebody must unlock it.
    Locked,
    /// Somebody refused to unlock it. Nothing asks again until a person wants it.
    Denied,
    /// There is none to reach.
    Missing,
    /// It has not answered for five seconds.
    Hanging,
    /// The encrypted file was not opened yet.
    Closed,
}

/// How the vault stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct VaultState {
    /// What the secrets are kept in.
    pub kind: VaultKind,
    /// Whether it can be used now.
    #[serde(rename = "state")]
    pub availability: Availability,
    /// `Secret Service`, `Keychain`, `Credential Manager`, or the file's path.
    pub name: String,
    /// What exactly is wrong, in English.
    pub message: Option<String>,
    /// How many secrets wait for it.
    #[ts(type = "number")]
    pub waiting: usize,
}

/// Where a person wants the secrets kept.
#[derive(Clone, Debug)]
pub enum VaultChoice {
    /// In the operating system's keychain.
    Keychain,
    /// In a file of the home, encrypted with this passphrase.
    File {
        /// What opens it.
        passphrase: SecretString,
    },
}

/// The vault did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultFault {
    /// The keychain is locked.
    #[error("the keychain is locked: unlock it")]
    Locked,
    /// A person, or a policy, refused access.
    #[error("access to the keychain was refused")]
    Denied,
    /// There is no keychain, and no file was chosen in its place.
    #[error(
        "there is no keychain here: start Sluice with {VAULT_PASSPHRASE_VARIABLE} set to keep secrets in an encrypted file behind that passphrase, or keep the secret in an environment variable and refer to it as ${{NAME}}"
    )]
    Missing,
    /// The keychain does not answer.
    #[error("the keychain does not answer; it is asked again when it does")]
    Hanging,
    /// The encrypted file was not opened yet.
    #[error("the vault's file is not open: give its passphrase")]
    Closed,
    /// The passphrase does not open the file.
    #[error("this passphrase does not open the vault's file")]
    WrongPassphrase,
    /// An empty passphrase would be no protection.
    #[error("a passphrase is needed")]
    NoPassphrase,
    /// Keychains hold no longer secrets.
    #[error("the secret is longer than 2,400 bytes, more than a keychain holds")]
    TooLong,
    /// The secret was saved for another origin.
    #[error("the secret was saved for another host: give it again")]
    OriginChanged,
    /// Something else.
    #[error("the vault failed: {0}")]
    Failed(String),
}

impl VaultFault {
    /// The fault of whoever asks a vault that stands so; `None` where it is ready.
    pub(super) fn of(availability: Availability) -> Option<VaultFault> {
        match availability {
            Availability::Ready => None,
            Availability::Locked => Some(VaultFault::Locked),
            Availability::Denied => Some(VaultFault::Denied),
            Availability::Missing => Some(VaultFault::Missing),
            Availability::Hanging => Some(VaultFault::Hanging),
            Availability::Closed => Some(VaultFault::Closed),
        }
    }
}
