//! The lists of named tables: channels, proxies and clients.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

use super::blocks::{Blocks, appended};
use super::{EditError, Subject, merge};
use crate::document::VERSION;

/// A list of the file.
#[derive(Clone, Copy)]
pub(super) enum List {
    Channels,
    Proxies,
    Clients,
}

/// One entry, taken out of its list.
#[derive(Clone)]
pub(super) enum Piece {
    /// Lines with headers.
    Lines(String),
    /// An item of an array.
    Item(Box<Value>),
}

impl List {
    /// The list's field in the file.
    pub(super) fn field(self) -> &'static str {
        match self {
            List::Channels => "channel",
            List::Proxies => "proxy",
            List::Clients => "client",
        }
    }

    /// What the list lists.
    pub(super) fn subject(self) -> Subject {
        match self {
            List::Channels => Subject::Channel,
            List::Proxies => Subject::Proxy,
            List::Clients => Subject::Client,
        }
    }

    /// The entries' names; an entry without a name has an empty one.
    pub(super) fn names(self, document: &DocumentMut) -> Vec<String> {
        let owned = |entry: &dyn TableLike| name_of(entry).unwrap_or_default().to_owned();
        match document.get(self.field()) {
            Some(Item::ArrayOfTables(entries)) => entries.iter().map(|entry| owned(entry)).collect(),
            Some(Item::Value(Value::Array(entries))) => entries
                .iter()
                .map(|entry| entry.as_inline_table().map_or_else(String::new, |entry| owned(entry)))
                .collect(),
            Some(Item::None | Item::Value(_) | Item::Table(_)) | None => Vec::new(),
        }
    }

    /// The first position of a name.
    pub(super) fn position(self, document: &DocumentMut, name: &str) -> Result<usize, EditError> {
        let names = self.names(document);
        let found = names.iter().position(|known| known == name);
        found.ok_or_else(|| EditError::Unknown {
            what: self.subject(),
            name: name.to_owned(),
            known: names.into_iter().filter(|name| !name.is_empty()).collect(),
        })
    }

    /// Refuses a name that an entry has already.
    pub(super) fn check_free(self, document: &DocumentMut, name: &str) -> Result<(), EditError> {
        if self.names(document).iter().any(|known| known == name) {
            return Err(EditError::NameTaken { what: self.subject(), name: name.to_owned() });
        }
        Ok(())
    }

    /// One entry.
    pub(super) fn entry(
        self,
        document: &mut DocumentMut,
        at: usize,
    ) -> Result<&mut dyn TableLike, EditError> {
        let entry: Option<&mut dyn TableLike> = match document.get_mut(self.field()) {
            Some(Item::ArrayOfTables(entries)) => {
                entries.get_mut(at).map(|entry| entry as &mut dyn TableLike)
            }
            Some(Item::Value(Value::Array(entries))) => entries
                .get_mut(at)
                .and_then(Value::as_inline_table_mut)
                .map(|entry| entry as &mut dyn TableLike),
            Some(Item::None | Item::Value(_) | Item::Table(_)) | None => None,
        };
        entry.ok_or(EditError::NoList(self.subject()))
    }

    /// The text with a new entry at the end of the list.
    pub(super) fn add(self, text: &str, table: Table) -> Result<String, EditError> {
        let piece = match read(text)?.get(self.field()) {
            Some(Item::None | Item::ArrayOfTables(_)) | None => Piece::Lines(self.written(table)),
            Some(Item::Value(Value::Array(_))) => Piece::Item(Box::new(table.into_inline_table().into())),
            Some(Item::Value(_) | Item::Table(_)) => return Err(EditError::NoList(self.subject())),
        };
        self.insert(text, &piece, None)
    }

    /// The lines of an entry.
    fn written(self, table: Table) -> String {
        let mut entries = ArrayOfTables::new();
        entries.push(table);
        let mut document = DocumentMut::new();
        document.insert(self.field(), Item::ArrayOfTables(entries));
        document.to_string()
    }

    /// The text with an entry ahead of another, or at the end of the list.
    pub(super) fn insert(
        self,
        text: &str,
        piece: &Piece,
        before: Option<usize>,
    ) -> Result<String, EditError> {
        let mut document = read(text)?;
        match (document.get_mut(self.field()), piece) {
            (Some(Item::Value(Value::Array(entries))), piece) => {
                insert_item(entries, before, piece.as_item(self)?);
                Ok(document.to_string())
            }
            (Some(Item::None | Item::ArrayOfTables(_)) | None, Piece::Lines(lines)) => {
                insert_lines(self, text, lines, before)
            }
            (Some(Item::None | Item::ArrayOfTables(_)) | None, Piece::Item(item)) => {
                let table =
                    item.as_inline_table().cloned().ok_or(EditError::NoList(self.subject()))?.into_table();
                insert_lines(self, text, &self.written(plain(table)), before)
            }
            (Some(Item::Value(_) | Item::Table(_)), _) => Err(EditError::NoList(self.subject())),
        }
    }

    /// Takes an entry out of the text, with the comments that belong to it.
    pub(super) fn take(self, text: &str, at: usize) -> Result<(String, Piece), EditError> {
        let mut document = read(text)?;
        match document.get_mut(self.field()) {
            Some(Item::ArrayOfTables(_)) => {
                let cut = blocks(text)?.without_entries(self.field(), &[at]);
                Ok((cut.kept, Piece::Lines(cut.taken)))
            }
            Some(Item::Value(Value::Array(entries))) if at < entries.len() => {
                let item = entries.remove(at);
                respace(entries);
                Ok((document.to_string(), Piece::Item(Box::new(item))))
            }
            Some(Item::None | Item::Value(_) | Item::Table(_)) | None => {
                Err(EditError::NoList(self.subject()))
            }
        }
    }
}

