//! What a file says of a channel, its keys and its proxy.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;

use super::Quirks;
use super::union::table_or;
use crate::provider::ProviderKind;
use crate::proxy::ProxyScheme;

/// What a request can ask for before a comma: no comma, no blanks at the ends, and not the word `auto`.
const HANDLE: &str = r"^(?!auto$)[^,\s]([^,]*[^,\s])?$";

/// One upstream.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields, extend("dependentSchemas" = { "key": { "properties": { "keys": false } } }))]
pub struct ChannelEntry {
    /// What health, limits and history belong to; made from the name where it is missing.
    #[schemars(length(min = 1))]
    pub id: Option<String>,
    /// The name that people use; unique.
    #[schemars(regex(pattern = HANDLE))]
    pub name: String,
    /// The kind of upstream; `openai` unless the host is a known vendor's own.
    #[schemars(rename = "type")]
    pub kind: Option<ProviderKind>,
    /// The protocols that it speaks; by type and vendor where missing.
    #[schemars(length(min = 1))]
    pub protocols: Option<Vec<ProtocolEntry>>,
    /// Where it is; by type where missing.
    #[schemars(length(min = 1))]
    pub base_url: Option<String>,
    /// Whether `base_url` is used exactly as it stands.
    pub exact: Option<bool>,
    /// Its credential: `{ env = "NAME" }` or `{ vault = true }`.
    pub key: Option<KeyEntry>,
    /// Its credentials, when there are several.
    #[schemars(length(min = 1))]
    pub keys: Option<Vec<KeyEntry>>,
    /// The model it answers with when the asked one is not its own.
    #[schemars(length(min = 1))]
    pub model: Option<String>,
    /// The models it serves, `*` standing for any characters; missing means any.
    #[schemars(inner(length(min = 1)))]
    pub models: Option<Vec<String>>,
    /// Asked names and what the upstream calls them.
    #[schemars(default)]
    pub model_map: IndexMap<String, String>,
    /// Request parameters such as `temperature`, `max_tokens` and `top_p`.
    #[schemars(default, schema_with = "model_params_schema")]
    pub model_params: IndexMap<String, serde_json::Value>,
    /// Whether the parameters fill in what a client left out, or override what it sent.
    pub model_params_mode: Option<ParamsMode>,
    /// Whether it may be used, true by default.
    pub enabled: Option<bool>,
    /// Its share among channels of equal priority, 1 by default; 0 means only when named.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub weight: Option<u32>,
    /// Its tier, 1 by default; 1 comes first.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub priority: Option<u32>,
    /// Words that select it.
    #[schemars(default, inner(regex(pattern = HANDLE)))]
    #[schemars(inner(length(min = 1)))]
    pub tags: Vec<String>,
    /// Milliseconds for headers and first content, and for a whole reply; unset leaves the built-in timers.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub timeout_ms: Option<u32>,
    /// Extra attempts on this channel, 2 by default.
    #[schemars(range(min = 0, max = 100))]
    pub max_retries: Option<u32>,
    /// The way to it: a proxy's name, `direct`, `system`, or a proxy written here.
    pub proxy: Option<ProxyRef>,
    /// Requests in any minute; -1 (default) for any number, 0 for none.
    #[schemars(range(min = -1, max = 4_294_967_295u32))]
    pub rpm: Option<i64>,
    /// Requests in a day; -1 (default) for any number, 0 for none.
    #[schemars(range(min = -1, max = 4_294_967_295u32))]
    pub rpd: Option<i64>,
    /// Tokens in any minute; -1 (default) for any number, 0 for none.
    #[schemars(range(min = -1, max = 4_294_967_295u32))]
    pub tpm: Option<i64>,
    /// Requests at the same time; -1 (default) for any number, 0 for none.
    #[schemars(range(min = -1, max = 4_294_967_295u32))]
    pub concurrency: Option<i64>,
    /// The IANA time zone in which its day begins.
    #[schemars(regex(pattern = "^[A-Za-z0-9/_+-]+$"))]
    pub rpd_zone: Option<String>,
    /// The model of its health checks.
    #[schemars(length(min = 1))]
    pub check_model: Option<String>,
    /// Seconds between its health checks.
    #[schemars(range(min = 1))]
    pub check_every_s: Option<u32>,
    /// Milliseconds of a stream that are held back, so that an early cut can fail over; 0 (default) for none.
    #[schemars(range(min = 0, max = 60_000))]
    pub careful_start_ms: Option<u32>,
    /// Base URLs in other regions.
    #[schemars(default)]
    #[schemars(inner(length(min = 1)))]
    pub regions: Vec<String>,
    /// Headers to add.
    #[schemars(default)]
    pub headers: IndexMap<String, String>,
    /// What is special about it.
    pub quirks: Option<Quirks>,
    /// The file with its login.
    #[schemars(length(min = 1))]
    pub credentials_file: Option<String>,
    /// The vendor's project.
    pub project_id: Option<String>,
    /// The OAuth client's id.
    pub oauth_client_id: Option<String>,
    /// The OAuth client's secret.
    pub oauth_client_secret: Option<SecretRef>,
    /// What it costs.
    pub price: Option<Price>,
}

