//! Names that stand for others: where they lead, and that they lead somewhere.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::Checks;
use crate::catalog::Catalog;
use crate::document::Document;
use crate::index::Index;
use crate::nearest::nearest;
use crate::snapshot::{Channel, Routing};

/// The aliases of a document.
pub(super) fn collect(document: &Document) -> IndexMap<Arc<str>, Arc<str>> {
    let written = document.routing.iter().flat_map(|routing| &routing.aliases);
    written.map(|(name, target)| (name.as_str().into(), target.trim().into())).collect()
}

/// Checks every alias. Of a circle, only the first member is reported.
pub(super) fn check(checks: &mut Checks<'_>, routing: &Routing, index: &Index, channels: &[Arc<Channel>]) {
    let mut reported: HashSet<usize> = HashSet::new();
    for (name, target) in &routing.aliases {
        let path = format!("routing.aliases.{name}");
        warn_of_hidden(checks, &path, name, index);
        match circle(index, name, target) {
            Some(circle) if circle.aliases.iter().any(|at| reported.contains(at)) => {}
            Some(circle) => {
                checks.error(&path, format!("leads in a circle: {}", circle.told));
                reported.extend(circle.aliases);
            }
            None => check_target(checks, &path, target, index, channels),
        }
    }
}

/// Channels and tags are looked up before aliases.
fn warn_of_hidden(checks: &mut Checks<'_>, path: &str, name: &str, index: &Index) {
    let who = name.split_once(',').map_or(name, |(who, _)| who.trim());
    let hider = match (index.channel(who), index.tagged(who)) {
        (Some(_), _) => "channel",
        (None, Some(_)) => "tag",
        (None, None) => return,
    };
    checks.warn(path, format!("has no effect: the {hider} {who:?} comes first")).hint =
        Some("rename one of them".to_owned());
}

/// Aliases that lead to one another without end.
struct Circle {
    aliases: Vec<usize>,
    told: String,
}

/// The circle in which an alias leads, if it does. A name that stands for itself is no circle.
fn circle(index: &Index, name: &Arc<str>, target: &Arc<str>) -> Option<Circle> {
    let (start, _) = index.alias(name)?;
    let mut aliases = vec![start];
    let mut told = format!("{name:?} → {target:?}");
    let mut current = target;
    loop {
        if names_channel(index, current) {
            return None;
        }
        let (next, alias) = index.alias(current)?;
        if aliases.last() == Some(&next) {
            return None;
        }
        if aliases.contains(&next) {
            return Some(Circle { aliases, told });
        }
        told = format!("{told} → {:?}", alias.target);
        aliases.push(next);
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
    let catalog = Catalog::default();
    let named = index.named(&catalog, target);
    let somebody = (0..channels.len()).any(|at| named.served_by(at).is_some() || !index.has_list(at));
    if !somebody {
        let names = index.names_of_file().iter().map(|model| model.id.as_str());
        let hint = nearest(target, names).map(|near| format!("did you mean {near:?}?"));
        checks.warn(path, format!("stands for {target:?}, which no channel lists")).hint = hint;
    }
}
