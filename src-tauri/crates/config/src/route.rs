//! From a model name to the channels that may answer it.

mod choice;
mod meaning;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use wire::{Operation, Protocol};

use crate::catalog::Catalog;
use crate::nearest::ranked;
use crate::snapshot::{Channel, Snapshot};

/// What a requested model name means.
#[derive(Debug, Clone)]
pub struct Route {
    /// The name that was asked for; `auto` where the request named none.
    pub asked: Arc<str>,
    /// The protocol that the client speaks.
    pub protocol: Protocol,
    /// The rule that matched.
    pub rule: Rule,
    /// The channels that may answer, lowest rank first.
    pub candidates: Vec<Candidate>,
    /// The channels that may not, and why.
    pub skipped: Vec<Skipped>,
    /// Whether a failure on one channel may be followed by an attempt on another.
    pub fallback: bool,
    /// Why the request is refused outright.
    pub refusal: Option<RouteRefusal>,
}

/// One channel that may answer.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The channel.
    pub channel: Arc<Channel>,
    /// The model that the upstream is asked for.
    pub model: Arc<str>,
    /// Its place: equal ranks are balanced together, lower ones come first.
    pub rank: u32,
    /// Whether it answers though it does not list the name.
    pub stand_in: bool,
    /// The protocol in which the attempt goes out: the client's own where the channel speaks it.
    pub protocol: Protocol,
    /// The index of that protocol in the channel's `spoken`.
    pub base: usize,
}

/// The rule by which a name became candidates. Its `Display` explains it to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "rule")]
#[ts(rename = "RoutingRule")]
pub enum Rule {
    /// `channel,model` with a channel's name.
    ChannelModel {
        /// The channel's name.
        channel: Arc<str>,
        /// The model asked of it.
        model: Arc<str>,
    },
    /// `tag,model` with a tag.
    TagModel {
        /// The tag.
        tag: Arc<str>,
        /// The model asked of its channels.
        model: Arc<str>,
    },
    /// A channel's name alone.
    ChannelName {
        /// The channel's name.
        channel: Arc<str>,
    },
    /// A tag alone.
    Tag {
        /// The tag.
        tag: Arc<str>,
    },
    /// A name that stands for another.
    Alias {
        /// The alias as written in the file.
        pattern: Arc<str>,
        /// What it stands for.
        target: Arc<str>,
        /// The rule that the target matched.
        then: Box<Rule>,
    },
    /// At least one channel lists, maps or is known to serve the name.
    Listed,
    /// Nobody lists the name, but a channel without a list passes any name on.
    AnyName,
    /// `auto`, or no name at all.
    Auto,
    /// No name at all, of a request that needs none.
    NoModel,
    /// Nobody lists the name; it is served as `auto` would be.
    UnknownAsAuto,
    /// Nobody lists the name, and the setting refuses it or no default model can stand in.
    UnknownRefused,
}

impl Rule {
    /// Tells whether the request is served by default models because nobody knows the asked one.
    pub fn served_by_default(&self) -> bool {
        match self {
            Rule::UnknownAsAuto => true,
            Rule::Alias { then, .. } => then.served_by_default(),
            Rule::ChannelModel { .. }
            | Rule::TagModel { .. }
            | Rule::ChannelName { .. }
            | Rule::Tag { .. }
            | Rule::Listed
            | Rule::AnyName
            | Rule::Auto
            | Rule::NoModel
            | Rule::UnknownRefused => false,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::ChannelModel { channel, model } => {
                write!(f, "the request names channel {channel:?} and its model {model:?}")
            }
            Rule::TagModel { tag, model } => {
                write!(f, "the request names the tag {tag:?} and the model {model:?}")
            }
            Rule::ChannelName { channel } => write!(f, "the name is that of channel {channel:?}"),
            Rule::Tag { tag } => write!(f, "the name is the tag {tag:?}"),
            Rule::Alias { pattern, target, then } => {
                write!(f, "the alias {pattern:?} stands for {target:?}; {then}")
            }
            Rule::Listed => f.write_str("channels list the name, map it or are known to serve it"),
            Rule::AnyName => {
                f.write_str("no channel lists the name; channels without a list pass any name on")
            }
            Rule::Auto => f.write_str("auto: every channel answers with its default model"),
            Rule::NoModel => {
                f.write_str("the request names no model; any channel of its protocol may serve it")
            }
            Rule::UnknownAsAuto => f.write_str(
                "no channel lists the name; as with auto, every channel answers with its default model",
            ),
            Rule::UnknownRefused => {
                f.write_str("no channel lists the name, and no other model may stand in for it")
            }
        }
    }
}

/// One channel that was considered and may not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The channel's name.
    pub channel: Arc<str>,
    /// The channel's id.
    pub id: Arc<str>,
    /// Why it may not answer.
    pub reason: SkipReason,
}

