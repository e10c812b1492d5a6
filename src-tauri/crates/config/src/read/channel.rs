//! Reading a channel, its keys and its proxy.

use indexmap::IndexMap;

use super::fields::{Field, Fields, Reader};
use super::quirks;
use super::scalar::{
    check_handle, choice, filled_text, handle, integer, limit, number, reference, secret, secret_text, text,
    text_map, texts, truth,
};
use super::spelling::{Spelling, snake};
use crate::document::{
    ChannelEntry, KeyEntry, Price, ProtocolEntry, ProxyEntry, ProxyInline, ProxyRef, SecretRef,
};
use crate::findings::{FindingCode, Severity};
use crate::provider::ProviderKind;
use crate::tree::Value;

/// What S1's pools and their like keep beside the settings of a channel.
const MEASUREMENTS: &[&str] = &["isHealthy", "lastUsed", "usageCount", "errorCount", "lastErrorTime"];

const KINDS: &[&str] =
    &["openai", "claude", "gemini", "gemini-cli-oauth", "claude-kiro-oauth", "openai-qwen-oauth"];
const OTHER_KINDS: &[(&str, &str)] = &[
    ("openai-custom", "openai"),
    ("claude-custom", "claude"),
    ("anthropic", "claude"),
    ("google", "gemini"),
];

/// Reads one channel; `name` is its name where that is a key of the list around it.
pub(super) fn channel(reader: &mut Reader, field: &Field<'_>, name: Option<&str>) -> Option<ChannelEntry> {
    let mut fields = Fields::open(field, reader)?;
    let mut entry = ChannelEntry::default();
    identity(reader, field, &mut fields, &mut entry, name);
    place(reader, &mut fields, &mut entry);
    keys(reader, &mut fields, &mut entry);
    models(reader, &mut fields, &mut entry);
    choice_of_channel(reader, &mut fields, &mut entry);
    limits(reader, &mut fields, &mut entry);
    later(reader, &mut fields, &mut entry);
    fields.pass_over(reader, MEASUREMENTS, "is a measurement, which is not read from a configuration");
    fields.close(reader);
    Some(entry)
}

fn identity(
    reader: &mut Reader,
    channel: &Field<'_>,
    fields: &mut Fields<'_>,
    entry: &mut ChannelEntry,
    name: Option<&str>,
) {
    let id = fields.take(reader, "id", &["uuid"]);
    entry.id = id.and_then(|field| identifier(reader, &field));
    let written = fields.take(reader, "name", &["customName"]);
    entry.name = match (written, name, &entry.id) {
        (Some(field), _, _) => handle(reader, &field).unwrap_or_default(),
        (None, Some(name), _) => {
            check_handle(reader, channel.key_at, &channel.path.shown, name);
            name.to_owned()
        }
        // Lists of `apis` may name their entries by `id` alone.
        (None, None, Some(id)) if reader.spelling == Spelling::Foreign => {
            check_handle(reader, channel.key_at, &channel.path.shown, id);
            id.clone()
        }
        (None, None, _) => {
            fields.missing(reader, "name");
            String::new()
        }
    };
    let kind = fields.take(reader, "type", &[]);
    entry.kind = match kind {
        Some(field) => choice(reader, &field, KINDS, OTHER_KINDS),
        // S2 knew one kind of upstream, whatever its host.
        None if reader.spelling == Spelling::ForeignSeconds => Some(ProviderKind::OpenAi),
        None => None,
    };
}

/// An id, which other tools write as a number too.
fn identifier(reader: &mut Reader, field: &Field<'_>) -> Option<String> {
    match field.node.value {
        Value::Integer(number) if !reader.spelling.is_native() => Some(number.to_string()),
        _ => filled_text(reader, field),
    }
}

const BASE_URL_NAMES: &[&str] = &[
    "baseURL",
    "api_base_url",
    "OPENAI_BASE_URL",
    "CLAUDE_BASE_URL",
    "GEMINI_BASE_URL",
    "KIRO_BASE_URL",
    "QWEN_BASE_URL",
];

