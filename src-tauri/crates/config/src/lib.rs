//! The configuration: one document read from several formats, its checks, the providers as data, and the routes
//! that follow from it. Pure: whoever calls it brings bytes, environment variables and the time zone.
//!
//! ```text
//! bytes ── parse ──► Document ── resolve ──► Snapshot ── route ──► Route
//!            └── findings ──┘ with file, line, column and field
//! ```

pub mod document;
pub mod edit;
mod findings;
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
mod snapshot;
mod tree;

pub use document::Document;
pub use findings::{Finding, Severity};
pub use migrate::migrate;
pub use parse::{Format, Parsed, parse};
pub use pattern::Pattern;
pub use provider::{Auth, BadBaseUrl, BaseUrl, PRESETS, Preset, ProviderKind, is_loopback, is_private};
pub use proxy::{Hop, Proxy, ProxyScheme};
pub use resolve::{Surroundings, resolve};
pub use route::{Candidate, Route, RouteRefusal, Rule, SkipReason, Skipped, model_names, route};
pub use schema::schema;
pub use snapshot::{
    Channel, ClientKeys, Key, Limit, LogLevel, LogSettings, Routing, Server, Snapshot, Spoken, Strategy,
    UnknownModels,
};
