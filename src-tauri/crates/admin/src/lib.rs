//! Every operation a person may perform, in one table, and the assembly of the product.
//!
//! [`Sluice::open`] puts store, gateway and (for the demo) simulated providers together; [`Sluice::bind`] makes it
//! listen; [`operations!`] is the table that every door serves: HTTP under `/api`, the command line, the desktop.

mod by_name;
mod channels;
mod client_keys;
mod demo;
mod diagnostics;
mod doors;
mod events;
mod fault;
mod happening;
mod http;
mod import;
mod models;
mod operations;
mod overview;
mod port_owner;
mod problem;
mod proxies;
mod reports;
mod secret;
mod serving;
mod settings;
mod shelf;
mod sluice;
mod snippets;
mod tally;
mod traffic;
mod undo;
mod vault;

pub use by_name::perform;
pub use channels::{
    ChannelDetail, ChannelForm, ChannelLine, ChannelName, ChannelSwitch, Endpoint, FetchedModels,
    HourOutcome, KeyForm, KeyGuess, KeyGuessQuestion, KeyLine, LimitCounts, ModelMapping, MoveChannel,
    ParamForm, PresetBase, PresetLine, ProtocolForm, ProxyChoice, SaveChannel, SecretSource, TestQuestion,
    channel, duplicate_channel, fetch_models, guess_key, list_channels, move_channel, presets, probe_channel,
    remove_channel, save_channel, set_channel_enabled, test_channel,
};
pub use client_keys::{
    ClientKeyLine, ClientKeyName, ClientKeySwitch, add_client_key, client_keys, remove_client_key,
    set_client_key_enabled,
};
pub use config::EffectiveValue;
pub use demo::{DEMO_ADMIN_TOKEN, DEMO_CLIENT_KEY, DEMO_MODEL};
pub use diagnostics::{Diagnostics, diagnostics};
pub use fault::{Fault, FaultCode};
pub use gateway::{Explained, ProxyReport, Step, TestReport, Trace};
pub use happening::Happening;
pub use import::{
    ApplyImport, ImportItem, ImportKind, ImportOutcome, ImportPreview, ImportQuestion, ImportReport,
    apply_import, preview_import,
};
pub use models::{
    AliasLine, AliasName, Answering, ModelChannel, ModelLine, ModelsView, RouteQuestion, SaveAlias, models,
    remove_alias, route_model, save_alias,
};
pub use overview::{
    Counters, Flow, FlowEnd, GatewayState, Hour, LastProblem, Nothing, Overview, PauseSwitch, PortConflict,
    overview, set_paused,
};
pub use pool::Health;
pub use port_owner::PortOwner;
pub use problem::Problem;
pub use proxies::{
    ProxyForm, ProxyLine, ProxyName, ProxyQuestion, SaveProxy, list_proxies, remove_proxy, save_proxy,
    test_proxy,
};
pub use secret::NewSecret;
pub use serving::{Serving, StartFault, retry_listening};
pub use settings::{Schema, SetSetting, SettingLine, Settings, effective, schema, set_setting, settings};
pub use sluice::{OpenFault, OpenOptions, Sluice};
pub use snippets::{Snippet, SnippetId, snippets};
pub use store::VaultState;
pub use traffic::{Newest, RequestName, traces, why};
pub use undo::{Removed, Undo, undo};
pub use vault::{
    Passphrase, VaultChoice, VaultChoiceKind, choose_vault, open_vault_file, unlock_vault, vault,
};

/// The product's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
