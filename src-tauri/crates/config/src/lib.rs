//! The configuration: one document read from several formats, its checks, the providers as data, and the routes
//! that follow from it. Pure: whoever calls it brings bytes, environment variables and the time zone.
//!
//! ```text
//! bytes ── parse ──► Document ── resolve ──► Snapshot ── route ──► Route
//!            └── findings ──┘ with file, line, column and field
//! ```

mod catalog;
pub mod document;
pub mod edit;
mod effective;
mod findings;
pub mod import;
mod index;
mod migrate;
mod nearest;
mod parse;
mod pattern;
mod provider;
mod proxy;
mod read;
mod resolve;
mod route;
mod schema;
mod secret;
mod settings;
mod snapshot;
mod tree;

pub use catalog::Catalog;
pub use document::Document;
pub use effective::{EffectiveValue, effective};
pub use findings::{Finding, FindingCode, Severity};
pub use migrate::migrate;
pub use parse::{Format, Parsed, parse};
pub use pattern::Pattern;
pub use provider::{
    Auth, BadBaseUrl, BaseUrl, ByModel, ChannelQuirks, PRESETS, Preset, ProviderKind, is_loopback, is_private,
};
pub use proxy::{Hop, Proxy, ProxyScheme, proxy_origin};
pub use resolve::{DEFAULT_CLIENT, Surroundings, resolve, secret_origin};
pub use route::{Candidate, Route, RouteRefusal, Rule, SkipReason, Skipped, model_names, route};
pub use schema::schema;
pub use secret::{
    NoSecretId, SecretId, SecretSource, SecretState, VaultAnswer, VaultQuestion, origin_covered,
};
pub use settings::{SettingOrigin, SettingValue, settings};
pub use snapshot::{
    Channel, Client, ClientKeys, Counting, Key, Limit, LogLevel, LogSettings, Routing, Server, Snapshot,
    Spoken, Strategy, UnknownModels,
};
