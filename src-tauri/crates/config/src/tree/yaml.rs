//! Trees from YAML.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::{Entry, Node, Position, Unreadable, Value};

/// Reads one YAML document. The parser's budget stops documents that unfold without end.
pub(crate) fn read(text: &str) -> Result<Node, Unreadable> {
    match serde_saphyr::from_str::<Option<Tree>>(text) {
        Ok(Some(Tree(node))) => Ok(node),
        Ok(None) => Ok(Node { value: Value::Null, at: Position { line: 1, column: 1 } }),
        Err(error) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &serde_saphyr::Error) -> Unreadable {
    let at = error.location().map(position);
    Unreadable { at, message: plain_message(error) }
}

/// The error's own words without its position, which stands beside them, and without the source text.
fn plain_message(error: &serde_saphyr::Error) -> String {
    let words = error.without_snippet().to_string();
    let first = words.lines().next().unwrap_or_default();
    let bare = first.rsplit_once(" at line ").map_or(first, |(words, _)| words);
    bare.trim_end_matches(',').to_owned()
}

fn position(location: Location) -> Position {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Position { line: count(location.line()), column: count(location.column()) }
}

/// A node on its way out of the deserializer.
struct Tree(Node);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Bare>::deserialize(deserializer)?;
        Ok(Tree(Node { at: position(spanned.referenced), value: spanned.value.0 }))
    }
}

/// A value whose own position is kept by the node around it.
struct Bare(Value);

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BareVisitor).map(Bare)
    }
}

struct BareVisitor;

impl<'de> Visitor<'de> for BareVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        // Too large for an integer: whoever expects one says what range is allowed.
        #[expect(clippy::cast_precision_loss, reason = "only its size matters from here on")]
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(node)) = items.next_element()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = pairs.next_key::<Spanned<String>>()? {
            let Tree(node) = pairs.next_value()?;
            entries.push(Entry { key: key.value, key_at: position(key.referenced), node });
        }
        Ok(Value::Table(entries))
    }
}
