//! From a document to the configuration in force.

mod advice;
mod aliases;
mod channel;
mod client;
mod keys;
mod origins;
mod proxy;
mod server;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};

pub use client::DEFAULT_CLIENT;
pub(crate) use keys::key_name;
pub use origins::secret_origin;
pub(crate) use server::{DRAIN, PORT};

use crate::document::{Document, SecretRef};
use crate::findings::{Finding, Severity};
use crate::index::Index;
use crate::secret::{Absence, SecretId, VaultAnswer, VaultQuestion, no_vault};
use crate::snapshot::{Channel, LogLevel, LogSettings, Routing, Snapshot};

/// What a document needs to know of the world.
pub struct Surroundings<'a> {
    /// Looks up an environment variable.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Asks the vault for a secret. Must not block: what is not known yet is [`VaultAnswer::Pending`].
    pub vault: &'a dyn Fn(&VaultQuestion) -> VaultAnswer,
    /// The zone of the day.
    pub zone: TimeZone,
    /// A port that wins over `PORT`, which wins over the file.
    pub port_override: Option<u16>,
    /// Addresses that win over `server.listen`; empty means none.
    pub listen_override: Vec<SocketAddr>,
}

impl<'a> Surroundings<'a> {
    /// Surroundings with these environment variables, without a vault, in UTC, overriding nothing.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            vault: &no_vault,
            zone: TimeZone::UTC,
            port_override: None,
            listen_override: Vec::new(),
        }
    }
}

/// Fills in defaults, follows references and checks what belongs together. Every problem is named, not only the first.
pub fn resolve(document: &Document, surroundings: &Surroundings<'_>) -> Result<Snapshot, Vec<Finding>> {
    let mut checks = Checks { document, surroundings, findings: Vec::new() };
    let server = server::resolve(&mut checks);
    let proxies = proxy::resolve_all(&mut checks);
    let clients = client::resolve_all(&mut checks);
    let channels: Vec<Arc<Channel>> = channel::resolve_all(&mut checks, &proxies);
    let section = document.routing.as_ref();
    let routing = Routing {
        strategy: section.and_then(|routing| routing.strategy).unwrap_or_default(),
        fallback: section.and_then(|routing| routing.fallback).unwrap_or(true),
        unknown_models: section.and_then(|routing| routing.unknown_models).unwrap_or_default(),
        aliases: aliases::collect(document),
    };
    let index = Index::of(&channels, &routing.aliases);
    aliases::check(&mut checks, &routing, &index, &channels);
    advice::give(&mut checks, &channels);
    if checks.findings.iter().any(Finding::is_error) {
        return Err(checks.findings);
    }
    let findings = checks.findings;
    Ok(Snapshot {
        server,
        routing,
        channels,
        clients,
        log: log(document),
        zone: surroundings.zone.clone(),
        findings,
        index,
    })
}

/// How many daily log files are kept by default.
pub(crate) const LOG_FILES: u32 = 7;

fn log(document: &Document) -> LogSettings {
    let section = document.log.as_ref();
    LogSettings {
        level: section.and_then(|log| log.level).unwrap_or(LogLevel::Info),
        files: section.and_then(|log| log.files).unwrap_or(LOG_FILES),
    }
}

/// A document on its way to a snapshot, and what was found on it.
struct Checks<'a> {
    document: &'a Document,
    surroundings: &'a Surroundings<'a>,
    findings: Vec<Finding>,
}

impl Checks<'_> {
    fn note(&mut self, severity: Severity, path: &str, message: impl Into<String>) -> &mut Finding {
        self.findings.push(self.document.finding(severity, path, message));
        self.findings.last_mut().expect("a finding was just added")
    }

    fn error(&mut self, path: &str, message: impl Into<String>) -> &mut Finding {
        self.note(Severity::Error, path, message)
    }

    fn warn(&mut self, path: &str, message: impl Into<String>) -> &mut Finding {
        self.note(Severity::Warning, path, message)
    }

    /// Follows a reference to a secret; `Err` says why there is none.
    fn secret(&self, reference: &SecretRef, id: SecretId, origin: &str) -> Result<SecretString, Absence> {
        match reference {
            SecretRef::Env(name) => match (self.surroundings.lookup)(name) {
                Some(value) if value.trim().is_empty() => {
                    Err(Absence::missing(format!("variable {name} is empty")))
                }
                Some(value) => Ok(SecretString::from(value.trim())),
                None => Err(Absence::missing(format!("variable {name} is not set"))),
            },
            SecretRef::Vault => {
                let question = VaultQuestion { id, origin: origin.to_owned() };
                (self.surroundings.vault)(&question).into_result()
            }
            SecretRef::Literal(secret) if secret.expose_secret().is_empty() => {
                Err(Absence::missing("the key is empty"))
            }
            SecretRef::Literal(secret) => Ok(secret.clone()),
        }
    }

    /// Notes every name that stands a second time.
    fn check_unique<'n>(&mut self, names: impl Iterator<Item = (String, &'n str)>, what: &str) {
        let mut first: HashMap<&str, String> = HashMap::new();
        for (path, name) in names.filter(|(_, name)| !name.is_empty()) {
            match first.get(name) {
                Some(earlier) => {
                    let line = self.document.places.find(earlier).map(|place| place.line);
                    let where_first =
                        line.map_or(String::new(), |line| format!("; the first is on line {line}"));
                    self.error(&path, format!("{what} {name:?} stands here twice{where_first}"));
                }
                None => {
                    first.insert(name, path);
                }
            }
        }
    }
}
