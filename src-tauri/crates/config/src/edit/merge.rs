//! Bringing an entry to what it shall say: fields that say it already keep their bytes, others change in place, new
//! ones come last, and those that nobody asked about stay.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, RawString, Table, TableLike, Value};

use super::EditError;
use super::fields::{self, Step};
use super::list::{List, read};

/// What an entry says now and what it shall say, both as [`super::written`] would write them.
pub(super) struct Change<'a> {
    pub(super) current: &'a Table,
    pub(super) wanted: &'a Table,
    /// Whether a field that is not wanted goes; others stay.
    pub(super) owns: fn(&str) -> bool,
}

/// Changes one entry of a list.
pub(super) fn entry(text: &str, list: List, at: usize, change: &Change<'_>) -> Result<String, EditError> {
    let text = without_unwanted(text, list, at, change)?;
    let mut document = read(&text)?;
    let entry = list.entry(&mut document, at)?;
    for name in unwanted(change) {
        // Those in lines of their own are gone already.
        entry.remove(&name);
    }
    let mut changed = false;
    for (name, wanted) in change.wanted.iter().filter_map(|(name, item)| Some((name, item.as_value()?))) {
        let current = change.current.get(name).and_then(Item::as_value);
        if !current.is_some_and(|current| says_the_same(current, wanted)) {
            set(entry, name, current, wanted);
            changed = true;
        }
    }
    if changed {
        tidy(&mut document, list, at);
    }
    Ok(document.to_string())
}

/// Sets a field, keeping what stands around it and as much of its value as still holds.
pub(super) fn set(table: &mut dyn TableLike, name: &str, current: Option<&Value>, wanted: &Value) {
    let wanted_table = wanted.as_inline_table();
    match (table.get_mut(name), wanted_table) {
        (Some(Item::Value(old)), _) => merge_value(old, current, wanted),
        (Some(Item::Table(old)), Some(wanted)) => {
            merge_table(old, current.and_then(Value::as_inline_table), wanted);
        }
        (Some(Item::ArrayOfTables(old)), None) if wanted.is_array() => {
            if !merge_tables(old, current, wanted) {
                table.insert(name, Item::Value(wanted.clone()));
            }
        }
        (Some(Item::None | Item::Table(_) | Item::ArrayOfTables(_)) | None, _) => {
            table.insert(name, Item::Value(wanted.clone()));
        }
    }
}

fn says_the_same(one: &Value, other: &Value) -> bool {
    bare(one).to_string() == bare(other).to_string()
}

/// A value without the spacing and the comments around its parts.
pub(super) fn bare(value: &Value) -> Value {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(truth) => (*truth.value()).into(),
        Value::Datetime(moment) => (*moment.value()).into(),
        Value::Array(items) => items.iter().map(bare).collect(),
        Value::InlineTable(table) => {
            table.iter().map(|(name, value)| (name, bare(value))).collect::<InlineTable>().into()
        }
    }
}

fn unwanted(change: &Change<'_>) -> Vec<String> {
    let goes = |name: &&str| (change.owns)(name) && !change.wanted.contains_key(name);
    change.current.iter().map(|(name, _)| name).filter(goes).map(str::to_owned).collect()
}