fn place(reader: &mut Reader, fields: &mut Fields<'_>, entry: &mut ChannelEntry) {
    if let Some(field) = fields.take(reader, "protocols", &[]) {
        let items = field.items(reader, "a list of protocols");
        entry.protocols = Some(items.iter().filter_map(|item| protocol(reader, item)).collect());
    }
    let base_url = fields.take(reader, "base_url", BASE_URL_NAMES);
    entry.base_url = base_url.and_then(|field| filled_text(reader, &field));
    entry.exact = fields.take(reader, "exact", &[]).and_then(|field| truth(reader, &field));
    entry.proxy = fields.take(reader, "proxy", &[]).and_then(|field| proxy_reference(reader, &field));
}

fn protocol(reader: &mut Reader, field: &Field<'_>) -> Option<ProtocolEntry> {
    let words = wire::Protocol::ALL.map(wire::Protocol::word);
    if let Value::Text(_) = field.node.value {
        let protocol = choice(reader, field, &words, &[])?;
        return Some(ProtocolEntry { protocol, base_url: None, exact: None });
    }
    let mut fields = Fields::open(field, reader)?;
    let protocol = fields.take(reader, "protocol", &[]);
    if protocol.is_none() {
        fields.missing(reader, "protocol");
    }
    let protocol = protocol.and_then(|field| choice(reader, &field, &words, &[]));
    let base_url =
        fields.take(reader, "base_url", &["baseURL"]).and_then(|field| filled_text(reader, &field));
    let exact = fields.take(reader, "exact", &[]).and_then(|field| truth(reader, &field));
    fields.close(reader);
    Some(ProtocolEntry { protocol: protocol?, base_url, exact })
}

fn keys(reader: &mut Reader, fields: &mut Fields<'_>, entry: &mut ChannelEntry) {
    let one = fields.take(reader, "key", &["apiKey", "api_key", "OPENAI_API_KEY", "CLAUDE_API_KEY"]);
    entry.key = one.and_then(|field| key(reader, &field));
    let Some(field) = fields.take(reader, "keys", &["apiKeys", "api_keys"]) else { return };
    if entry.key.is_some() {
        reader.error(&field, "says the same as the single key beside it");
        reader.hint("leave one of them out");
    }
    let items = field.items(reader, "a list of keys");
    if items.is_empty() && matches!(field.node.value, Value::List(_)) {
        reader.error(&field, "expected at least one key");
    }
    entry.keys = Some(items.iter().filter_map(|item| key(reader, item)).collect());
}

pub(super) fn key(reader: &mut Reader, field: &Field<'_>) -> Option<KeyEntry> {
    let bare =
        |secret| KeyEntry { name: None, secret, quota_group: None, rpm: None, rpd: None, enabled: None };
    if let Value::Text(text) = &field.node.value {
        let secret = secret_text(reader, field, text)?;
        warn_of_literal(reader, field, &secret);
        return Some(bare(secret));
    }
    if !matches!(field.node.value, Value::Table(_)) {
        reader.expected(field, "a reference to a key");
        return None;
    }
    let mut fields = Fields::open(field, reader)?;
    let mut key = bare(SecretRef::Vault);
    key.name = fields.take(reader, "name", &[]).and_then(|field| filled_text(reader, &field));
    let written = fields.take(reader, "key", &["apiKey", "api_key"]);
    let referred = reference(reader, &mut fields);
    if let Some(field) = written {
        if let Value::Text(text) = &field.node.value {
            if let Some(secret) = secret_text(reader, &field, text) {
                warn_of_literal(reader, &field, &secret);
                key.secret = secret;
            }
        } else {
            reader.expected(&field, "a reference to a key");
        }
    } else if let Some(secret) = referred {
        key.secret = secret;
    }
    key.quota_group = fields.take_later(reader, "quota_group", &[]).and_then(|field| text(reader, &field));
    key.rpm = fields.take_later(reader, "rpm", &[]).and_then(|field| limit(reader, &field));
    key.rpd = fields.take_later(reader, "rpd", &[]).and_then(|field| limit(reader, &field));
    key.enabled = fields.take(reader, "enabled", &[]).and_then(|field| truth(reader, &field));
    fields.close(reader);
    Some(key)
}

