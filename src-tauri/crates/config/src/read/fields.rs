//! Reading a table field by field, with paths, places and findings.

use crate::document::{Place, Places};
use crate::findings::{Finding, FindingCode, Severity};
use crate::nearest::nearest;
use crate::tree::{Entry, Node, Position, Value};

use super::spelling::Spelling;

/// What is gathered while a file is read.
pub(crate) struct Reader {
    pub(crate) file: String,
    pub(crate) spelling: Spelling,
    pub(crate) places: Places,
    pub(crate) findings: Vec<Finding>,
    /// How grave an unknown field is.
    pub(crate) unknown: Severity,
}

impl Reader {
    pub(crate) fn new(file: &str, spelling: Spelling) -> Self {
        Self {
            file: file.to_owned(),
            spelling,
            places: Places::of(file),
            findings: Vec::new(),
            unknown: Severity::Error,
        }
    }

    /// A reader that passes over fields that it does not know, and says so.
    pub(crate) fn lenient(file: &str, spelling: Spelling) -> Self {
        Self { unknown: Severity::Warning, ..Self::new(file, spelling) }
    }

    /// Notes a finding about a path in the file's own spelling.
    pub(crate) fn note(&mut self, severity: Severity, at: Position, path: &str, message: impl Into<String>) {
        self.findings.push(Finding {
            severity,
            file: self.file.clone(),
            line: Some(at.line),
            column: Some(at.column),
            path: path.to_owned(),
            message: message.into(),
            hint: None,
            code: FindingCode::Other,
        });
    }

    /// Adds what to do to the latest finding.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) {
        if let Some(latest) = self.findings.last_mut() {
            latest.hint = Some(hint.into());
        }
    }

    /// Says what the latest finding is about.
    pub(crate) fn about(&mut self, code: FindingCode) {
        if let Some(latest) = self.findings.last_mut() {
            latest.code = code;
        }
    }

    /// Remembers where a field's value stands.
    pub(super) fn place(&mut self, field: &Field<'_>) {
        let Position { line, column } = field.node.at;
        self.places
            .note(field.path.canonical.clone(), Place { line, column, path: field.path.shown.clone() });
    }

    /// Notes that a field holds another kind of value than it should.
    pub(crate) fn expected(&mut self, field: &Field<'_>, what: &str) {
        let message = format!("expected {what}, got {}", field.node.value.kind());
        self.note(Severity::Error, field.node.at, &field.path.shown, message);
    }

    /// Notes an error about a field.
    pub(crate) fn error(&mut self, field: &Field<'_>, message: impl Into<String>) {
        self.note(Severity::Error, field.node.at, &field.path.shown, message);
    }

    /// Notes that a field has no effect yet.
    pub(crate) fn not_yet(&mut self, field: &Field<'_>) {
        self.note(Severity::Warning, field.key_at, &field.path.shown, "is read but not in force yet");
    }
}

/// A field's path: as the document calls it, and as the file does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    pub(crate) canonical: String,
    pub(crate) shown: String,
}

impl Path {
    pub(crate) fn key(&self, canonical: &str, shown: &str) -> Self {
        Self { canonical: join(&self.canonical, canonical), shown: join(&self.shown, shown) }
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        Self { canonical: format!("{}[{index}]", self.canonical), shown: format!("{}[{index}]", self.shown) }
    }
}

fn join(path: &str, key: &str) -> String {
    let plain = key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
    match (path.is_empty(), plain) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (true | false, false) => format!("{path}[{key:?}]"),
    }
}

/// One field of a table: its value, where its key stands, and its path.
#[derive(Clone)]
pub(crate) struct Field<'t> {
    pub(crate) node: &'t Node,
    pub(crate) key_at: Position,
    pub(crate) path: Path,
}

impl<'t> Field<'t> {
    /// The whole file as a field.
    pub(crate) fn root(node: &'t Node) -> Self {
        Self { node, key_at: node.at, path: Path::default() }
    }

    /// The items of a list, or nothing with a finding.
    pub(crate) fn items(&self, reader: &mut Reader, what: &str) -> Vec<Field<'t>> {
        let Value::List(items) = &self.node.value else {
            reader.expected(self, what);
            return Vec::new();
        };
        let item =
            |(index, node): (usize, &'t Node)| Field { node, key_at: node.at, path: self.path.index(index) };
        let items: Vec<Field<'t>> = items.iter().enumerate().map(item).collect();
        for item in &items {
            reader.place(item);
        }
        items
    }

