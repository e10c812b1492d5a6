//! Fields that refer to something by its name.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::EditError;
use super::list::{List, name_of, read};
use super::merge;

/// Lets what names a channel follow its new name: targets of aliases, steps of scenarios and canary steps, alone or
/// ahead of a comma.
pub(super) fn rename_channel(text: &str, old: &str, new: &str) -> Result<String, EditError> {
    let follow = |target: &str| match target.split_once(',') {
        Some((channel, model)) if channel.trim() == old => Some(format!("{new},{model}")),
        Some(_) => None,
        None => (target.trim() == old).then(|| new.to_owned()),
    };
    rename_targets(text, &follow)
}

/// Lets targets of aliases follow the new name of an alias, which is looked up whatever its case.
pub(super) fn rename_alias(text: &str, old: &str, new: &str) -> Result<String, EditError> {
    let old = old.to_lowercase();
    rename_targets(text, &|target| (target.trim().to_lowercase() == old).then(|| new.to_owned()))
}

/// Lets channels that name a proxy follow its new name.
pub(super) fn rename_proxy(text: &str, old: &str, new: &str) -> Result<String, EditError> {
    let mut document = read(text)?;
    for at in 0..List::Channels.names(&document).len() {
        let channel = List::Channels.entry(&mut document, at)?;
        if channel.get("proxy").and_then(Item::as_str) == Some(old) {
            merge::set(channel, "proxy", None, &new.into());
        }
    }
    Ok(document.to_string())
}

/// The names of the channels that name a proxy.
pub(super) fn users_of_proxy(text: &str, name: &str) -> Result<Vec<String>, EditError> {
    let mut document = read(text)?;
    let mut users = Vec::new();
    for at in 0..List::Channels.names(&document).len() {
        let channel = List::Channels.entry(&mut document, at)?;
        if channel.get("proxy").and_then(Item::as_str) == Some(name) {
            users.push(name_of(channel).unwrap_or_default().to_owned());
        }
    }
    Ok(users)
}

/// The aliases that stand for a channel and one of its models. A channel without them cannot go, for they would name
/// nothing; a target that is a name alone may still mean a model.
pub(super) fn aliases_of_channel(text: &str, name: &str) -> Result<Vec<String>, EditError> {
    let mut document = read(text)?;
    let aliases = routing(&mut document).and_then(|routing| routing.get("aliases")?.as_table_like());
    let stands_for = |item: &Item| {
        let channel = item.as_str().and_then(|target| target.split_once(','));
        channel.is_some_and(|(channel, _)| channel.trim() == name)
    };
    let all = aliases.into_iter().flat_map(TableLike::iter);
    Ok(all.filter(|(_, item)| stands_for(item)).map(|(alias, _)| alias.to_owned()).collect())
}

fn rename_targets(text: &str, follow: &dyn Fn(&str) -> Option<String>) -> Result<String, EditError> {
    let mut document = read(text)?;
    let Some(routing) = routing(&mut document) else { return Ok(text.to_owned()) };
    for section in ["aliases", "scenarios"] {
        let section = routing.get_mut(section).and_then(Item::as_table_like_mut);
        for (_, item) in section.into_iter().flat_map(TableLike::iter_mut) {
            rename_texts(item, follow);
        }
    }
    match routing.get_mut("canary") {
        Some(Item::ArrayOfTables(steps)) => {
            steps.iter_mut().filter_map(|step| step.get_mut("to")).for_each(|to| rename_texts(to, follow));
        }
        Some(Item::Value(Value::Array(steps))) => {
            let steps = steps.iter_mut().filter_map(Value::as_inline_table_mut);
            steps.filter_map(|step| step.get_mut("to")).for_each(|to| rename_text(to, follow));
        }
        Some(Item::None | Item::Value(_) | Item::Table(_)) | None => {}
    }
    Ok(document.to_string())
}

fn routing(document: &mut DocumentMut) -> Option<&mut dyn TableLike> {
    document.get_mut("routing").and_then(Item::as_table_like_mut)
}

fn rename_texts(item: &mut Item, follow: &dyn Fn(&str) -> Option<String>) {
    match item.as_value_mut() {
        Some(Value::Array(items)) => items.iter_mut().for_each(|item| rename_text(item, follow)),
        Some(value) => rename_text(value, follow),
        None => {}
    }
}

fn rename_text(value: &mut Value, follow: &dyn Fn(&str) -> Option<String>) {
    if let Some(new) = value.as_str().and_then(follow) {
        let decor = value.decor().clone();
        *value = new.into();
        *value.decor_mut() = decor;
    }
}
