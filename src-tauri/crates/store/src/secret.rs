//! Secrets in files of mode 0600, the admin token among them: where they come from and how they are compared.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use config::{Hop, Snapshot};
use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq};

use crate::atomic::{Mode, write_atomic};
use crate::{Environment, Home, random};

/// The variable that holds the admin token, in place of the one kept in a file.
pub const ADMIN_TOKEN_VARIABLE: &str = "SLUICE_ADMIN_TOKEN";

const ADMIN_TOKEN_PREFIX: &str = "sluice-admin-";

/// Where a secret is kept, for words to a person; never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In an environment variable of this name.
    Variable(&'static str),
    /// In this file, mode 0600.
    File(PathBuf),
    /// Only in this process's memory.
    Memory,
}

/// A secret cannot be read, made or kept.
#[derive(Debug, thiserror::Error)]
#[error("secret file {} cannot be used: {source}", path.display())]
pub struct SecretFault {
    /// The file.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

/// The token that lets a program of the same user administer the gateway.
#[derive(Clone)]
pub struct AdminToken {
    token: SecretString,
    kept: Kept,
}

impl AdminToken {
    /// Takes `SLUICE_ADMIN_TOKEN` of any length, else the token file's content, else makes one of 256 bits and keeps it there.
    pub fn open(home: &Home, environment: &Environment) -> Result<AdminToken, SecretFault> {
        let (token, kept) = match environment.filled(ADMIN_TOKEN_VARIABLE) {
            Some(token) => (token.into(), Kept::Variable(ADMIN_TOKEN_VARIABLE)),
            None => kept_in_file(home.admin_token(), ADMIN_TOKEN_PREFIX)?,
        };
        Ok(AdminToken { token, kept })
    }

    /// Uses a token that is kept nowhere: the demo writes no file.
    pub fn in_memory(token: SecretString) -> AdminToken {
        AdminToken { token, kept: Kept::Memory }
    }

    /// Finds the token without making one: for a command that talks to a running gateway.
    pub fn find(home: &Home, environment: &Environment) -> Option<AdminToken> {
        if let Some(token) = environment.filled(ADMIN_TOKEN_VARIABLE) {
            return Some(AdminToken { token: token.into(), kept: Kept::Variable(ADMIN_TOKEN_VARIABLE) });
        }
        let path = home.admin_token();
        let token = read(&path).ok().flatten()?;
        Some(AdminToken { token, kept: Kept::File(path) })
    }

    /// Tells whether a presented token is this one. The time taken does not depend on where it differs.
    pub fn accepts(&self, presented: &str) -> bool {
        same(presented, self.token.expose_secret()).into()
    }

    /// Where a person finds the token.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The token itself, to be sent or masked.
    pub fn secret(&self) -> &SecretString {
        &self.token
    }
}

/// Every secret of a configuration, so that the logs can mask it.
pub fn secrets_of(snapshot: &Snapshot) -> impl Iterator<Item = &SecretString> {
    let channels = snapshot.channels.iter().flat_map(|channel| {
        let keys = channel.keys.iter().filter_map(|key| key.secret.as_ref());
        keys.chain(proxy_password(&channel.hop))
    });
    channels.chain(snapshot.server.api_key.as_ref())
}

fn proxy_password(hop: &Hop) -> Option<&SecretString> {
    match hop {
        Hop::Proxy(proxy) => proxy.password.as_ref(),
        Hop::Direct | Hop::System => None,
    }
}

/// Compares without stopping at the first difference. Only the length of our own secrets could show, and it is public.
pub(crate) fn same(presented: &str, known: &str) -> Choice {
    presented.as_bytes().ct_eq(known.as_bytes())
}

pub(crate) fn kept_in_file(path: PathBuf, prefix: &str) -> Result<(SecretString, Kept), SecretFault> {
    match read_or_make(&path, prefix) {
        Ok(secret) => Ok((secret, Kept::File(path))),
        Err(source) => Err(SecretFault { path, source }),
    }
}

fn read_or_make(path: &Path, prefix: &str) -> io::Result<SecretString> {
    if let Some(secret) = read(path)? {
        return Ok(secret);
    }
    let secret = random::token(prefix);
    write_atomic(path, format!("{secret}\n").as_bytes(), Mode::PRIVATE_FILE)?;
    Ok(secret.into())
}

/// Reads a secret file; `None` where it is missing or blank.
fn read(path: &Path) -> io::Result<Option<SecretString>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.into()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
