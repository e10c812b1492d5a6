//! From a document to the configuration in force.

use std::net::SocketAddr;

use jiff::tz::TimeZone;

use crate::document::Document;
use crate::findings::Finding;
use crate::snapshot::Snapshot;

/// What a document needs to know of the world.
pub struct Surroundings<'a> {
    /// Looks up an environment variable.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// The zone of the day.
    pub zone: TimeZone,
    /// A port that wins over `PORT`, which wins over the file.
    pub port_override: Option<u16>,
    /// Addresses that win over `server.listen`; empty means none.
    pub listen_override: Vec<SocketAddr>,
}

impl<'a> Surroundings<'a> {
    /// Surroundings with these environment variables, in UTC, overriding nothing.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, zone: TimeZone::UTC, port_override: None, listen_override: Vec::new() }
    }
}

/// Fills in defaults, follows references and checks what belongs together.
pub fn resolve(document: &Document, surroundings: &Surroundings<'_>) -> Result<Snapshot, Vec<Finding>> {
    let _ = (document, surroundings);
    Err(Vec::new())
}
