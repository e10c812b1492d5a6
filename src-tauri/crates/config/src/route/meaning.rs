//! Which rule a name matches, and which channels that rule speaks of.

use std::sync::Arc;

use wire::Operation;

use super::{AUTO, Rule, defaults_stand_in};
use crate::catalog::Catalog;
use crate::snapshot::{Snapshot, UnknownModels};

/// What a name means.
pub(super) struct Meaning {
    pub(super) rule: Rule,
    pub(super) scope: Scope,
}

/// The channels that a rule speaks of, and what is asked of them.
pub(super) enum Scope {
    /// One channel by name, with the model that was named or its default.
    Named { channel: usize, model: Option<Arc<str>> },
    /// Some channels by tag, with the model that was named or their defaults.
    Tagged { channels: Vec<usize>, model: Option<Arc<str>> },
    /// All channels that know the name, and those that accept any.
    Model { name: Arc<str> },
    /// All channels with their default models.
    Defaults,
    /// All channels, with no model at all.
    NoModel,
    /// None.
    Nobody,
}

/// What a request means that names no model and needs none.
pub(super) fn of_no_model() -> Meaning {
    Meaning { rule: Rule::NoModel, scope: Scope::NoModel }
}

/// Finds what `asked` means.
pub(super) fn of(snapshot: &Snapshot, catalog: &Catalog, operation: Operation, asked: &Arc<str>) -> Meaning {
    let mut names = vec![Arc::clone(asked)];
    let mut steps: Vec<usize> = Vec::new();
    loop {
        let name = &names[names.len() - 1];
        if let Some(meaning) = by_channel(snapshot, name) {
            return told(snapshot, &steps, meaning);
        }
        match snapshot.index.alias(name) {
            // An alias may stand for a name that it matches itself; loops of several were refused at load.
            Some((at, alias)) if !steps.contains(&at) => {
                steps.push(at);
                names.push(Arc::clone(&alias.target));
            }
            Some(_) | None => return told(snapshot, &steps, by_model(snapshot, catalog, operation, name)),
        }
    }
}

/// Puts the aliases that led to a meaning before its rule.
fn told(snapshot: &Snapshot, steps: &[usize], mut meaning: Meaning) -> Meaning {
    for at in steps.iter().rev() {
        let alias = snapshot.index.alias_at(*at);
        meaning.rule = Rule::Alias {
            pattern: Arc::clone(&alias.pattern),
            target: Arc::clone(&alias.target),
            then: Box::new(meaning.rule),
        };
    }
    meaning
}

/// `channel,model`, a channel's name or a tag.
fn by_channel(snapshot: &Snapshot, name: &str) -> Option<Meaning> {
    let (who, model) = match name.split_once(',') {
        Some((who, model)) => (who.trim(), Some(model.trim())),
        None => (name, None),
    };
    let model: Option<Arc<str>> = model.filter(|model| !model.is_empty() && *model != AUTO).map(Arc::from);
    if let Some((channel, at)) = snapshot.index.channel(who) {
        let channel = Arc::clone(channel);
        let rule = match &model {
            Some(model) => Rule::ChannelModel { channel, model: Arc::clone(model) },
            None => Rule::ChannelName { channel },
        };
        return Some(Meaning { rule, scope: Scope::Named { channel: at, model } });
    }
    let (tag, channels) = snapshot.index.tagged(who)?;
    let tag = Arc::clone(tag);
    let rule = match &model {
        Some(model) => Rule::TagModel { tag, model: Arc::clone(model) },
        None => Rule::Tag { tag },
    };
    Some(Meaning { rule, scope: Scope::Tagged { channels: channels.to_vec(), model } })
}

/// `auto`, or the name of a model.
fn by_model(snapshot: &Snapshot, catalog: &Catalog, operation: Operation, name: &Arc<str>) -> Meaning {
    if &**name == AUTO {
        return Meaning { rule: Rule::Auto, scope: Scope::Defaults };
    }
    let named = snapshot.index.named(catalog, name);
    let known = (0..snapshot.channels.len()).any(|channel| named.served_by(channel).is_some());
    if known {
        return Meaning { rule: Rule::Listed, scope: Scope::Model { name: Arc::clone(name) } };
    }
    let refuse = !defaults_stand_in(operation) || snapshot.routing.unknown_models == UnknownModels::Refuse;
    if somebody_passes_any_name(snapshot, operation, refuse) {
        return Meaning { rule: Rule::AnyName, scope: Scope::Model { name: Arc::clone(name) } };
    }
    if refuse {
        return Meaning { rule: Rule::UnknownRefused, scope: Scope::Nobody };
    }
    Meaning { rule: Rule::UnknownAsAuto, scope: Scope::Defaults }
}

/// Tells whether a channel passes names on as they are: one with neither list nor default model, or one without a list
/// where default models stand in for nothing. Where the alternative is another channel's default model, only channels in
/// use count.
fn somebody_passes_any_name(snapshot: &Snapshot, operation: Operation, even_out_of_use: bool) -> bool {
    let index = &snapshot.index;
    let defaults = defaults_stand_in(operation);
    (0..snapshot.channels.len()).any(|channel| {
        let in_use = even_out_of_use || index.out_of_use(channel).is_none();
        in_use && !index.has_list(channel) && !(defaults && index.default_model(channel).is_some())
    })
}