    /// The entries of a table whose keys are names of the user's, or nothing with a finding.
    pub(crate) fn pairs(&self, reader: &mut Reader, what: &str) -> Vec<(&'t str, Field<'t>)> {
        let Value::Table(entries) = &self.node.value else {
            reader.expected(self, what);
            return Vec::new();
        };
        let pair = |entry: &'t Entry| {
            let path = self.path.key(&entry.key, &entry.key);
            (entry.key.as_str(), Field { node: &entry.node, key_at: entry.key_at, path })
        };
        entries.iter().map(pair).collect()
    }
}

/// A table of which each key is taken once; what is left at the end is unknown.
pub(crate) struct Fields<'t> {
    entries: &'t [Entry],
    taken: Vec<bool>,
    known: Vec<&'static str>,
    at: Position,
    pub(crate) path: Path,
}

impl<'t> Fields<'t> {
    /// Opens a field that should be a table.
    pub(crate) fn open(field: &Field<'t>, reader: &mut Reader) -> Option<Self> {
        let Value::Table(entries) = &field.node.value else {
            reader.expected(field, "a table");
            return None;
        };
        reader.place(field);
        Some(Self {
            entries,
            taken: vec![false; entries.len()],
            known: Vec::new(),
            at: field.key_at,
            path: field.path.clone(),
        })
    }

    /// Takes the field `name`, which other tools call by one of `also`. An empty value counts as none.
    pub(crate) fn take(
        &mut self,
        reader: &mut Reader,
        name: &'static str,
        also: &[&'static str],
    ) -> Option<Field<'t>> {
        self.known.push(name);
        let mut found: Option<&'t Entry> = None;
        for (index, entry) in self.entries.iter().enumerate() {
            if self.taken[index] || !reader.spelling.means(&entry.key, name, also) {
                continue;
            }
            self.taken[index] = true;
            if let Some(first) = found {
                let path = self.path.key(name, &entry.key);
                let message = format!("says the same as {:?} beside it", first.key);
                reader.note(Severity::Error, entry.key_at, &path.shown, message);
                reader.hint("leave one of them out");
            } else {
                found = Some(entry);
            }
        }
        let entry = found?;
        let path = self.path.key(name, &entry.key);
        let field = Field { node: &entry.node, key_at: entry.key_at, path };
        reader.place(&field);
        (!matches!(entry.node.value, Value::Null)).then_some(field)
    }

    /// Takes a field that has no effect yet.
    pub(crate) fn take_later(
        &mut self,
        reader: &mut Reader,
        name: &'static str,
        also: &[&'static str],
    ) -> Option<Field<'t>> {
        let field = self.take(reader, name, also)?;
        reader.not_yet(&field);
        Some(field)
    }

    /// Notes that a field is missing.
    pub(crate) fn missing(&self, reader: &mut Reader, name: &str) {
        let path = self.path.key(name, &reader.spelling.show(name));
        reader.note(Severity::Error, self.at, &path.shown, "is missing");
    }

    /// Passes over keys that other tools write and that have no meaning here.
    pub(crate) fn pass_over(&mut self, reader: &mut Reader, names: &[&str], why: &str) {
        if reader.spelling.is_native() {
            return;
        }
        for (index, entry) in self.entries.iter().enumerate() {
            if !self.taken[index] && names.contains(&entry.key.as_str()) {
                self.taken[index] = true;
                let path = self.path.key(&entry.key, &entry.key);
                reader.note(Severity::Warning, entry.key_at, &path.shown, why);
            }
        }
    }

    /// Passes over whatever nobody took.
    pub(crate) fn pass_over_all(&mut self, reader: &mut Reader, why: &str) {
        let names: Vec<&str> = self.entries.iter().map(|entry| entry.key.as_str()).collect();
        self.pass_over(reader, &names, why);
    }

    /// Notes every key that nobody took.
    pub(crate) fn close(self, reader: &mut Reader) {
        for (entry, taken) in self.entries.iter().zip(&self.taken) {
            if *taken {
                continue;
            }
            let path = self.path.key(&entry.key, &entry.key);
            reader.note(reader.unknown, entry.key_at, &path.shown, "is no known field");
            let near = nearest(&super::spelling::snake(&entry.key), self.known.iter().copied());
            let hint = if let Some(name) = near {
                format!("did you mean {:?}?", reader.spelling.show(name))
            } else {
                let mut names: Vec<String> =
                    self.known.iter().map(|name| reader.spelling.show(name)).collect();
                names.sort();
                format!("allowed here: {}", names.join(", "))
            };
            reader.hint(hint);
        }
    }
}