/// The native file is for references; a key found in it works, but should not stay there.
fn warn_of_literal(reader: &mut Reader, field: &Field<'_>, secret: &SecretRef) {
    if reader.spelling.is_native() && matches!(secret, SecretRef::Literal(_)) {
        let message = "holds a key in plain text, which is used as it is";
        reader.note(Severity::Warning, field.node.at, &field.path.shown, message);
        reader.hint("write { env = \"NAME\" } and set that environment variable");
        reader.about(FindingCode::PlainSecret);
    }
}

fn models(reader: &mut Reader, fields: &mut Fields<'_>, entry: &mut ChannelEntry) {
    let model = fields.take(reader, "model", &["default_model", "defaultModel"]);
    entry.model = model.and_then(|field| filled_text(reader, &field));
    entry.models = fields.take(reader, "models", &[]).map(|field| texts(reader, &field));
    let map = fields.take(reader, "model_map", &["modelMapping", "model_mapping"]);
    entry.model_map = map.map(|field| text_map(reader, &field)).unwrap_or_default();
    let params = fields.take(reader, "model_params", &[]);
    entry.model_params = params.map(|field| model_params(reader, &field)).unwrap_or_default();
    let mode = fields.take(reader, "model_params_mode", &[]);
    entry.model_params_mode = mode.and_then(|field| choice(reader, &field, &["fill", "force"], &[]));
}

fn model_params(reader: &mut Reader, field: &Field<'_>) -> IndexMap<String, serde_json::Value> {
    let native = reader.spelling.is_native();
    let mut params = IndexMap::new();
    for (written, value) in field.pairs(reader, "a table of parameters") {
        let name = if native { written.to_owned() } else { snake(written) };
        if let Some(json) = model_param(reader, &name, &value) {
            params.insert(name, json);
        }
    }
    params
}

/// The value of one parameter. Counts are written without a point, which upstreams may refuse.
fn model_param(reader: &mut Reader, name: &str, value: &Field<'_>) -> Option<serde_json::Value> {
    match name {
        "max_tokens" | "top_k" => return integer(reader, value, 1..=u32::MAX).map(Into::into),
        "temperature" => number(reader, value, 0.0..=2.0).map(drop)?,
        "top_p" => number(reader, value, 0.0..=1.0).map(drop)?,
        _ => {}
    }
    let json = as_json(&value.node.value);
    if json.is_none() {
        reader.expected(value, "a value that JSON can say");
    }
    json
}

fn as_json(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => serde_json::Number::from_f64(*number)?.into(),
        Value::Text(text) => text.as_str().into(),
        Value::Moment => return None,
        Value::List(items) => {
            serde_json::Value::Array(items.iter().map(|item| as_json(&item.value)).collect::<Option<_>>()?)
        }
        Value::Table(entries) => {
            let pair = |entry: &crate::tree::Entry| Some((entry.key.clone(), as_json(&entry.node.value)?));
            serde_json::Value::Object(entries.iter().map(pair).collect::<Option<_>>()?)
        }
    })
}

fn choice_of_channel(reader: &mut Reader, fields: &mut Fields<'_>, entry: &mut ChannelEntry) {
    entry.enabled = fields.take(reader, "enabled", &[]).and_then(|field| truth(reader, &field));
    if !reader.spelling.is_native()
        && let Some(field) = fields.take(reader, "is_disabled", &[])
    {
        entry.enabled = entry.enabled.or(truth(reader, &field).map(|disabled| !disabled));
    }
    entry.weight =
        fields.take(reader, "weight", &[]).and_then(|field| integer(reader, &field, 0..=1_000_000));
    entry.priority =
        fields.take(reader, "priority", &[]).and_then(|field| integer(reader, &field, 0..=1_000_000));
    let tags = fields.take(reader, "tags", &[]).map(|field| field.items(reader, "a list of strings"));
    entry.tags = tags.into_iter().flatten().filter_map(|tag| handle(reader, &tag)).collect();
}

/// The longest timeout: a day.
const TIMEOUT_MS_MAX: u32 = 86_400_000;

