//! Trees from TOML.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Node, Position, Unreadable, Value};

/// Reads a TOML document; every syntax error is reported.
pub(crate) fn read(text: &str) -> Result<Node, Vec<Unreadable>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let lines = Lines::of(text);
        return Ok(Node { value: table_value(table.get_ref(), &lines), at: Position { line: 1, column: 1 } });
    }
    let unreadable = |error: &toml::de::Error| Unreadable {
        at: error.span().map(|span| Position::of(text, span.start)),
        message: error.message().to_owned(),
    };
    Err(errors.iter().map(unreadable).collect())
}

/// The starts of a text's lines, so that many positions cost little.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let within = Position::of(&self.text[start..], offset - start);
        Position { line: u32::try_from(line).unwrap_or(u32::MAX), column: within.column }
    }
}

fn table_value(table: &DeTable<'_>, lines: &Lines<'_>) -> Value {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(key, value)| {
            let start = key.span().start;
            let entry = Entry {
                key: key.get_ref().to_string(),
                key_at: lines.position(start),
                node: node(value, lines),
            };
            (start, entry)
        })
        .collect();
    // The parser's table is sorted by name; a file's order is that of its keys.
    entries.sort_by_key(|(start, _)| *start);
    Value::Table(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Node {
    let at = lines.position(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => {
            let digits = integer.as_str().replace('_', "");
            match i64::from_str_radix(&digits, integer.radix()) {
                Ok(number) => Value::Integer(number),
                // Too large for an integer: whoever expects one says what range is allowed.
                Err(_) => Value::Float(digits.parse().unwrap_or(f64::MAX)),
            }
        }
        DeValue::Float(float) => Value::Float(float.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Datetime(_) => Value::Moment,
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => table_value(table, lines),
    };
    Node { value, at }
}