/// Why a channel may not answer. Its `Display` explains it to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[ts(rename = "SkipCause")]
pub enum SkipReason {
    /// It is switched off.
    Disabled,
    /// None of its keys can be used.
    NeedsKey {
        /// Why not.
        why: Arc<str>,
    },
    /// A limit of 0 forbids every request.
    LimitZero {
        /// The limit's name in the file.
        limit: &'static str,
    },
    /// It speaks neither the client's protocol nor another that would do.
    ProtocolNotSpoken {
        /// The client's protocol.
        protocol: Protocol,
    },
    /// It has neither a default model nor a list that begins with one.
    NoDefaultModel,
    /// Its list of models does not hold the name.
    DoesNotList,
    /// Its weight is 0 and the request did not name it.
    NotNamed,
    /// Other channels come first and `routing.fallback` is off.
    FallbackOff,
}

impl SkipReason {
    /// Tells whether no request whatever could be sent to the channel in this protocol until the file changes.
    pub fn is_lasting(&self) -> bool {
        match self {
            SkipReason::Disabled
            | SkipReason::NeedsKey { .. }
            | SkipReason::LimitZero { .. }
            | SkipReason::ProtocolNotSpoken { .. } => true,
            SkipReason::NoDefaultModel
            | SkipReason::DoesNotList
            | SkipReason::NotNamed
            | SkipReason::FallbackOff => false,
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Disabled => f.write_str("is switched off"),
            SkipReason::NeedsKey { why } => write!(f, "needs a key: {why}"),
            SkipReason::LimitZero { limit } => write!(f, "{limit} is 0"),
            SkipReason::ProtocolNotSpoken { protocol } => write!(f, "does not speak {protocol}"),
            SkipReason::NoDefaultModel => f.write_str("has no default model"),
            SkipReason::DoesNotList => f.write_str("does not list the model"),
            SkipReason::NotNamed => f.write_str("has weight 0 and was not named"),
            SkipReason::FallbackOff => f.write_str("would come later, and fallback is off"),
        }
    }
}

/// Why a name is refused without asking any channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "refusal")]
pub enum RouteRefusal {
    /// Nobody lists the name.
    UnknownModel {
        /// Names that somebody lists and that look alike, nearest first.
        close: Vec<String>,
    },
}

/// Finds the channels that may answer `asked`. `None` is taken as `auto`, but for native operations: files have no model,
/// and what a channel has by default is one that chats.
pub fn route(
    snapshot: &Snapshot,
    catalog: &Catalog,
    asked: Option<&str>,
    protocol: Protocol,
    operation: Operation,
) -> Route {
    let named = asked.filter(|name| !name.is_empty());
    let asked: Arc<str> = named.unwrap_or(AUTO).into();
    let meaning = match (named, operation) {
        (None, Operation::Native(_)) => meaning::of_no_model(),
        (_, _) => meaning::of(snapshot, catalog, operation, &asked),
    };
    let mut choice = choice::Choice::new(snapshot, catalog, protocol, operation);
    choice.consider(&meaning);
    let (candidates, skipped) = choice.ranked(&meaning);
    Route {
        refusal: refusal(snapshot, catalog, &asked, &meaning.rule),
        asked,
        protocol,
        rule: meaning.rule,
        candidates,
        skipped,
        fallback: snapshot.routing.fallback,
    }
}

/// Whether a channel's default model can do what another model was asked for. It chats; it embeds nothing and paints
/// nothing.
fn defaults_stand_in(operation: Operation) -> bool {
    match operation {
        Operation::Generate | Operation::Complete | Operation::CountTokens => true,
        Operation::Embed | Operation::BatchEmbed | Operation::Native(_) => false,
    }
}

/// The name that leaves the choice of channel and model to the gateway.
const AUTO: &str = "auto";

/// How many close matches a refusal names.
const CLOSE_MAX: usize = 3;

fn refusal(snapshot: &Snapshot, catalog: &Catalog, asked: &str, rule: &Rule) -> Option<RouteRefusal> {
    let mut rule = rule;
    while let Rule::Alias { then, .. } = rule {
        rule = then;
    }
    if *rule != Rule::UnknownRefused {
        return None;
    }
    let names = model_names(snapshot, catalog);
    let names = names.iter().map(|model| model.id.as_str());
    let close = ranked(asked, names).into_iter().take(CLOSE_MAX).map(str::to_owned).collect();
    Some(RouteRefusal::UnknownModel { close })
}

/// The names a client may ask for: `auto`, the aliases, those of the channels that can serve, and those of their upstreams.
pub fn model_names(snapshot: &Snapshot, catalog: &Catalog) -> Vec<wire::models::ListedModel> {
    snapshot.index.names(catalog, &snapshot.channels)
}

#[cfg(test)]
mod tests;
