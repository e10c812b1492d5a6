//! Single fields of a text, found by their path: taken out with their lines, or renamed where they stand.

use std::ops::Range;

use toml_edit::{Document, Item, Key, TableLike, Value};

use super::EditError;
use super::blocks::header;
use super::list::blocks;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    At(usize),
}

/// A path from names of fields.
pub(super) fn path(fields: &[&str]) -> Vec<Step> {
    fields.iter().map(|field| Step::Field((*field).to_owned())).collect()
}

/// The text without a field. Its lines go and nothing else, so comments above it stay; of a table with a header the
/// comment that belongs to it goes too. A field within braces stays: [`is_in_lines`] tells which ones can go.
pub(super) fn without(text: &str, path: &[Step]) -> Result<String, EditError> {
    let document = parsed(text)?;
    let Some(found) = find(document.as_table(), path) else { return Ok(text.to_owned()) };
    let mut headers = Vec::new();
    let mut lines = Vec::new();
    gather(found.key.and_then(Key::span), found.item, &mut headers, &mut lines);
    if !headers.is_empty() {
        return Ok(blocks(text)?.without_headers(&headers).kept);
    }
    let mut kept = text.to_owned();
    lines.sort_by_key(|range| range.start);
    for range in lines.into_iter().rev() {
        kept.replace_range(whole_lines(text, &range), "");
    }
    Ok(kept)
}

/// Tells whether a field stands in lines of its own and not within braces or brackets.
pub(super) fn is_in_lines(text: &str, path: &[Step]) -> Result<bool, EditError> {
    let document = parsed(text)?;
    Ok(find(document.as_table(), path).is_some_and(|found| !found.inline))
}

/// Takes a table out if nothing but its header is left.
pub(super) fn without_bare_table(text: &str, path: &[Step]) -> Result<String, EditError> {
    let document = parsed(text)?;
    let table = find(document.as_table(), path).and_then(|found| found.item.as_table());
    let bare = table.filter(|table| table.is_empty()).and_then(header);
    match bare {
        Some(header) => Ok(blocks(text)?.without_bare_header(header.start)),
        None => Ok(text.to_owned()),
    }
}

/// The text with another name for a field.
pub(super) fn renamed(text: &str, path: &[Step], name: &str) -> Result<String, EditError> {
    let document = parsed(text)?;
    let span = find(document.as_table(), path).and_then(|found| found.key?.span());
    let mut renamed = text.to_owned();
    if let Some(span) = span {
        renamed.replace_range(span, &Key::new(name).display_repr());
    }
    Ok(renamed)
}

/// A field that was found.
struct Found<'d> {
    key: Option<&'d Key>,
    item: &'d Item,
    /// Whether it stands within braces or brackets.
    inline: bool,
}

fn parsed(text: &str) -> Result<Document<&str>, EditError> {
    Document::parse(text).map_err(|error| EditError::NoToml(error.message().to_owned()))
}

fn find<'d>(root: &'d dyn TableLike, path: &[Step]) -> Option<Found<'d>> {
    in_table(root, path, false)
}

fn in_table<'d>(table: &'d dyn TableLike, path: &[Step], inline: bool) -> Option<Found<'d>> {
    let (first, rest) = path.split_first()?;
    let Step::Field(name) = first else { return None };
    let (key, item) = table.get_key_value(name)?;
    below(Found { key: Some(key), item, inline }, rest)
}

fn below<'d>(found: Found<'d>, path: &[Step]) -> Option<Found<'d>> {
    let inline = found.inline || found.item.is_value();
    match path.first() {
        None => Some(found),
        Some(Step::Field(_)) => in_table(found.item.as_table_like()?, path, inline),
        Some(Step::At(at)) => match found.item {
            Item::ArrayOfTables(tables) => in_table(tables.get(*at)?, &path[1..], inline),
            Item::Value(Value::Array(items)) => {
                in_table(items.get(*at)?.as_inline_table()?, &path[1..], inline)
            }
            Item::None | Item::Value(_) | Item::Table(_) => None,
        },
    }
}

/// The headers below a field, and the lines of what has none.
fn gather(key: Option<Range<usize>>, item: &Item, headers: &mut Vec<usize>, lines: &mut Vec<Range<usize>>) {
    match item {
        Item::None => {}
        Item::Value(value) => {
            let starts = key.into_iter().chain(value.span());
            lines.extend(starts.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end)));
        }
        Item::Table(table) => {
            headers.extend(header(table).map(|header| header.start));
            for (name, item) in table {
                gather(table.key(name).and_then(Key::span), item, headers, lines);
            }
        }
        Item::ArrayOfTables(tables) => {
            for table in tables {
                headers.extend(header(table).map(|header| header.start));
                for (name, item) in table {
                    gather(table.key(name).and_then(Key::span), item, headers, lines);
                }
            }
        }
    }
}

/// The lines in which a range lies.
fn whole_lines(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    start..end
}
