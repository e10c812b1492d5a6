//! Edits of single settings by their path.

use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value};

use super::EditError;
use super::blocks::appended;
use super::fields::{self, path};
use super::layout::edited;
use super::list::{blocks, read};
use super::merge;
use super::written::from_json;
use crate::document::VERSION;
use crate::settings;

/// Tells whether a path names a setting that is edited by its path, such as `server.port`.
pub fn is_setting(path: &str) -> bool {
    settings::paths().any(|known| known == path)
        || path.strip_prefix("ui.notifications.").is_some_and(|kind| !kind.is_empty() && !kind.contains('.'))
}

/// Sets one setting, or takes it out so that its default holds, and returns the new text.
pub fn set_value(text: &str, setting: &str, value: Option<&serde_json::Value>) -> Result<String, EditError> {
    if !is_setting(setting) {
        return Err(EditError::UnknownSetting(setting.to_owned()));
    }
    let names: Vec<&str> = setting.split('.').collect();
    let value = value.filter(|value| !value.is_null());
    edited(text, |text| match value {
        None => without(text, &names),
        Some(value) => {
            let bad = || EditError::BadValue { path: setting.to_owned() };
            with(text, &names, from_json(value).ok_or_else(bad)?)
        }
    })
}

fn without(text: &str, names: &[&str]) -> Result<String, EditError> {
    let field = path(names);
    if fields::is_in_lines(text, &field)? {
        let mut kept = fields::without(text, &field)?;
        for depth in (1..names.len()).rev() {
            kept = fields::without_bare_table(&kept, &field[..depth])?;
        }
        return Ok(kept);
    }
    let mut document = read(text)?;
    let Some((last, parents)) = names.split_last() else { return Ok(text.to_owned()) };
    let mut item = document.as_item_mut();
    for parent in parents {
        match item.get_mut(*parent) {
            Some(below) => item = below,
            None => return Ok(text.to_owned()),
        }
    }
    if item.as_table_like_mut().and_then(|table| table.remove(last)).is_none() {
        return Ok(text.to_owned());
    }
    merge::respace(item);
    Ok(document.to_string())
}

fn with(text: &str, names: &[&str], value: Value) -> Result<String, EditError> {
    let mut document = read(text)?;
    let [root, ..] = names else { return Ok(text.to_owned()) };
    if !has_section(&document, root, names.get(1).copied().unwrap_or_default()) {
        return with_section(text, names, value);
    }
    let mut table: &mut dyn TableLike = document.as_table_mut();
    let mut rest = names;
    while let [parent, below @ ..] = rest
        && !below.is_empty()
        && table.contains_key(parent)
    {
        let found = table.get_mut(parent).and_then(Item::as_table_like_mut);
        table = found.ok_or_else(|| EditError::NoTable((*parent).to_owned()))?;
        rest = below;
    }
    let [name, below @ ..] = rest else { return Ok(text.to_owned()) };
    let value = nested(below, value);
    let same = table
        .get(name)
        .and_then(Item::as_value)
        .is_some_and(|old| merge::bare(old).to_string() == merge::bare(&value).to_string());
    if same {
        return Ok(text.to_owned());
    }
    merge::set(table, name, None, &value);
    Ok(document.to_string())
}

/// Tells whether a section has a place for a field: a header, braces or dotted keys of its own, or the field itself.
fn has_section(document: &DocumentMut, root: &str, field: &str) -> bool {
    match document.get(root) {
        Some(Item::Table(section)) => {
            !section.is_implicit() || section.is_dotted() || section.contains_key(field)
        }
        Some(Item::Value(_) | Item::ArrayOfTables(_)) => true,
        Some(Item::None) | None => false,
    }
}

/// A value within the tables of these names.
fn nested(names: &[&str], value: Value) -> Value {
    names.iter().rev().fold(value, |value, name| {
        let mut table = InlineTable::new();
        table.insert(*name, value);
        table.into()
    })
}

/// The text with a section that is not there yet.
fn with_section(text: &str, names: &[&str], value: Value) -> Result<String, EditError> {
    let [root, name, below @ ..] = names else { return Ok(text.to_owned()) };
    let block = format!("[{root}]\n{name} = {}\n", nested(below, value));
    if blocks(text)?.is_empty() {
        return Ok(appended(text, &format!("version = {VERSION}\n\n{block}")));
    }
    Ok(blocks(text)?.with_first(root, &block))
}
