//! Operations on channels.

pub(crate) mod draft;
pub(crate) mod form;
mod line;
mod presets;
pub(crate) mod save;
mod testing;

pub use form::{ChannelForm, KeyForm, ModelMapping, ParamForm, ProtocolForm, ProxyChoice};
pub use line::{ChannelLine, HourOutcome, KeyLine, LimitCounts, SecretSource};
pub use presets::{KeyGuess, KeyGuessQuestion, PresetBase, PresetLine, guess_key, presets};
pub use save::{duplicate_channel, remove_channel, save_channel};
pub use testing::{fetch_models, probe_channel, test_channel};

use std::sync::Arc;

use config::{Channel, Snapshot};
use serde::{Deserialize, Serialize};
use wire::{Operation, Protocol};

use crate::{Fault, Nothing, Sluice};
use line::Known;

/// A channel, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ChannelName {
    /// The channel's name.
    pub name: String,
}

/// A channel, and whether it shall be used.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ChannelSwitch {
    /// The channel's name.
    pub name: String,
    /// Whether it shall be used.
    pub enabled: bool,
}

/// One channel with everything that can be edited of it.
#[derive(Clone, Debug, Serialize, ts_rs::TS)]
pub struct ChannelDetail {
    /// What can be edited.
    pub form: ChannelForm,
    /// What is known of it.
    pub line: ChannelLine,
    /// Where requests go, one for each protocol.
    pub endpoints: Vec<Endpoint>,
}

/// Where requests of one protocol go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Endpoint {
    /// The protocol.
    pub protocol: Protocol,
    /// The whole URL; what stands for a model's name is `{model}`.
    pub url: String,
}

/// A channel to add or to change.
#[derive(Clone, Debug, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SaveChannel {
    /// The name under which it is saved now; nothing for a new channel.
    pub original: Option<String>,
    /// What it shall be.
    pub form: ChannelForm,
}

/// Where a channel shall stand.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct MoveChannel {
    /// The channel's name.
    pub name: String,
    /// Its tier; 1 comes first.
    pub priority: u32,
    /// The channel before which it shall stand; nothing for the end of the tier.
    pub before: Option<String>,
}

/// A channel to try: a saved one by name, or one that is being written.
#[derive(Clone, Debug, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct TestQuestion {
    /// A saved channel…
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
    /// …or one that is being written, with its secrets.
    #[serde(default)]
    #[ts(optional)]
    pub form: Option<ChannelForm>,
}

/// What an upstream says that it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct FetchedModels {
    /// The models' names, in the upstream's order.
    pub models: Vec<String>,
}

/// Lists every channel in the configuration's order, disabled ones too.
pub async fn list_channels(sluice: &Arc<Sluice>, _: Nothing) -> Result<Vec<ChannelLine>, Fault> {
    Ok(lines(sluice))
}

/// Shows one channel with everything that can be edited of it.
pub async fn channel(sluice: &Arc<Sluice>, channel: ChannelName) -> Result<ChannelDetail, Fault> {
    detail(sluice, &channel.name)
}

/// Takes a channel into use or out of it.
pub async fn set_channel_enabled(sluice: &Arc<Sluice>, switch: ChannelSwitch) -> Result<ChannelLine, Fault> {
    let ChannelSwitch { name, enabled } = switch;
    line_named(sluice, &name)?;
    let edited = name.clone();
    sluice.edit(move |text| Ok(config::edit::set_enabled(text, &edited, enabled)?)).await?;
    line_named(sluice, &name)
}

/// Puts a channel into another tier, or to another place of its own.
pub async fn move_channel(sluice: &Arc<Sluice>, to: MoveChannel) -> Result<Vec<ChannelLine>, Fault> {
    let MoveChannel { name, priority, before } = to;
    let edit = move |text: &str| Ok(config::edit::move_channel(text, &name, priority, before.as_deref())?);
    sluice.edit(edit).await?;
    Ok(lines(sluice))
}

/// Every channel in the configuration's order.
pub(crate) fn lines(sluice: &Sluice) -> Vec<ChannelLine> {
    let snapshot = sluice.snapshot();
    let status = sluice.gateway.status();
    let line = |channel: &Arc<Channel>| {
        let view = status.channels.iter().find(|view| view.id == channel.id)?;
        let known = Known {
            count: sluice.tally.channel(&channel.name, status.timestamp),
            last_test: sluice.tests.of_channel(&channel.id),
        };
        Some(ChannelLine::of(channel, view, share(&snapshot, channel), known))
    };
    snapshot.channels.iter().filter_map(line).collect()
}

pub(crate) fn line_named(sluice: &Sluice, name: &str) -> Result<ChannelLine, Fault> {
    let line = lines(sluice).into_iter().find(|line| line.name == name);
    line.ok_or_else(|| unknown_channel(&sluice.snapshot(), name))
}

pub(crate) fn detail(sluice: &Sluice, name: &str) -> Result<ChannelDetail, Fault> {
    let saved = sluice.saved_channel(name)?;
    Ok(ChannelDetail {
        form: ChannelForm::of(&saved.entry, &saved.channel),
        line: line_named(sluice, name)?,
        endpoints: endpoints(&saved.channel),
    })
}

/// The fault of whoever names a channel that is not there.
pub(crate) fn unknown_channel(snapshot: &Snapshot, name: &str) -> Fault {
    let names: Vec<&str> = snapshot.channels.iter().map(|channel| &*channel.name).collect();
    let known = if names.is_empty() {
        "no channel is configured yet".to_owned()
    } else {
        format!("there are {}", names.join(", "))
    };
    Fault::not_found(format!("no channel is named {name:?}: {known}")).at("name")
}

/// A channel's share of its tier in percent; nothing while it is switched off.
fn share(snapshot: &Snapshot, channel: &Channel) -> f64 {
    if !channel.enabled {
        return 0.0;
    }
    let tier = snapshot.channels.iter().filter(|other| other.enabled && other.priority == channel.priority);
    let whole: f64 = tier.map(|other| f64::from(other.weight)).sum();
    if whole > 0.0 { f64::from(channel.weight) / whole * 100.0 } else { 0.0 }
}

/// Stands for a model's name in a URL that is shown.
const ANY_MODEL: &str = "{model}";

fn endpoints(channel: &Channel) -> Vec<Endpoint> {
    let endpoint = |spoken: &config::Spoken| {
        let url = spoken.base.endpoint(spoken.protocol, Operation::Generate, ANY_MODEL, false, None);
        Endpoint { protocol: spoken.protocol, url: url.as_str().replace("%7Bmodel%7D", ANY_MODEL) }
    };
    channel.spoken.iter().map(endpoint).collect()
}