fn limits(reader: &mut Reader, fields: &mut Fields<'_>, entry: &mut ChannelEntry) {
    let timeout = fields.take(reader, "timeout_ms", &["timeout"]);
    entry.timeout_ms = timeout.and_then(|field| timeout_ms(reader, &field));
    entry.max_retries =
        fields.take(reader, "max_retries", &[]).and_then(|field| integer(reader, &field, 0..=100));
    entry.rpm = fields.take(reader, "rpm", &[]).and_then(|field| limit(reader, &field));
    entry.rpd = fields.take(reader, "rpd", &[]).and_then(|field| limit(reader, &field));
}

/// A timeout in milliseconds; where the file counts seconds, in seconds, which may have a fraction.
fn timeout_ms(reader: &mut Reader, field: &Field<'_>) -> Option<u32> {
    let in_seconds = reader.spelling.counts_seconds() && field.path.shown.ends_with("timeout");
    if !in_seconds {
        return integer(reader, field, 1..=TIMEOUT_MS_MAX);
    }
    let seconds = number(reader, field, 0.001..=f64::from(TIMEOUT_MS_MAX / 1000))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the range above")]
    Some((seconds * 1000.0).round() as u32)
}

fn later(reader: &mut Reader, fields: &mut Fields<'_>, entry: &mut ChannelEntry) {
    entry.tpm = fields.take_later(reader, "tpm", &[]).and_then(|field| limit(reader, &field));
    entry.concurrency = fields.take_later(reader, "concurrency", &[]).and_then(|field| limit(reader, &field));
    let zone = fields.take_later(reader, "rpd_zone", &[]);
    entry.rpd_zone = zone.and_then(|field| zone_name(reader, &field));
    let check_model = fields.take_later(reader, "check_model", &["checkModelName"]);
    entry.check_model = check_model.and_then(|field| filled_text(reader, &field));
    let check_every = fields.take_later(reader, "check_every_s", &[]);
    entry.check_every_s = check_every.and_then(|field| integer(reader, &field, 1..=u32::MAX));
    let careful = fields.take_later(reader, "careful_start_ms", &[]);
    entry.careful_start_ms = careful.and_then(|field| integer(reader, &field, 0..=60_000));
    let regions = fields.take_later(reader, "regions", &[]);
    entry.regions = regions.map(|field| texts(reader, &field)).unwrap_or_default();
    let headers = fields.take_later(reader, "headers", &[]);
    entry.headers = headers.map(|field| text_map(reader, &field)).unwrap_or_default();
    entry.quirks = fields.take(reader, "quirks", &[]).and_then(|field| quirks::quirks(reader, &field));
    entry.price = fields.take_later(reader, "price", &[]).and_then(|field| price(reader, &field));
    login(reader, fields, entry);
}

const CREDENTIALS_FILE_NAMES: &[&str] =
    &["GEMINI_OAUTH_CREDS_FILE_PATH", "KIRO_OAUTH_CREDS_FILE_PATH", "QWEN_OAUTH_CREDS_FILE_PATH"];

fn login(reader: &mut Reader, fields: &mut Fields<'_>, entry: &mut ChannelEntry) {
    let file = fields.take_later(reader, "credentials_file", CREDENTIALS_FILE_NAMES);
    entry.credentials_file = file.and_then(|field| filled_text(reader, &field));
    let project = fields.take_later(reader, "project_id", &["PROJECT_ID"]);
    entry.project_id = project.and_then(|field| text(reader, &field));
    let client = fields.take_later(reader, "oauth_client_id", &[]);
    entry.oauth_client_id = client.and_then(|field| text(reader, &field));
    let client_secret = fields.take_later(reader, "oauth_client_secret", &[]);
    entry.oauth_client_secret = client_secret.and_then(|field| secret(reader, &field));
}

fn zone_name(reader: &mut Reader, field: &Field<'_>) -> Option<String> {
    let name = filled_text(reader, field)?;
    let looks_right = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "/_+-".contains(letter));
    if looks_right {
        return Some(name);
    }
    reader.error(field, "expected an IANA time zone such as America/Los_Angeles");
    None
}