/// Takes out what stands in lines of its own and is not wanted: whole fields, fields that become something else than a
/// table, and what goes from tables with lines of their own.
fn without_unwanted(text: &str, list: List, at: usize, change: &Change<'_>) -> Result<String, EditError> {
    let mut paths: Vec<Vec<String>> = unwanted(change).into_iter().map(|name| vec![name]).collect();
    let document = read(text)?;
    for (name, wanted) in change.wanted {
        let Some(current) = change.current.get(name).and_then(Item::as_value) else { continue };
        let Some(wanted) = wanted.as_value() else { continue };
        let in_lines = in_lines(&document, list, at, name);
        match (in_lines, current.as_inline_table(), wanted.as_inline_table()) {
            (false, _, _) => {}
            (true, Some(current), Some(wanted)) => {
                let gone = current.iter().map(|(key, _)| key).filter(|key| !wanted.contains_key(key));
                paths.extend(gone.map(|key| vec![name.to_owned(), key.to_owned()]));
            }
            (true, _, _) => paths.push(vec![name.to_owned()]),
        }
    }
    let mut text = text.to_owned();
    for path in paths {
        let entry = [Step::Field(list.field().to_owned()), Step::At(at)];
        let path: Vec<Step> = entry.into_iter().chain(path.into_iter().map(Step::Field)).collect();
        if fields::is_in_lines(&text, &path)? {
            text = fields::without(&text, &path)?;
        }
    }
    Ok(text)
}

/// Tells whether a field of an entry is a table with lines of its own, by a header or by dotted keys.
fn in_lines(document: &DocumentMut, list: List, at: usize, name: &str) -> bool {
    let entries = document.get(list.field()).and_then(Item::as_array_of_tables);
    let field = entries.and_then(|entries| entries.get(at)?.get(name));
    field.is_some_and(Item::is_table)
}

fn merge_table(old: &mut dyn TableLike, current: Option<&InlineTable>, wanted: &InlineTable) {
    let gone = current.into_iter().flat_map(InlineTable::iter).map(|(name, _)| name);
    let gone: Vec<&str> = gone.filter(|name| !wanted.contains_key(name)).collect();
    for name in gone {
        old.remove(name);
    }
    for (name, wanted) in wanted {
        let current = current.and_then(|current| current.get(name));
        if !current.is_some_and(|current| says_the_same(current, wanted)) {
            set(old, name, current, wanted);
        }
    }
}

fn merge_value(old: &mut Value, current: Option<&Value>, wanted: &Value) {
    let decor = old.decor().clone();
    match (&mut *old, wanted) {
        (Value::InlineTable(old), Value::InlineTable(wanted)) if is_spelled_so(old, current) => {
            merge_table(old, current.and_then(Value::as_inline_table), wanted);
            if is_one_line(&old.clone().into()) {
                old.fmt();
            }
        }
        (Value::Array(old), Value::Array(wanted)) => {
            merge_array(old, current.and_then(Value::as_array), wanted);
        }
        _ => *old = wanted.clone(),
    }
    *old.decor_mut() = decor;
}

/// Tells whether a table is written with the fields that it was read as, and not in another spelling of the same.
fn is_spelled_so(table: &InlineTable, current: Option<&Value>) -> bool {
    let Some(current) = current.and_then(Value::as_inline_table) else { return false };
    current.len() == table.len() && current.iter().all(|(name, _)| table.contains_key(name))
}

/// Tells whether a value stands on one line, so that nothing is lost when its parts are spaced anew. What stands around
/// it does not count.
pub(super) fn is_one_line(value: &Value) -> bool {
    let mut alone = value.clone();
    alone.decor_mut().clear();
    !alone.to_string().contains(['\n', '#'])
}

/// Items that stay keep their bytes and the comments beside them; new ones stand as the last old one does.
fn merge_array(old: &mut Array, current: Option<&Array>, wanted: &Array) {
    let one_line = is_one_line(&old.clone().into());
    let spacing = old.iter().last().map(|last| spacing_of(last.decor().prefix()));
    let stated: Array = match current.filter(|current| current.len() == old.len()) {
        Some(current) => current.clone(),
        None => old.iter().map(bare).collect(),
    };
    let kept = matches(&stated, wanted);
    let before: Vec<Value> = old.iter().cloned().collect();
    old.clear();
    for (wanted, kept) in wanted.iter().zip(kept) {
        let Some(at) = kept else {
            let mut new = wanted.clone();
            new.decor_mut().set_prefix(spacing.clone().unwrap_or_default());
            old.push_formatted(new);
            continue;
        };
        let mut value = before[at].clone();
        let current = stated.get(at).expect("one for each of the old ones");
        if !says_the_same(current, wanted) {
            merge_value(&mut value, Some(current), wanted);
        }
        old.push_formatted(value);
    }
    if one_line {
        old.fmt();
    }
}

