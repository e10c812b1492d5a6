//! Model names: aliases, who answers to what, and what a name means.

use std::sync::Arc;

use config::{Catalog, Channel, SkipReason, Snapshot, Strategy, UnknownModels};
use gateway::Explained;
use pool::{ChannelView, Health};
use serde::{Deserialize, Serialize};
use wire::{Operation, Protocol};

use crate::undo::Gone;
use crate::{Fault, Nothing, Removed, Sluice};

/// A name that stands for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct AliasLine {
    /// The name that clients ask for, perhaps with a wildcard.
    pub name: String,
    /// What it stands for: a model, `channel,model` or `auto`.
    pub target: String,
    /// Whether something answers it now.
    pub resolves: bool,
    /// What it comes down to; nothing where nothing answers.
    pub first: Option<Answering>,
    /// Whether the target names a channel that is switched off.
    pub target_disabled: bool,
}

/// Who would answer, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct Answering {
    /// The channel's name.
    pub channel: String,
    /// The model that it would be asked for.
    pub model: String,
}

/// An alias to add or to change.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SaveAlias {
    /// The name under which it is saved now; nothing for a new one.
    pub original: Option<String>,
    /// The name that clients ask for.
    pub name: String,
    /// What it stands for.
    pub target: String,
}

/// An alias, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct AliasName {
    /// Its name.
    pub name: String,
}

/// A name that clients can ask for, and who serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct ModelLine {
    /// The name.
    pub id: String,
    /// The channels that serve it.
    pub channels: Vec<ModelChannel>,
}

/// A channel that serves a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct ModelChannel {
    /// The channel's name.
    pub name: String,
    /// What the upstream is asked for.
    pub sent: String,
    /// Whether the channel may be used.
    pub enabled: bool,
    /// Its health.
    pub state: Health,
}

/// Everything about model names.
#[derive(Clone, Debug, Serialize, ts_rs::TS)]
pub struct ModelsView {
    /// The aliases, in the file's order.
    pub aliases: Vec<AliasLine>,
    /// Every name that a channel serves.
    pub models: Vec<ModelLine>,
    /// What `auto` means now.
    pub auto: Option<Answering>,
    /// What becomes of a name that nobody lists.
    pub unknown_models: UnknownModels,
    /// How a channel is chosen within a tier.
    pub strategy: Strategy,
    /// Whether a request may go to another channel after a failure.
    pub fallback: bool,
}

/// A model name whose meaning is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct RouteQuestion {
    /// The name as a client would ask for it.
    pub model: String,
    /// The protocol that the client would speak; Chat where it is left out.
    #[serde(default = "chat")]
    pub protocol: Protocol,
}

/// The name that leaves the choice of a channel and its model to the gateway.
const AUTO: &str = "auto";

/// Shows every name that clients can ask for, and what it comes down to.
pub async fn models(sluice: &Arc<Sluice>, _: Nothing) -> Result<ModelsView, Fault> {
    let snapshot = sluice.snapshot();
    let views = sluice.gateway.status().channels;
    let aliases = snapshot.routing.aliases.iter();
    let catalog = sluice.gateway.catalog();
    let names = config::model_names(&snapshot, &catalog);
    let is_alias = |name: &str| name == AUTO || snapshot.routing.aliases.contains_key(name);
    Ok(ModelsView {
        aliases: aliases.map(|(name, target)| alias_line(sluice, name, target)).collect(),
        models: names
            .iter()
            .filter(|model| !is_alias(&model.id))
            .map(|model| ModelLine {
                id: model.id.clone(),
                channels: served_by(&snapshot, &catalog, &views, &model.id),
            })
            .collect(),
        auto: first_answering(sluice, AUTO),
        unknown_models: snapshot.routing.unknown_models,
        strategy: snapshot.routing.strategy,
        fallback: snapshot.routing.fallback,
    })
}