fn price(reader: &mut Reader, field: &Field<'_>) -> Option<Price> {
    let mut fields = Fields::open(field, reader)?;
    let mut amount = |name| {
        let field = fields.take(reader, name, &[])?;
        number(reader, &field, 0.0..=f64::INFINITY)
    };
    let price = Price {
        input: amount("input"),
        output: amount("output"),
        cache_read: amount("cache_read"),
        cache_write: amount("cache_write"),
    };
    fields.close(reader);
    Some(price)
}

fn proxy_reference(reader: &mut Reader, field: &Field<'_>) -> Option<ProxyRef> {
    if matches!(field.node.value, Value::Text(_)) {
        return filled_text(reader, field).map(ProxyRef::Named);
    }
    if !matches!(field.node.value, Value::Table(_)) {
        reader.expected(field, "a proxy's name or a table");
        return None;
    }
    let mut fields = Fields::open(field, reader)?;
    let proxy = proxy_fields(reader, &mut fields);
    fields.close(reader);
    proxy.map(ProxyRef::Inline)
}

/// Reads a proxy that channels name.
pub(super) fn proxy(reader: &mut Reader, field: &Field<'_>) -> Option<ProxyEntry> {
    let mut fields = Fields::open(field, reader)?;
    let name = fields.take(reader, "name", &[]);
    if name.is_none() {
        fields.missing(reader, "name");
    }
    if let Some(field) = &name
        && matches!(&field.node.value, Value::Text(name) if name == "direct" || name == "system")
    {
        reader.error(field, "direct and system have a meaning of their own");
    }
    let name = name.and_then(|field| filled_text(reader, &field));
    let proxy = proxy_fields(reader, &mut fields);
    fields.close(reader);
    let ProxyInline { scheme, host, port, username, password, no_proxy } = proxy?;
    Some(ProxyEntry { name: name?, scheme, host, port, username, password, no_proxy })
}

fn proxy_fields(reader: &mut Reader, fields: &mut Fields<'_>) -> Option<ProxyInline> {
    let scheme = fields.take(reader, "type", &[]);
    let scheme =
        scheme.and_then(|field| choice(reader, &field, &["http", "https", "socks5", "socks5h"], &[]));
    let host = fields.take(reader, "host", &[]);
    if host.is_none() {
        fields.missing(reader, "host");
    }
    let host = host.and_then(|field| host_name(reader, &field));
    let port = fields.take(reader, "port", &[]);
    if port.is_none() {
        fields.missing(reader, "port");
    }
    let port = port.and_then(|field| integer::<u16>(reader, &field, 1..=65535));
    let username = fields.take(reader, "username", &["user"]).and_then(|field| text(reader, &field));
    let password = fields.take(reader, "password", &["pass"]).and_then(|field| secret(reader, &field));
    let no_proxy =
        fields.take(reader, "no_proxy", &[]).map(|field| texts(reader, &field)).unwrap_or_default();
    Some(ProxyInline { scheme, host: host?, port: port?, username, password, no_proxy })
}

fn host_name(reader: &mut Reader, field: &Field<'_>) -> Option<String> {
    let host = filled_text(reader, field)?;
    let bare = host.trim().trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return Some(bare.to_owned());
    }
    if url::Host::parse(bare).is_ok() {
        return Some(bare.to_owned());
    }
    reader.error(field, "expected a host name or an address, without scheme, port or user");
    None
}

/// Gives channels without a key the one that stands under their name in S3's `security.apiKeys`.
pub(super) fn keys_by_name(reader: &mut Reader, field: &Field<'_>, channels: &mut [ChannelEntry]) {
    for (name, value) in field.pairs(reader, "a table of keys") {
        let named = |channel: &&mut ChannelEntry| channel.name.eq_ignore_ascii_case(name);
        let read = key(reader, &value);
        match channels.iter_mut().find(named) {
            Some(channel) if channel.key.is_none() && channel.keys.is_none() => {
                channel.key = read;
            }
            Some(_) => {
                let message = "is not used, for the channel states a key itself";
                reader.note(Severity::Warning, value.key_at, &value.path.shown, message);
            }
            None => reader.note(Severity::Warning, value.key_at, &value.path.shown, "belongs to no channel"),
        }
    }
}
