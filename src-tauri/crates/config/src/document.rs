//! The configuration document: what a file says, before any reference is followed.
//!
//! The same types carry the JSON Schema of `config.toml`; their doc comments are its descriptions.

mod channel;
mod places;
mod quirks;
mod sections;
mod union;

pub use channel::{
    ChannelEntry, KeyEntry, ParamsMode, Price, ProtocolEntry, ProxyEntry, ProxyInline, ProxyRef, SecretRef,
};
pub use places::{Place, Places};
pub use quirks::Quirks;
pub use sections::{
    At100, BudgetEntry, CanaryStep, ClientEntry, FailureOverride, LedgerSection, LogSection, OnThreshold,
    RoutingSection, Scenarios, ServerSection, Steps, Theme, Then, Thresholds, UiSection,
};

use schemars::JsonSchema;

use crate::findings::{Finding, FindingCode, Severity};

/// The version of `config.toml` that this program reads and writes.
pub const VERSION: u32 = 1;

/// The configuration of Sluice, one local address for every AI model.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(title = "Sluice configuration", deny_unknown_fields)]
pub struct Document {
    /// The version of this file's layout.
    #[schemars(range(min = 1, max = 1))]
    pub version: Option<u32>,
    /// Where and for whom the gateway listens.
    pub server: Option<ServerSection>,
    /// How a model's name becomes a channel.
    pub routing: Option<RoutingSection>,
    /// The upstreams, in order.
    #[schemars(default)]
    pub channel: Vec<ChannelEntry>,
    /// Network proxies that channels name.
    #[schemars(default)]
    pub proxy: Vec<ProxyEntry>,
    /// Programs with a key of their own.
    #[schemars(default)]
    pub client: Vec<ClientEntry>,
    /// Limits on spending.
    #[schemars(default)]
    pub budget: Vec<BudgetEntry>,
    /// The window and the tray.
    pub ui: Option<UiSection>,
    /// How long what happened is remembered.
    pub ledger: Option<LedgerSection>,
    /// What is logged.
    pub log: Option<LogSection>,
    /// Where each field stands in the file.
    #[schemars(skip)]
    pub places: Places,
}

impl Document {
    /// Finds a channel by its exact name, as it is written.
    pub fn channel_named(&self, name: &str) -> Option<&ChannelEntry> {
        self.channel.iter().find(|channel| channel.name == name)
    }

    /// Makes a finding about the field with this canonical path, such as `channel[2].proxy`.
    pub(crate) fn finding(&self, severity: Severity, canonical: &str, message: impl Into<String>) -> Finding {
        let place = self.places.find(canonical);
        Finding {
            severity,
            file: self.places.file().to_owned(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            path: place.map_or_else(|| canonical.to_owned(), |place| place.path.clone()),
            message: message.into(),
            hint: None,
            code: FindingCode::Other,
        }
    }
}
