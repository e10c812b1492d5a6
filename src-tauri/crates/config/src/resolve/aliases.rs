//! Names that stand for others: where they lead, and that they lead somewhere.

use std::sync::Arc;

use indexmap::IndexMap;

use super::Checks;
use crate::document::Document;
use crate::index::Index;
use crate::nearest::nearest;
use crate::snapshot::{Channel, Routing};

/// The aliases of a document.
pub(super) fn collect(document: &Document) -> IndexMap<Arc<str>, Arc<str>> {
    let written = document.routing.iter().flat_map(|routing| &routing.aliases);
    written.map(|(name, target)| (name.as_str().into(), target.trim().into())).collect()
}

/// Checks every alias.
pub(super) fn check(checks: &mut Checks<'_>, routing: &Routing, index: &Index, channels: &[Arc<Channel>]) {
    for (name, target) in &routing.aliases {
        let path = format!("routing.aliases.{name}");
        if let Some(round) = round(index, name, target) {
            checks.error(&path, format!("leads in a circle: {round}"));
            continue;
        }
        check_target(checks, &path, target, index, channels);
    }
}

/// The circle in which an alias leads, if it does. A name that stands for itself is no circle.
fn round(index: &Index, name: &Arc<str>, target: &Arc<str>) -> Option<String> {
    let (start, _) = index.alias(name)?;
    let mut steps = vec![start];
    let mut told = format!("{name:?} → {target:?}");
    let mut current = target;
    loop {
        if names_channel(index, current) {
            return None;
        }
        let (next, alias) = index.alias(current)?;
        if steps.last() == Some(&next) {
            return None;
        }
        told = format!("{told} → {:?}", alias.target);
        if steps.contains(&next) {
            return Some(told);
        }
        steps.push(next);
        current = &alias.target;
    }
}

fn names_channel(index: &Index, name: &str) -> bool {
    let who = name.split_once(',').map_or(name, |(who, _)| who.trim());
    index.channel(who).is_some() || index.tagged(who).is_some()
}

fn check_target(
    checks: &mut Checks<'_>,
    path: &str,
    target: &Arc<str>,
    index: &Index,
    channels: &[Arc<Channel>],
) {
    if &**target == "auto" || names_channel(index, target) || index.alias(target).is_some() {
        return;
    }
    if let Some((who, _)) = target.split_once(',') {
        let names = || channels.iter().flat_map(|one| one.tags.iter().chain([&one.name])).map(|name| &**name);
        let hint = nearest(who.trim(), names()).map(|near| format!("did you mean {near:?}?"));
        checks.error(path, format!("names the channel {:?}, which does not exist", who.trim())).hint = hint;
        return;
    }
    let named = index.named(target);
    let somebody = (0..channels.len()).any(|at| named.served_by(at).is_some() || !index.has_list(at));
    if !somebody {
        let names = index.names().iter().map(|model| model.id.as_str());
        let hint = nearest(target, names).map(|near| format!("did you mean {near:?}?"));
        checks.warn(path, format!("stands for {target:?}, which no channel lists")).hint = hint;
    }
}
