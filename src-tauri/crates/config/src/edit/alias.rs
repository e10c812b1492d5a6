//! Edits of the names that stand for others.

use toml_edit::{DocumentMut, Item, TableLike};

use super::blocks::appended;
use super::fields::{self, path};
use super::layout::{Layout, edited};
use super::list::{blocks, read};
use super::merge;
use super::removal::{Removal, of_alias};
use super::{EditError, Subject, references};
use crate::document::VERSION;

/// Adds an alias behind the others, or gives the alias `original` this name and this target, and returns the new text.
/// Aliases that stand for a renamed one follow. Names that differ in case only are the same.
pub fn put_alias(text: &str, original: Option<&str>, name: &str, target: &str) -> Result<String, EditError> {
    edited(text, |text| {
        let document = read(text)?;
        let taken = written_as(&document, name);
        let Some(original) = original else {
            return match taken {
                Some(name) => Err(EditError::NameTaken { what: Subject::Alias, name }),
                None => add(text, document, name, target),
            };
        };
        let original = written_as(&document, original).ok_or_else(|| unknown(&document, original))?;
        if let Some(other) = taken.filter(|taken| *taken != original) {
            return Err(EditError::NameTaken { what: Subject::Alias, name: other });
        }
        let mut text = text.to_owned();
        if name != original {
            text = fields::renamed(&text, &path(&["routing", "aliases", &original]), name)?;
            text = references::rename_alias(&text, &original, name)?;
        }
        retarget(&text, name, target)
    })
}

/// Removes an alias that no other one stands for.
pub fn remove_alias(text: &str, name: &str) -> Result<Removal, EditError> {
    let layout = Layout::of(text);
    let bare = layout.bare(text);
    let mut document = read(&bare)?;
    let name = written_as(&document, name).ok_or_else(|| unknown(&document, name))?;
    let by = users(&document, &name);
    if !by.is_empty() {
        return Err(EditError::InUse { what: Subject::Alias, name, by });
    }
    let target = target_of(&document, &name).unwrap_or_default();
    let field = path(&["routing", "aliases", &name]);
    let kept = if fields::is_in_lines(&bare, &field)? {
        let kept = fields::without(&bare, &field)?;
        let kept = fields::without_bare_table(&kept, &path(&["routing", "aliases"]))?;
        fields::without_bare_table(&kept, &path(&["routing"]))?
    } else {
        aliases_mut(&mut document).and_then(|aliases| aliases.remove(&name));
        document.to_string()
    };
    Ok(of_alias(text, layout.dressed(&kept), &name, target))
}

fn unknown(document: &DocumentMut, name: &str) -> EditError {
    let known = aliases(document).into_iter().flat_map(TableLike::iter).map(|(name, _)| name.to_owned());
    EditError::Unknown { what: Subject::Alias, name: name.to_owned(), known: known.collect() }
}

fn aliases(document: &DocumentMut) -> Option<&dyn TableLike> {
    document.get("routing")?.as_table_like()?.get("aliases")?.as_table_like()
}

fn aliases_item(document: &mut DocumentMut) -> Option<&mut Item> {
    document.get_mut("routing")?.as_table_like_mut()?.get_mut("aliases")
}

fn aliases_mut(document: &mut DocumentMut) -> Option<&mut dyn TableLike> {
    aliases_item(document)?.as_table_like_mut()
}

/// An alias as the file spells it.
fn written_as(document: &DocumentMut, name: &str) -> Option<String> {
    let mut names = aliases(document)?.iter().map(|(written, _)| written);
    let lower = name.to_lowercase();
    names.find(|written| written.to_lowercase() == lower).map(str::to_owned)
}

fn target_of(document: &DocumentMut, name: &str) -> Option<String> {
    aliases(document)?.get(name)?.as_str().map(str::to_owned)
}

/// The aliases that stand for another.
fn users(document: &DocumentMut, name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let stands_for = |item: &Item| item.as_str().is_some_and(|target| target.trim().to_lowercase() == lower);
    let all = aliases(document).into_iter().flat_map(TableLike::iter);
    all.filter(|(user, item)| *user != name && stands_for(item)).map(|(user, _)| user.to_owned()).collect()
}

fn retarget(text: &str, name: &str, target: &str) -> Result<String, EditError> {
    let mut document = read(text)?;
    if target_of(&document, name).as_deref() != Some(target)
        && let Some(aliases) = aliases_mut(&mut document)
    {
        merge::set(aliases, name, None, &target.into());
    }
    Ok(document.to_string())
}

fn add(text: &str, mut document: DocumentMut, name: &str, target: &str) -> Result<String, EditError> {
    if let Some(aliases) = aliases_item(&mut document)
        && let Some(table) = aliases.as_table_like_mut()
    {
        table.insert(name, toml_edit::value(target));
        merge::respace(aliases);
        return Ok(document.to_string());
    }
    match document.get_mut("routing") {
        // Within braces, or as dotted keys of the whole file, there is no place for a header.
        Some(Item::Value(routing)) if routing.is_inline_table() => {
            let mut aliases = toml_edit::InlineTable::new();
            aliases.insert(name, target.into());
            let routing = routing.as_inline_table_mut().ok_or_else(|| no_table("routing"))?;
            routing.insert("aliases", aliases.into());
            routing.fmt();
            return Ok(document.to_string());
        }
        Some(Item::Value(_) | Item::ArrayOfTables(_)) => return Err(no_table("routing")),
        Some(Item::None | Item::Table(_)) | None => {}
    }
    let key = toml_edit::Key::new(name);
    let block = format!("[routing.aliases]\n{} = {}\n", key.display_repr(), toml_edit::Value::from(target));
    let blocks = blocks(text)?;
    if blocks.is_empty() {
        return Ok(appended(text, &format!("version = {VERSION}\n\n{block}")));
    }
    Ok(blocks.with_behind("routing", &block))
}

fn no_table(section: &str) -> EditError {
    EditError::NoTable(section.to_owned())
}