impl ChannelEntry {
    /// The channel's own id, or one that follows from its name.
    pub fn effective_id(&self) -> String {
        match &self.id {
            Some(id) => id.clone(),
            None => format!("ch-{:016x}", fnv_1a(self.name.as_bytes())),
        }
    }
}

/// The 64-bit FNV-1a hash (draft-eastlake-fnv): the same on every machine and in every version.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The parameters whose bounds are known; others may be anything.
fn model_params_schema(_: &mut SchemaGenerator) -> Schema {
    let count = json_schema!({ "type": "integer", "minimum": 1, "maximum": u32::MAX });
    json_schema!({
        "type": "object",
        "properties": {
            "temperature": { "type": "number", "minimum": 0, "maximum": 2 },
            "top_p": { "type": "number", "minimum": 0, "maximum": 1 },
            "top_k": count,
            "max_tokens": count,
        },
        "additionalProperties": true,
    })
}

/// Whether parameters fill in or override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParamsMode {
    /// They fill in what the client left out.
    #[default]
    Fill,
    /// They override what the client sent.
    Force,
}

/// One protocol, and where it is spoken if that is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolEntry {
    /// The protocol.
    pub protocol: wire::Protocol,
    /// Where it is spoken; the channel's own base URL, or the vendor's, where missing.
    pub base_url: Option<String>,
    /// Whether `base_url` is used exactly as it stands.
    pub exact: Option<bool>,
}

impl JsonSchema for ProtocolEntry {
    fn schema_name() -> Cow<'static, str> {
        "ProtocolEntry".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words = wire::Protocol::ALL.map(wire::Protocol::word);
        let table = json_schema!({
            "properties": {
                "protocol": { "type": "string", "enum": words, "description": "The protocol." },
                "base_url": { "type": "string", "minLength": 1, "description": "Where it is spoken." },
                "exact": { "type": "boolean", "description": "Whether base_url is used exactly as it stands." },
            },
            "required": ["protocol"],
            "additionalProperties": false,
        });
        let word = json_schema!({ "type": "string", "enum": words });
        table_or(&table, &word, "A protocol, or a table with its own base URL.")
    }
}

/// What the name of an environment variable looks like.
const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// A secret in the environment is not in the vault too.
fn one_place() -> serde_json::Value {
    serde_json::json!({ "env": { "properties": { "vault": false } } })
}

/// Where a secret is found.
#[derive(Debug, Clone)]
pub enum SecretRef {
    /// In this environment variable.
    Env(String),
    /// In the vault, under the channel's and the key's names.
    Vault,
    /// In the file itself.
    Literal(SecretString),
}

impl JsonSchema for SecretRef {
    fn schema_name() -> Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let table = json_schema!({
            "properties": {
                "env": { "type": "string", "pattern": VARIABLE, "description": "The environment variable that holds it." },
                "vault": { "const": true, "description": "It is in the vault." },
            },
            "minProperties": 1,
            "dependentSchemas": one_place(),
            "additionalProperties": false,
        });
        let text = json_schema!({ "type": "string" });
        table_or(
            &table,
            &text,
            "A reference to a secret: { env = \"NAME\" }, { vault = true } or \"${NAME}\".",
        )
    }
}

