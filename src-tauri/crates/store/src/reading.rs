//! From a file's bytes to the configuration that they mean.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use config::edit::plain_secrets;
use config::{Document, Finding, Format, SecretId, Severity, Snapshot, Surroundings, secret_origin};
use secrecy::SecretString;

use crate::{Environment, Vault};

/// What wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// A port that wins over `PORT` and the file.
    pub port: Option<u16>,
    /// Addresses that win over the file; empty means none.
    pub listen: Vec<SocketAddr>,
}

/// Reads configurations with one process's environment and vault.
pub(crate) struct Reader {
    pub(crate) environment: Environment,
    pub(crate) overrides: Overrides,
    pub(crate) vault: Vault,
}

/// A secret that stands in the file as plain text, and what the vault would bind it to.
pub(crate) struct Plain {
    pub(crate) id: SecretId,
    pub(crate) secret: SecretString,
    pub(crate) origin: String,
}

impl Reader {
    /// Finds out what the bytes mean. An older `config.toml` is understood as its migration would be.
    pub(crate) fn read(&self, name: &str, bytes: &[u8]) -> Result<Snapshot, Vec<Finding>> {
        self.understand(name, bytes).map(|(snapshot, _)| snapshot)
    }

    /// What valid bytes say, before any reference is followed; nothing for others.
    pub(crate) fn document(&self, name: &str, bytes: &[u8]) -> Option<Document> {
        self.understand(name, bytes).ok().map(|(_, document)| document)
    }

    /// The secrets that stand in a valid configuration as plain text.
    pub(crate) fn plain(&self, name: &str, bytes: &[u8]) -> Vec<Plain> {
        let Ok((snapshot, document)) = self.understand(name, bytes) else {
            return Vec::new();
        };
        let bound = |found: config::edit::PlainSecret| {
            let origin = secret_origin(&document, &snapshot, &found.id)?;
            Some(Plain { id: found.id, secret: found.secret, origin })
        };
        plain_secrets(&document).into_iter().filter_map(bound).collect()
    }

    fn understand(&self, name: &str, bytes: &[u8]) -> Result<(Snapshot, Document), Vec<Finding>> {
        let format = Format::of(name, bytes);
        let migrated = match format {
            Format::Toml => newer_text(name, bytes)?,
            Format::Yaml | Format::Json | Format::Python => None,
        };
        let bytes = migrated.as_deref().map_or(bytes, str::as_bytes);
        let parsed = config::parse(name, format, bytes)?;
        let lookup = |variable: &str| self.environment.get(variable);
        let surroundings = Surroundings {
            lookup: &lookup,
            vault: &|question| self.vault.answer(question),
            zone: jiff::tz::TimeZone::system(),
            port_override: self.overrides.port,
            listen_override: self.overrides.listen.clone(),
        };
        let mut snapshot =
            config::resolve(&parsed.document, &surroundings).map_err(|findings| in_file(findings, name))?;
        snapshot.findings = in_file([parsed.findings, std::mem::take(&mut snapshot.findings)].concat(), name);
        Ok((snapshot, parsed.document))
    }
}

/// The text in the current version's form: migrated where it is older, an error where it is newer.
pub(crate) fn current_version(name: &str, text: &str) -> Result<Option<String>, Vec<Finding>> {
    config::migrate(text).map_err(|finding| in_file(vec![finding], name))
}

/// What a file holds, before anyone understands it.
pub(crate) enum Content {
    Bytes(Vec<u8>),
    Missing,
    Unreadable(io::Error),
}

impl Content {
    pub(crate) fn of(path: &Path) -> Content {
        match fs::read(path) {
            Ok(bytes) => Content::Bytes(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Content::Missing,
            Err(error) => Content::Unreadable(error),
        }
    }

    /// What tells this content from another. Half-written and blank files count as they stand.
    pub(crate) fn mark(&self) -> Mark {
        match self {
            Content::Bytes(bytes) => Mark::of(bytes),
            Content::Missing => Mark::Missing,
            Content::Unreadable(_) => Mark::Unreadable,
        }
    }
}

/// Tells one content from another without keeping it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Content(u64),
    Missing,
    Unreadable,
}

impl Mark {
    pub(crate) fn of(bytes: &[u8]) -> Mark {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Mark::Content(hasher.finish())
    }
}

/// A finding about the whole file that keeps it from being put in force.
pub(crate) fn whole_file(name: &str, message: impl Into<String>) -> Finding {
    Finding::of_file(Severity::Error, name, message)
}

/// The name by which findings call a file.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn newer_text(name: &str, bytes: &[u8]) -> Result<Option<String>, Vec<Finding>> {
    // What is no text, or no TOML, is for `parse` to explain.
    match std::str::from_utf8(bytes) {
        Ok(text) => current_version(name, text),
        Err(_) => Ok(None),
    }
}

fn in_file(mut findings: Vec<Finding>, name: &str) -> Vec<Finding> {
    for finding in findings.iter_mut().filter(|f| f.file.is_empty()) {
        name.clone_into(&mut finding.file);
    }
    findings
}
