//! The sections beside the channels.

use indexmap::IndexMap;
use schemars::JsonSchema;

use super::channel::SecretRef;
use crate::snapshot::{ClientKeys, LogLevel, Strategy, UnknownModels};

/// Where and for whom the gateway listens.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ServerSection {
    /// The port, 7584 by default. `--listen` wins over the environment's `PORT`, and that over this.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// The addresses to listen on, with or without a port; both loopbacks by default.
    #[schemars(inner(length(min = 1)))]
    pub listen: Option<Vec<String>>,
    /// Whether a client must show a key that the gateway knows.
    pub client_keys: Option<ClientKeys>,
    /// One client key.
    pub api_key: Option<SecretRef>,
    /// Further host names under which the gateway answers.
    #[schemars(default)]
    #[schemars(inner(length(min = 1)))]
    pub allowed_hosts: Vec<String>,
    /// Web origins that may use the gateway.
    #[schemars(default)]
    #[schemars(inner(length(min = 1)))]
    pub allowed_origins: Vec<String>,
    /// Seconds that running requests may take to end when the gateway stops, 10 by default.
    #[schemars(range(min = 0, max = 3600))]
    pub drain_s: Option<u32>,
}

/// How a model's name becomes a channel.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RoutingSection {
    /// How a channel is chosen among those of equal priority.
    pub strategy: Option<Strategy>,
    /// Whether a failed request may go to another channel, true by default.
    pub fallback: Option<bool>,
    /// What becomes of a name that no channel lists.
    pub unknown_models: Option<UnknownModels>,
    /// Names that stand for a model, for `channel,model` or for `auto`; `*` stands for any characters.
    #[schemars(default, extend("additionalProperties" = { "type": "string", "minLength": 1 }))]
    pub aliases: IndexMap<String, String>,
    /// Similar models for when all channels of one fail.
    #[schemars(default, extend("additionalProperties" = {
        "type": "array",
        "items": { "type": "string", "minLength": 1 },
    }))]
    pub fallback_models: IndexMap<String, Vec<String>>,
    /// Routes for kinds of request.
    pub scenarios: Option<Scenarios>,
    /// When a channel is doing too badly.
    pub thresholds: Option<Thresholds>,
    /// Whether channels that speak the client's own protocol come first within a tier.
    pub prefer_native: Option<bool>,
    /// Shares of the traffic that go elsewhere.
    #[schemars(default)]
    pub canary: Vec<CanaryStep>,
    /// What chosen failures mean, in place of the built-in table.
    #[schemars(default)]
    pub failure_overrides: Vec<FailureOverride>,
}

/// Ordered steps of `channel,model`, channel, tag or model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(pub Vec<String>);

impl JsonSchema for Steps {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Steps".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "One step or several in order: channel,model or a channel, a tag or a model.",
            "if": { "type": "array" },
            "then": { "items": { "type": "string", "minLength": 1 } },
            "else": { "type": "string", "minLength": 1 },
        })
    }
}

/// Routes for kinds of request.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Scenarios {
    /// All other requests.
    pub default: Option<Steps>,
    /// Small requests that an agent makes by itself.
    pub background: Option<Steps>,
    /// Requests that ask for reasoning.
    pub think: Option<Steps>,
    /// Requests longer than `long_context_tokens`.
    pub long_context: Option<Steps>,
    /// Requests with a hosted search tool.
    pub web_search: Option<Steps>,
    /// Requests with an image.
    pub image: Option<Steps>,
    /// Requests of a sub-agent.
    pub subagent: Option<Steps>,
    /// The length from which a context is long, 60000 tokens by default.
    #[schemars(range(min = 1))]
    pub long_context_tokens: Option<u32>,
}

/// When a channel is doing too badly.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Thresholds {
    /// The share of failed requests, 0.05 by default.
    #[schemars(range(min = 0, max = 1))]
    pub error_rate: Option<f64>,
    /// What happens above it.
    pub error_rate_action: Option<OnThreshold>,
    /// The milliseconds until an answer, 5000 by default.
    #[schemars(range(min = 1))]
    pub response_time_ms: Option<u32>,
    /// What happens above it.
    pub response_time_action: Option<OnThreshold>,
}

/// What happens to a channel above a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnThreshold {
    /// It moves behind its tier.
    Demote,
    /// The attempt gives way to the next candidate.
    Fallback,
    /// Nothing.
    Off,
}

/// A share of the traffic that goes elsewhere.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CanaryStep {
    /// The model names that it concerns; `*` stands for any characters.
    #[schemars(rename = "match")]
    #[schemars(length(min = 1))]
    pub matching: String,
    /// The share of conversations, from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub share: f64,
    /// A word that shows in the ledger.
    pub colour: Option<String>,
    /// Where they go: a channel, a tag, a model or `channel,model`.
    #[schemars(length(min = 1))]
    pub to: String,
}

/// What a failure means, in place of the built-in table.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FailureOverride {
    /// The status.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// A text that the body holds.
    pub body: Option<String>,
    /// What follows.
    pub then: Then,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The same channel again.
    Retry,
    /// The next candidate.
    Next,
    /// The client is told.
    Fail,
}

/// A program with a key of its own.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ClientEntry {
    /// The client's name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The SHA-256 of its key in hexadecimal.
    #[schemars(regex(pattern = "^[0-9A-Fa-f]{64}$"))]
    pub key_hash: Option<String>,
    /// The models that it may ask for; missing means any.
    #[schemars(inner(length(min = 1)))]
    pub models: Option<Vec<String>>,
    /// Its requests in any minute; -1 for any number, 0 for none.
    #[schemars(range(min = -1, max = 4_294_967_295u32))]
    pub rpm: Option<i64>,
    /// The name of its budget.
    pub budget: Option<String>,
    /// Whether it may use the gateway, true by default.
    pub enabled: Option<bool>,
}

/// A limit on spending.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BudgetEntry {
    /// Whom it concerns: `all`, a client or a route.
    #[schemars(length(min = 1))]
    pub who: String,
    /// Its period: `day`, `week` or `month`.
    #[schemars(length(min = 1))]
    pub per: String,
    /// The amount in US dollars.
    #[schemars(range(min = 0))]
    pub limit: f64,
    /// What happens when it is spent.
    pub at_100: Option<At100>,
}

/// What happens when a budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum At100 {
    /// Requests are refused.
    Block,
    /// Requests go to cheaper models.
    Degrade,
}

/// The window and the tray.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct UiSection {
    /// A language such as `en` or `zh-CN`, or `system`.
    #[schemars(length(min = 1))]
    pub language: Option<String>,
    /// The colours.
    pub theme: Option<Theme>,
    /// Whether the window stays closed at the start.
    pub start_hidden: Option<bool>,
    /// Whether closing the window leaves the gateway running.
    pub close_to_tray: Option<bool>,
    /// Which notifications are shown.
    #[schemars(default)]
    pub notifications: IndexMap<String, bool>,
}

/// The colours of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How long what happened is remembered.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LedgerSection {
    /// For how many days, 30 by default.
    pub days: Option<u32>,
    /// For how many requests, 1000000 by default.
    pub rows: Option<u32>,
    /// How many bodies of the last requests are kept for inspection, 0 by default.
    pub inspect_last: Option<u32>,
}

/// What is logged.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LogSection {
    /// The least important level, `info` by default.
    pub level: Option<LogLevel>,
    /// How many daily files are kept, 7 by default.
    #[schemars(range(min = 1, max = 366))]
    pub files: Option<u32>,
}
