//! Every value in force, with who decided it; secrets masked.

use std::fmt::Display;

use serde::Serialize;

use crate::document::{ChannelEntry, Document, ProxyEntry, SecretRef};
use crate::proxy::Hop;
use crate::resolve::Surroundings;
use crate::secret::SecretSource;
use crate::settings::{SettingOrigin, place, settings};
use crate::snapshot::{Channel, Key, Snapshot};

/// One value in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
#[ts(rename = "EffectiveLine")]
pub struct EffectiveValue {
    /// Its path, entries of lists by their names, such as `channel[deepseek].weight`.
    pub path: String,
    /// The value as a person reads it; of a secret only where it is kept.
    pub value: String,
    /// Who decided.
    pub origin: SettingOrigin,
    /// The place in the file, such as `config.toml:12`.
    pub place: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
}

/// The values in force: the settings, then aliases, channels, proxies and clients. `snapshot` is what the document was
/// resolved to in these surroundings.
pub fn effective(
    document: &Document,
    snapshot: &Snapshot,
    surroundings: &Surroundings<'_>,
) -> Vec<EffectiveValue> {
    let mut lines = Lines { document, list: Vec::new() };
    for setting in settings(document, surroundings) {
        lines.list.push(EffectiveValue {
            path: setting.key.to_owned(),
            value: shown(&setting.value),
            origin: setting.origin,
            place: setting.place,
            secret: false,
        });
    }
    for (name, target) in &snapshot.routing.aliases {
        lines.stated(&format!("routing.aliases[{name}]"), &format!("routing.aliases.{name}"), target);
    }
    for (at, (channel, entry)) in snapshot.channels.iter().zip(&document.channel).enumerate() {
        of_channel(&mut lines, at, channel, entry);
    }
    for (at, proxy) in document.proxy.iter().enumerate() {
        of_proxy(&mut lines, at, proxy);
    }
    for (at, client) in document.client.iter().enumerate() {
        let path = format!("client[{}].enabled", client.name);
        lines.field(
            &path,
            &format!("client[{at}].enabled"),
            client.enabled.is_some(),
            &client.enabled.unwrap_or(true),
        );
    }
    lines.list
}

/// A value of JSON without the quotes around a text.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

struct Lines<'a> {
    document: &'a Document,
    list: Vec<EffectiveValue>,
}

impl Lines<'_> {
    /// A field that the file may state, and that has a default.
    fn field(&mut self, path: &str, canonical: &str, stated: bool, value: &dyn Display) {
        let origin = if stated { SettingOrigin::File } else { SettingOrigin::Default };
        self.list.push(EffectiveValue {
            path: path.to_owned(),
            value: value.to_string(),
            origin,
            place: stated.then(|| place(self.document, canonical)).flatten(),
            secret: false,
        });
    }

    /// A field that the file states.
    fn stated(&mut self, path: &str, canonical: &str, value: &dyn Display) {
        self.field(path, canonical, true, value);
    }

    /// A secret, by where it is kept.
    fn secret(&mut self, path: &str, canonical: &str, source: &SecretSource) {
        let (value, origin) = match source {
            SecretSource::Vault => ("in the vault".to_owned(), SettingOrigin::File),
            SecretSource::Environment(name) => (format!("${{{name}}}"), SettingOrigin::Environment),
            SecretSource::File => ("••••••••".to_owned(), SettingOrigin::File),
            SecretSource::Nowhere => ("none".to_owned(), SettingOrigin::Default),
        };
        self.list.push(EffectiveValue {
            path: path.to_owned(),
            value,
            origin,
            place: place(self.document, canonical),
            secret: true,
        });
    }
}

/// The fields of one channel, by its name in paths and by its position in the file.
struct ChannelLines<'l, 'a> {
    lines: &'l mut Lines<'a>,
    name: String,
    at: usize,
}

impl ChannelLines<'_, '_> {
    fn field(&mut self, field: &str, stated: bool, value: &dyn Display) {
        let (path, canonical) = self.paths(field);
        self.lines.field(&path, &canonical, stated, value);
    }

    fn paths(&self, field: &str) -> (String, String) {
        (format!("channel[{}].{field}", self.name), format!("channel[{}].{field}", self.at))
    }
}

fn of_channel(lines: &mut Lines<'_>, at: usize, channel: &Channel, entry: &ChannelEntry) {
    let mut lines = ChannelLines { lines, name: channel.name.to_string(), at };
    lines.field("id", entry.id.is_some(), &channel.id);
    lines.field("type", entry.kind.is_some(), &channel.provider.word());
    for spoken in &channel.spoken {
        let stated = entry.base_url.is_some() || entry.protocols.is_some();
        let path = format!("channel[{}].protocols[{}]", channel.name, spoken.protocol);
        let canonical = match entry.protocols {
            Some(_) => format!("channel[{at}].protocols"),
            None => format!("channel[{at}].base_url"),
        };
        lines.lines.field(&path, &canonical, stated, &without_query(spoken.base.as_url()));
    }
    for (index, key) in channel.keys.iter().enumerate() {
        of_key(&mut lines, index, key, entry);
    }
    models(&mut lines, channel, entry);
    choice(&mut lines, channel, entry);
}