/// The line break and the indentation at the end of what stands ahead of an item.
fn spacing_of(prefix: Option<&RawString>) -> String {
    let prefix = prefix.and_then(RawString::as_str).unwrap_or_default();
    prefix.rfind('\n').map_or_else(|| prefix.to_owned(), |at| prefix[at..].to_owned())
}

/// Which of the current items each wanted one is: the same, else one of the same name, else the one at its place.
fn matches(current: &Array, wanted: &Array) -> Vec<Option<usize>> {
    let mut taken = vec![false; current.len()];
    let mut found: Vec<Option<usize>> = vec![None; wanted.len()];
    let tests: [&dyn Fn(usize, usize) -> bool; 3] = [
        &|at, own| same(current.get(own), wanted.get(at), |value| Some(bare(value).to_string())),
        &|at, own| same(current.get(own), wanted.get(at), identity),
        &|at, own| at == own && current.len() == wanted.len(),
    ];
    for test in tests {
        for (at, found) in found.iter_mut().enumerate().filter(|(_, found)| found.is_none()) {
            *found = (0..taken.len()).find(|own| !taken[*own] && test(at, *own));
            if let Some(own) = *found {
                taken[own] = true;
            }
        }
    }
    found
}

fn same(one: Option<&Value>, other: Option<&Value>, what: impl Fn(&Value) -> Option<String>) -> bool {
    let (one, other) = (one.and_then(&what), other.and_then(&what));
    one.is_some() && one == other
}

/// What tells a key or a protocol from another of its list.
fn identity(value: &Value) -> Option<String> {
    let Some(table) = value.as_inline_table() else { return value.as_str().map(str::to_owned) };
    let named = ["name", "protocol"].into_iter().find_map(|field| table.get(field)?.as_str());
    named.map(str::to_owned)
}

/// Brings a list of tables with headers to an array's items. `false` where they are not the same ones in the same order,
/// so that the list must be written anew.
fn merge_tables(old: &mut ArrayOfTables, current: Option<&Value>, wanted: &Value) -> bool {
    let (Some(current), Some(wanted)) = (current.and_then(Value::as_array), wanted.as_array()) else {
        return false;
    };
    let tables: Vec<&InlineTable> = wanted.iter().filter_map(Value::as_inline_table).collect();
    let kept = matches(current, wanted);
    let in_place = kept.iter().enumerate().all(|(at, kept)| match kept {
        Some(own) => *own == at,
        None => at >= old.len(),
    });
    if !in_place || tables.len() != wanted.len() || current.len() != old.len() {
        return false;
    }
    while old.len() > tables.len() {
        old.remove(old.len() - 1);
    }
    for (at, table) in tables.into_iter().enumerate() {
        let current = current.get(at).and_then(Value::as_inline_table);
        match old.get_mut(at) {
            Some(old) => merge_table(old, current, table),
            None => old.push(table.clone().into_table()),
        }
    }
    true
}

/// Spaces a table within braces anew, if it is written on one line.
pub(super) fn respace(item: &mut Item) {
    if let Some(table) = item.as_inline_table_mut().filter(|table| is_one_line(&(*table).clone().into())) {
        table.fmt();
    }
}

/// Spaces an entry within braces anew, if it is written on one line.
fn tidy(document: &mut DocumentMut, list: List, at: usize) {
    let entries = document.get_mut(list.field()).and_then(Item::as_array_mut);
    let entry = entries.and_then(|entries| entries.get_mut(at)?.as_inline_table_mut());
    if let Some(entry) = entry.filter(|entry| is_one_line(&(*entry).clone().into())) {
        entry.fmt();
    }
}