impl Piece {
    /// The entry as an item of an array.
    fn as_item(&self, list: List) -> Result<Value, EditError> {
        match self {
            Piece::Item(item) => Ok((**item).clone()),
            Piece::Lines(lines) => {
                let document = read(lines)?;
                let entries = document.get(list.field()).and_then(Item::as_array_of_tables);
                let table = entries.and_then(|entries| entries.get(0)).cloned();
                Ok(plain(table.ok_or(EditError::NoList(list.subject()))?).into_inline_table().into())
            }
        }
    }
}

/// A table without the spacing and the comments of the place that it comes from.
fn plain(mut table: Table) -> Table {
    table.fmt();
    table
}

fn insert_item(entries: &mut Array, before: Option<usize>, item: Value) {
    let at = before.unwrap_or(entries.len()).min(entries.len());
    let decor = item.decor();
    let blank = |part: Option<&toml_edit::RawString>| {
        part.and_then(toml_edit::RawString::as_str).unwrap_or_default().trim_matches(' ').is_empty()
    };
    if blank(decor.prefix()) && blank(decor.suffix()) {
        entries.insert(at, item);
    } else {
        entries.insert_formatted(at, item);
    }
    respace(entries);
}

/// Spaces an array anew, if it is written on one line.
fn respace(entries: &mut Array) {
    if merge::is_one_line(&entries.clone().into()) {
        entries.fmt();
    }
}

fn insert_lines(list: List, text: &str, lines: &str, before: Option<usize>) -> Result<String, EditError> {
    let blocks = blocks(text)?;
    if blocks.is_empty() {
        return Ok(appended(text, &format!("version = {VERSION}\n\n{lines}")));
    }
    Ok(match before {
        Some(before) if blocks.holds(list.field(), before) => blocks.with_before(list.field(), before, lines),
        Some(_) | None => blocks.with_behind(list.field(), lines),
    })
}

pub(super) fn blocks(text: &str) -> Result<Blocks<'_>, EditError> {
    Blocks::of(text).map_err(|error| EditError::NoToml(error.message().to_owned()))
}

pub(super) fn read(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| EditError::NoToml(error.message().to_owned()))
}

pub(super) fn name_of(entry: &dyn TableLike) -> Option<&str> {
    entry.get("name").and_then(Item::as_str)
}
