//! Tables that make the look-up of a name cheap, built once for each configuration.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use indexmap::IndexMap;
use wire::models::ListedModel;

use crate::catalog::Catalog;
use crate::pattern::Pattern;
use crate::provider::Preset;
use crate::route::SkipReason;
use crate::snapshot::{Channel, Limit};

/// What each name means, by its lower-case form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    channels: HashMap<Arc<str>, usize>,
    tags: HashMap<Arc<str>, Vec<usize>>,
    literals: HashMap<Box<str>, Vec<Listing>>,
    entries: Vec<Entry>,
    aliases: Vec<Alias>,
    literal_aliases: HashMap<Box<str>, usize>,
    /// Wildcard aliases, the longest literal first.
    wildcard_aliases: Vec<(Pattern, usize)>,
    names: Vec<ListedModel>,
}

/// A name that a channel lists or maps.
#[derive(Debug, Clone)]
struct Listing {
    channel: usize,
    /// What the upstream is asked for.
    model: Arc<str>,
    mapped: bool,
}

/// What routing needs to know of one channel beside its names.
#[derive(Debug, Clone)]
struct Entry {
    id: Arc<str>,
    wildcard_maps: Vec<(Pattern, Arc<str>)>,
    wildcards: Vec<Pattern>,
    default_model: Option<Arc<str>>,
    has_list: bool,
    out_of_use: Option<SkipReason>,
}

/// A name that stands for another.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    pub(crate) pattern: Arc<str>,
    pub(crate) target: Arc<str>,
}

impl Index {
    pub(crate) fn of(channels: &[Arc<Channel>], aliases: &IndexMap<Arc<str>, Arc<str>>) -> Self {
        let mut index = Self::default();
        for (at, channel) in channels.iter().enumerate() {
            index.add_channel(at, channel);
        }
        for (pattern, target) in aliases {
            index.add_alias(pattern, target);
        }
        index.wildcard_aliases.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.literal_len()));
        index.names = names(&index, channels);
        index
    }

    fn add_channel(&mut self, at: usize, channel: &Channel) {
        self.channels.entry(Arc::clone(&channel.name)).or_insert(at);
        for tag in &channel.tags {
            let tagged = self.tags.entry(Arc::clone(tag)).or_default();
            if !tagged.contains(&at) {
                tagged.push(at);
            }
        }
        let mut wildcard_maps = Vec::new();
        for (pattern, model) in &channel.model_map {
            if pattern.is_literal() {
                self.add_literal(at, pattern.as_str(), model, true);
            } else {
                wildcard_maps.push((pattern.clone(), Arc::clone(model)));
            }
        }
        wildcard_maps.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.literal_len()));
        let listed = channel.models.as_deref().unwrap_or_default();
        for model in
            channel.model.iter().chain(listed.iter().filter(|one| one.is_literal()).map(Pattern::written))
        {
            self.add_literal(at, model, model, false);
        }
        let mut wildcards: Vec<Pattern> = listed.iter().filter(|one| !one.is_literal()).cloned().collect();
        if channel.models.is_none() {
            wildcards.extend(families(channel));
        }
        self.entries.push(Entry {
            id: Arc::clone(&channel.id),
            wildcard_maps,
            wildcards,
            default_model: default_model(channel),
            has_list: channel.models.is_some(),
            out_of_use: out_of_use(channel),
        });
    }

    fn add_literal(&mut self, channel: usize, name: &str, model: &Arc<str>, mapped: bool) {
        let listing = Listing { channel, model: Arc::clone(model), mapped };
        self.literals.entry(name.to_lowercase().into()).or_default().push(listing);
    }

    fn add_alias(&mut self, pattern: &Arc<str>, target: &Arc<str>) {
        let at = self.aliases.len();
        self.aliases.push(Alias { pattern: Arc::clone(pattern), target: Arc::clone(target) });
        let parsed = Pattern::new(pattern);
        if parsed.is_literal() {
            self.literal_aliases.insert(pattern.to_lowercase().into(), at);
        } else {
            self.wildcard_aliases.push((parsed, at));
        }
    }

    pub(crate) fn channel(&self, name: &str) -> Option<(&Arc<str>, usize)> {
        self.channels.get_key_value(name).map(|(name, at)| (name, *at))
    }

    pub(crate) fn tagged(&self, tag: &str) -> Option<(&Arc<str>, &[usize])> {
        self.tags.get_key_value(tag).map(|(tag, channels)| (tag, channels.as_slice()))
    }

    /// The alias that a name matches: an exact one before a wildcard, a long literal before a short one.
    pub(crate) fn alias(&self, name: &str) -> Option<(usize, &Alias)> {
        let lower = lower(name);
        let exact = self.literal_aliases.get(&*lower).copied();
        let wildcard = || {
            self.wildcard_aliases.iter().find(|(pattern, _)| pattern.matches_lower(&lower)).map(|(_, at)| *at)
        };
        let at = exact.or_else(wildcard)?;
        Some((at, &self.aliases[at]))
    }

    /// The alias at a place that `alias` told.
    pub(crate) fn alias_at(&self, at: usize) -> &Alias {
        &self.aliases[at]
    }

    /// Prepares the question which channels know a name.
    pub(crate) fn named<'n>(&'n self, catalog: &'n Catalog, name: &'n Arc<str>) -> Named<'n> {
        let lower = lower(name);
        let listings = self.literals.get(&*lower).map(Vec::as_slice).unwrap_or_default();
        Named { index: self, catalog, name, lower, listings }
    }

    /// The model a channel answers with by default.
    pub(crate) fn default_model(&self, channel: usize) -> Option<&Arc<str>> {
        self.entries[channel].default_model.as_ref()
    }

    /// Tells whether the channel has a list of models, so that it accepts no other name.
    pub(crate) fn has_list(&self, channel: usize) -> bool {
        self.entries[channel].has_list
    }

    /// Why no request at all may go to the channel, if none may.
    pub(crate) fn out_of_use(&self, channel: usize) -> Option<&SkipReason> {
        self.entries[channel].out_of_use.as_ref()
    }

    /// The names that the file says, as clients may ask for them.
    pub(crate) fn names_of_file(&self) -> &[ListedModel] {
        &self.names
    }

    /// The names a client may ask for: those of the file, and behind them those of the upstreams' own lists.
    pub(crate) fn names(&self, catalog: &Catalog, channels: &[Arc<Channel>]) -> Vec<ListedModel> {
        let mut names = Names { listed: self.names.clone(), seen: HashSet::new() };
        names.seen.extend(self.names.iter().map(|model| model.id.to_lowercase()));
        for (entry, channel) in self.entries.iter().zip(channels) {
            if entry.out_of_use.is_none() && !entry.has_list {
                catalog.names(&entry.id).iter().for_each(|name| names.add(name, &channel.name));
            }
        }
        names.listed
    }
}