/// A query may hold what is nobody's business, such as a key.
fn without_query(url: &url::Url) -> String {
    let text = url.as_str();
    text.split_once('?').map_or(text, |(text, _)| text).to_owned()
}

fn of_key(lines: &mut ChannelLines<'_, '_>, index: usize, key: &Key, entry: &ChannelEntry) {
    let canonical = match entry.keys {
        Some(_) => format!("channel[{}].keys[{index}]", lines.at),
        None => format!("channel[{}].key", lines.at),
    };
    let path = format!("channel[{}].keys[{}]", lines.name, key.name);
    lines.lines.secret(&path, &canonical, &key.source);
}

fn models(lines: &mut ChannelLines<'_, '_>, channel: &Channel, entry: &ChannelEntry) {
    if let Some(model) = &channel.model {
        lines.field("model", true, model);
    }
    let listed = channel
        .models
        .as_ref()
        .map(|models| models.iter().map(|model| model.written().to_string()).collect::<Vec<_>>().join(", "));
    lines.field("models", entry.models.is_some(), &listed.unwrap_or_else(|| "any".to_owned()));
    for (asked, sent) in &channel.model_map {
        let (path, canonical) = lines.paths("model_map");
        lines.lines.stated(&format!("{path}[{}]", asked.written()), &canonical, sent);
    }
    for param in &channel.params {
        let (path, canonical) = lines.paths("model_params");
        lines.lines.stated(&format!("{path}[{}]", param.name), &canonical, &param.value.get());
    }
    if !channel.params.is_empty() {
        let mode = if channel.params_force { "force" } else { "fill" };
        lines.field("model_params_mode", entry.model_params_mode.is_some(), &mode);
    }
}

fn choice(lines: &mut ChannelLines<'_, '_>, channel: &Channel, entry: &ChannelEntry) {
    lines.field("enabled", entry.enabled.is_some(), &channel.enabled);
    lines.field("priority", entry.priority.is_some(), &channel.priority);
    lines.field("weight", entry.weight.is_some(), &channel.weight);
    if !channel.tags.is_empty() {
        lines.field("tags", true, &channel.tags.join(", "));
    }
    let timeout =
        channel.timeout.map_or_else(|| "built-in timers".to_owned(), |time| time.as_millis().to_string());
    lines.field("timeout_ms", entry.timeout_ms.is_some(), &timeout);
    lines.field("max_retries", entry.max_retries.is_some(), &channel.max_retries);
    lines.field("proxy", entry.proxy.is_some(), &way(&channel.hop));
    lines.field("rpm", entry.rpm.is_some(), &channel.rpm.as_number());
    lines.field("rpd", entry.rpd.is_some(), &channel.rpd.as_number());
}

fn way(hop: &Hop) -> String {
    match hop {
        Hop::Direct => "direct".to_owned(),
        Hop::System => "system".to_owned(),
        Hop::Proxy(proxy) => proxy.name.to_string(),
    }
}

fn of_proxy(lines: &mut Lines<'_>, at: usize, proxy: &ProxyEntry) {
    let field = |field: &str| (format!("proxy[{}].{field}", proxy.name), format!("proxy[{at}].{field}"));
    let (path, canonical) = field("type");
    lines.field(
        &path,
        &canonical,
        proxy.scheme.is_some(),
        &proxy.scheme.map_or("http", |scheme| scheme.word()),
    );
    let (path, canonical) = field("host");
    lines.stated(&path, &canonical, &format!("{}:{}", proxy.host, proxy.port));
    if let Some(username) = &proxy.username {
        let (path, canonical) = field("username");
        lines.stated(&path, &canonical, username);
    }
    if let Some(password) = &proxy.password {
        let (path, canonical) = field("password");
        lines.secret(&path, &canonical, &source(password));
    }
    if !proxy.no_proxy.is_empty() {
        let (path, canonical) = field("no_proxy");
        lines.stated(&path, &canonical, &proxy.no_proxy.join(", "));
    }
}

fn source(reference: &SecretRef) -> SecretSource {
    match reference {
        SecretRef::Env(name) => SecretSource::Environment(name.clone()),
        SecretRef::Vault => SecretSource::Vault,
        SecretRef::Literal(_) => SecretSource::File,
    }
}
