//! Files of other tools, taken apart into entries of ours.
//!
//! What a file says is read as if it were the configuration itself; nothing is decided here about names that are taken.

use serde_json::Value;

use crate::document::{ChannelEntry, Document, ProxyEntry, SecretRef};
use crate::edit::Subject;
use crate::findings::Finding;
use crate::parse::{Format, parse_leniently};
use crate::resolve::{Surroundings, resolve};
use crate::settings::{SettingOrigin, settings};

/// What a file of another tool, or of another Sluice, holds.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What kind of file it is, such as `provider_pools.json`.
    pub format: &'static str,
    /// Its channels. Their secrets may be literal; the file of ours takes none of those.
    pub channels: Vec<ChannelEntry>,
    /// Its named proxies.
    pub proxies: Vec<ProxyEntry>,
    /// Its aliases: names and what they stand for.
    pub aliases: Vec<(String, String)>,
    /// Its settings: paths as [`crate::edit::set_value`] takes them, and values.
    pub settings: Vec<(&'static str, Value)>,
    /// The client keys that it brings along.
    pub client_keys: Vec<ImportedClientKey>,
    /// What it holds that cannot be taken over.
    pub refused: Vec<Refused>,
    /// What should be known about the file: fields that were passed over or have no effect yet.
    pub findings: Vec<Finding>,
}

/// A client key, with a name for its client.
#[derive(Debug, Clone)]
pub struct ImportedClientKey {
    /// A name for the client.
    pub client: String,
    /// The key, or where it is found.
    pub secret: SecretRef,
}

/// Something that cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it is.
    pub what: Subject,
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// Reads a file, or a pasted text under any name. An error names every field that could not be read.
pub fn read(name: &str, bytes: &[u8]) -> Result<Imported, Vec<Finding>> {
    let format = format_of(name, bytes);
    let parsed = parse_leniently(name, format, bytes)?;
    let kind = kind(format, bytes);
    Ok(Imported { format: kind, findings: parsed.findings, ..from_document(name, parsed.document) })
}

/// Takes a document apart.
pub fn from_document(name: &str, document: Document) -> Imported {
    let nothing = |_: &str| None;
    let settings = settings(&document, &Surroundings::new(&nothing));
    let stated = settings.into_iter().filter(|setting| setting.origin == SettingOrigin::File);
    let mut refused = Vec::new();
    let channels = document.channel.iter().filter(|channel| match obstacle(&document, channel) {
        None => true,
        Some(why) => {
            refused.push(Refused { what: Subject::Channel, name: channel.name.clone(), why });
            false
        }
    });
    let channels = channels.cloned().collect();
    refused.extend(document.client.iter().map(|client| Refused {
        what: Subject::Client,
        name: client.name.clone(),
        why: "its key is known by its hash only; make a new one here".to_owned(),
    }));
    let key = document.server.as_ref().and_then(|server| server.api_key.clone());
    Imported {
        format: "configuration",
        channels,
        aliases: document.routing.iter().flat_map(|routing| routing.aliases.clone()).collect(),
        settings: stated.map(|setting| (setting.key, setting.value)).collect(),
        client_keys: key
            .map(|secret| ImportedClientKey { client: client_name(name), secret })
            .into_iter()
            .collect(),
        refused,
        findings: Vec::new(),
        proxies: document.proxy,
    }
}

/// What keeps a channel from working here, beside a key that is missing.
fn obstacle(document: &Document, channel: &ChannelEntry) -> Option<String> {
    if let Some(kind) = channel.kind.filter(|kind| kind.uses_login()) {
        return Some(format!("logins of type {:?} are not supported yet", kind.word()));
    }
    let alone =
        Document { channel: vec![channel.clone()], proxy: document.proxy.clone(), ..Document::default() };
    let nothing = |_: &str| None;
    let findings = resolve(&alone, &Surroundings::new(&nothing)).err()?;
    let told: Vec<String> = findings
        .iter()
        .filter(|finding| finding.is_error())
        .map(|finding| format!("{}: {}", finding.path.trim_start_matches("channel[0]."), finding.message))
        .collect();
    Some(told.join("; "))
}

/// A name for the client whose key a file holds: the file's own, without folders and extension.
fn client_name(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.trim().is_empty() { "imported".to_owned() } else { stem.to_owned() }
}

/// The format by extension; of a text without a telling name, by what it looks like.
fn format_of(name: &str, bytes: &[u8]) -> Format {
    let known = ["toml", "yaml", "yml", "json", "jsonc", "json5", "py"];
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    if extension.is_some_and(|extension| known.contains(&extension.as_str())) {
        return Format::of(name, bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        Format::Json
    } else if text.contains("UPSTREAM_PROVIDERS") {
        Format::Python
    } else if text.parse::<toml_edit::DocumentMut>().is_ok() {
        Format::Toml
    } else {
        Format::Yaml
    }
}

/// What people call such a file.
fn kind(format: Format, bytes: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(bytes);
    let says = |word: &str| text.contains(word);
    match format {
        Format::Toml => "config.toml",
        Format::Python => "settings.py",
        Format::Yaml if says("providers:") => "providers YAML",
        Format::Yaml => "channels YAML",
        Format::Json if says("\"apis\"") => "apis.json",
        Format::Json if says("\"Providers\"") => "claude-code-router config.json",
        Format::Json if says("\"MODEL_PROVIDER\"") || says("\"PROVIDER_POOLS_FILE_PATH\"") => "config.json",
        Format::Json if says("-custom\"") || says("-oauth\"") => "provider_pools.json",
        Format::Json => "channels JSON",
    }
}