/// A name, on its way through the channels.
pub(crate) struct Named<'n> {
    index: &'n Index,
    catalog: &'n Catalog,
    name: &'n Arc<str>,
    lower: Cow<'n, str>,
    listings: &'n [Listing],
}

impl Named<'_> {
    /// What `channel` is asked for, if it maps the name.
    pub(crate) fn mapped_by(&self, channel: usize) -> Option<Arc<str>> {
        let exact = self.listings.iter().find(|listing| listing.channel == channel && listing.mapped);
        if let Some(listing) = exact {
            return Some(Arc::clone(&listing.model));
        }
        let wildcards = &self.index.entries[channel].wildcard_maps;
        wildcards
            .iter()
            .find(|(pattern, _)| pattern.matches_lower(&self.lower))
            .map(|(_, model)| Arc::clone(model))
    }

    /// What `channel` is asked for, if it maps the name, lists it, its upstream lists it or is known to serve it. A name
    /// that differs from a list in case only is asked for as the list spells it.
    ///
    /// What a vendor's host is known to serve counts beside its list too: vendors leave their own aliases out of it.
    pub(crate) fn served_by(&self, channel: usize) -> Option<Arc<str>> {
        if let Some(model) = self.mapped_by(channel) {
            return Some(model);
        }
        if let Some(listing) = self.listings.iter().find(|listing| listing.channel == channel) {
            return Some(Arc::clone(&listing.model));
        }
        let entry = &self.index.entries[channel];
        if !entry.has_list
            && let Some(spelled) = self.catalog.spelling(&entry.id, &self.lower)
        {
            return Some(Arc::clone(spelled));
        }
        let wildcards = &entry.wildcards;
        wildcards.iter().any(|pattern| pattern.matches_lower(&self.lower)).then(|| Arc::clone(self.name))
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    let lower_already = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if lower_already { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) }
}

/// What a vendor's own host is known to serve without a list.
fn families(channel: &Channel) -> Vec<Pattern> {
    let known = channel.spoken.iter().filter_map(|spoken| Preset::of_host(spoken.base.host(), None));
    let mut families: Vec<Pattern> =
        known.flat_map(|preset| preset.families).map(|one| Pattern::new(one)).collect();
    families.dedup();
    families
}

/// The default model: `model`, else the first literal of `models`, as the channel's own mapping calls it.
fn default_model(channel: &Channel) -> Option<Arc<str>> {
    let listed = channel.models.as_deref().unwrap_or_default();
    let first = || listed.iter().find(|model| model.is_literal()).map(Pattern::written);
    let name = channel.model.as_ref().or_else(first)?;
    let mapped = channel.model_map.iter().find(|(pattern, _)| pattern.is_literal() && pattern.matches(name));
    Some(Arc::clone(mapped.map_or(name, |(_, model)| model)))
}

fn out_of_use(channel: &Channel) -> Option<SkipReason> {
    if !channel.enabled {
        return Some(SkipReason::Disabled);
    }
    if let Some(why) = channel.needs_key() {
        return Some(SkipReason::NeedsKey { why: why.into() });
    }
    let limits = [("rpm", channel.rpm), ("rpd", channel.rpd)];
    let zero = limits.into_iter().find(|(_, limit)| *limit == Limit::Disabled);
    zero.map(|(limit, _)| SkipReason::LimitZero { limit })
}

/// Names for a list of models, each once, however it is spelled.
#[derive(Default)]
struct Names {
    listed: Vec<ListedModel>,
    seen: HashSet<String>,
}

impl Names {
    fn add(&mut self, id: &str, owner: &str) {
        if self.seen.insert(id.to_lowercase()) {
            self.listed.push(ListedModel { id: id.to_owned(), owned_by: owner.to_owned() });
        }
    }
}

fn names(index: &Index, channels: &[Arc<Channel>]) -> Vec<ListedModel> {
    let mut names = Names::default();
    names.add("auto", "sluice");
    for alias in index.aliases.iter().filter(|alias| !alias.pattern.contains('*')) {
        names.add(&alias.pattern, "sluice");
    }
    for (at, channel) in channels.iter().enumerate() {
        if index.out_of_use(at).is_some() {
            continue;
        }
        let mapped = channel.model_map.iter().map(|(pattern, _)| pattern);
        let listed = channel.models.iter().flatten();
        if let Some(model) = &channel.model {
            names.add(model, &channel.name);
        }
        for pattern in listed.chain(mapped).filter(|pattern| pattern.is_literal()) {
            names.add(pattern.as_str(), &channel.name);
        }
    }
    names.listed
}