/// One credential of a channel.
#[derive(Debug, Clone)]
pub struct KeyEntry {
    /// What people call it.
    pub name: Option<String>,
    /// Where it is found.
    pub secret: SecretRef,
    /// Keys of one group share the vendor's quota.
    pub quota_group: Option<String>,
    /// Requests in any minute.
    pub rpm: Option<i64>,
    /// Requests in a day.
    pub rpd: Option<i64>,
    /// Whether it may be used, true by default.
    pub enabled: Option<bool>,
}

impl JsonSchema for KeyEntry {
    fn schema_name() -> Cow<'static, str> {
        "KeyEntry".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let limit = json_schema!({ "type": "integer", "minimum": -1, "maximum": u32::MAX });
        let table = json_schema!({
            "properties": {
                "name": { "type": "string", "minLength": 1, "description": "What people call it." },
                "env": { "type": "string", "pattern": VARIABLE, "description": "The environment variable that holds it." },
                "vault": { "const": true, "description": "It is in the vault." },
                "key": { "type": "string", "description": "A reference such as ${NAME}." },
                "quota_group": { "type": "string", "description": "Keys of one group share the vendor's quota." },
                "rpm": limit,
                "rpd": limit,
                "enabled": { "type": "boolean", "description": "Whether it may be used, true by default." },
            },
            "dependentSchemas": one_place(),
            "additionalProperties": false,
        });
        let text = json_schema!({ "type": "string" });
        table_or(&table, &text, "A key: { env = \"NAME\" }, { vault = true } or \"${NAME}\".")
    }
}

/// The way to a channel.
#[derive(Debug, Clone)]
pub enum ProxyRef {
    /// `direct`, `system`, or the name of a proxy.
    Named(String),
    /// A proxy of its own.
    Inline(ProxyInline),
}

impl JsonSchema for ProxyRef {
    fn schema_name() -> Cow<'static, str> {
        "ProxyRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<ProxyInline>();
        let name = json_schema!({ "type": "string", "minLength": 1 });
        table_or(&table, &name, "A proxy's name, direct, system, or a proxy written here.")
    }
}

/// A proxy written inside a channel.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ProxyInline {
    /// The protocol spoken to it, `http` by default.
    #[schemars(rename = "type")]
    pub scheme: Option<ProxyScheme>,
    /// Its host name or address.
    #[schemars(length(min = 1))]
    pub host: String,
    /// Its port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// The user name that it asks for.
    pub username: Option<String>,
    /// The password that it asks for.
    pub password: Option<SecretRef>,
    /// Targets that do not use it: host names, `.suffixes`, addresses and networks.
    #[schemars(default)]
    #[schemars(inner(length(min = 1)))]
    pub no_proxy: Vec<String>,
}

/// A proxy that channels name.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ProxyEntry {
    /// The name that channels use.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The protocol spoken to it, `http` by default.
    #[schemars(rename = "type")]
    pub scheme: Option<ProxyScheme>,
    /// Its host name or address.
    #[schemars(length(min = 1))]
    pub host: String,
    /// Its port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// The user name that it asks for.
    pub username: Option<String>,
    /// The password that it asks for.
    pub password: Option<SecretRef>,
    /// Targets that do not use it: host names, `.suffixes`, addresses and networks.
    #[schemars(default)]
    #[schemars(inner(length(min = 1)))]
    pub no_proxy: Vec<String>,
}

/// Prices in US dollars per million tokens.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Price {
    /// Of input.
    #[schemars(range(min = 0))]
    pub input: Option<f64>,
    /// Of output.
    #[schemars(range(min = 0))]
    pub output: Option<f64>,
    /// Of input read from the cache.
    #[schemars(range(min = 0))]
    pub cache_read: Option<f64>,
    /// Of input written to the cache.
    #[schemars(range(min = 0))]
    pub cache_write: Option<f64>,
}