/// Adds an alias, or changes one.
pub async fn save_alias(sluice: &Arc<Sluice>, save: SaveAlias) -> Result<AliasLine, Fault> {
    let SaveAlias { original, name, target } = save;
    let (name, target) = (name.trim().to_owned(), target.trim().to_owned());
    for (field, text) in [("name", &name), ("target", &target)] {
        if text.is_empty() {
            return Err(Fault::invalid(format!("the {field} is missing")).at(field));
        }
    }
    let (new_name, new_target) = (name.clone(), target.clone());
    let edit =
        move |text: &str| Ok(config::edit::put_alias(text, original.as_deref(), &new_name, &new_target)?);
    sluice.edit(edit).await?;
    Ok(alias_line(sluice, &name, &target))
}

/// Removes an alias.
pub async fn remove_alias(sluice: &Arc<Sluice>, alias: AliasName) -> Result<Removed, Fault> {
    let name = alias.name.clone();
    let block = sluice.take_out(move |text| Ok(config::edit::remove_alias(text, &name)?)).await?;
    Ok(Removed { name: alias.name, undo: sluice.forget_later(Gone { block, secrets: Vec::new() }) })
}

/// Explains what a model name means now: the rule, the candidates in order, and who is left out and why.
pub async fn route_model(sluice: &Arc<Sluice>, question: RouteQuestion) -> Result<Explained, Fault> {
    Ok(sluice.gateway.explain(Some(&question.model), question.protocol))
}

fn alias_line(sluice: &Sluice, name: &str, target: &str) -> AliasLine {
    // A wildcard stands for many names; what it stands for is asked in their place.
    let first = first_answering(sluice, target);
    AliasLine {
        name: name.to_owned(),
        target: target.to_owned(),
        resolves: first.is_some(),
        first,
        target_disabled: names_disabled_channel(&sluice.snapshot(), target),
    }
}

/// Who would answer a name now, in the protocol that finds somebody first.
fn first_answering(sluice: &Sluice, name: &str) -> Option<Answering> {
    Protocol::ALL.into_iter().find_map(|protocol| {
        let explained = sluice.gateway.explain(Some(name), protocol);
        if explained.refusal.is_some() {
            return None;
        }
        let first = explained.order.into_iter().find(|weighed| weighed.eligible)?;
        Some(Answering { channel: first.channel.to_string(), model: first.model.to_string() })
    })
}

fn names_disabled_channel(snapshot: &Snapshot, target: &str) -> bool {
    let name = target.split_once(',').map_or(target, |(channel, _)| channel).trim();
    snapshot.channel_named(name).is_some_and(|channel| !channel.enabled)
}

/// The channels that serve a model, in any protocol; those that are switched off come last.
fn served_by(
    snapshot: &Snapshot,
    catalog: &Catalog,
    views: &[ChannelView],
    model: &str,
) -> Vec<ModelChannel> {
    let mut serving: Vec<ModelChannel> = Vec::new();
    let mut note = |channel: &Channel, sent: &str| {
        if serving.iter().any(|known| known.name == *channel.name) {
            return;
        }
        let view = views.iter().find(|view| view.id == channel.id);
        serving.push(ModelChannel {
            name: channel.name.to_string(),
            sent: sent.to_owned(),
            enabled: channel.enabled,
            state: view.map_or(Health::Off, |view| view.state),
        });
    };
    let route = |protocol| config::route(snapshot, catalog, Some(model), protocol, Operation::Generate);
    let routes = || Protocol::ALL.map(route);
    for candidate in
        routes().iter().flat_map(|route| &route.candidates).filter(|candidate| !candidate.stand_in)
    {
        note(&candidate.channel, &candidate.model);
    }
    for skipped in routes().iter().flat_map(|route| &route.skipped) {
        if let (SkipReason::Disabled, Some(channel)) = (&skipped.reason, snapshot.channel(&skipped.id))
            && lists(channel, model)
        {
            note(channel, model);
        }
    }
    serving
}

/// Whether a channel names a model itself.
fn lists(channel: &Channel, model: &str) -> bool {
    let mut listed = channel.models.iter().flatten().chain(channel.model_map.iter().map(|(asked, _)| asked));
    channel.model.as_deref() == Some(model) || listed.any(|pattern| pattern.matches(model))
}

fn chat() -> Protocol {
    Protocol::Chat
}
