//! Trees from YAML.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Spanned};

use super::{Entry, Fault, Node, Position, Unreadable, Value};

/// How deeply lists and tables may be nested.
const DEPTH_MAX: usize = 64;

/// Reads one YAML document. The parser's budget stops documents that unfold without end.
pub(crate) fn read(text: &str) -> Result<Node, Vec<Fault>> {
    // The parser hands on keys that stand twice, so that all of them can be named with their paths.
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: serde_saphyr::budget! { max_depth: DEPTH_MAX },
    };
    match serde_saphyr::from_str_with_options::<Option<Tree>>(text, options) {
        Ok(Some(Tree(node))) => match duplicates(&node) {
            faults if faults.is_empty() => Ok(node),
            faults => Err(faults),
        },
        Ok(None) => Ok(Node { value: Value::Null, at: Position { line: 1, column: 1 } }),
        Err(error) => Err(vec![unreadable(&error).into()]),
    }
}

fn unreadable(error: &Error) -> Unreadable {
    let at = error.location().map(position);
    Unreadable { at, message: message(error) }
}

/// What is wrong, in the words of this program where the parser's would speak of its own settings.
fn message(error: &Error) -> String {
    let words = match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => return message(error),
        Error::MultipleDocuments { .. } => "a second document begins here; a file holds one",
        Error::UnknownAnchor { .. } => "refers to an anchor (&…) that does not stand before it",
        Error::RecursiveReferencesRequireWeakTypes { .. } => "refers to the value that it stands in",
        Error::InvalidScalar { .. } => "is not what its tag (!!…) says",
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => "is nested too deeply",
        // The scanner's own limit, which has no kind of its own.
        Error::ExternalMessage { msg, .. } if msg.contains("recursion limit") => "is nested too deeply",
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "unfolds to more than is read; use fewer aliases (*…)"
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } => "<< takes a table or a list of tables",
        Error::NonFiniteFloat { .. } => "expected a finite number",
        Error::NullIntoString { .. } => "expected a name, got nothing",
        Error::Eof { .. } => "ends before its value is complete",
        // The library may grow further kinds; its own words name what the text should hold.
        _ => return plain_message(error),
    };
    words.to_owned()
}

/// The error's own words without its position, which stands beside them, and without the source text.
fn plain_message(error: &Error) -> String {
    let words = error.without_snippet().to_string();
    let first = words.lines().next().unwrap_or_default();
    let bare = first.rsplit_once(" at line ").map_or(first, |(words, _)| words);
    bare.trim_end_matches(',').to_owned()
}

/// The keys that stand twice in one table, each place once.
fn duplicates(root: &Node) -> Vec<Fault> {
    let mut faults = Vec::new();
    gather_duplicates(root, "", &mut faults);
    // An alias repeats the faults of what it refers to.
    let mut seen = HashSet::new();
    faults.retain(|fault| seen.insert(fault.why.at));
    faults
}

fn gather_duplicates(node: &Node, path: &str, faults: &mut Vec<Fault>) {
    match &node.value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                gather_duplicates(item, &format!("{path}[{index}]"), faults);
            }
        }
        Value::Table(entries) => {
            let mut first_at: HashMap<&str, Position> = HashMap::new();
            for Entry { key, key_at, node } in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                gather_duplicates(node, &path, faults);
                if let Some(first) = first_at.get(key.as_str()) {
                    let message = format!("stands here twice; the first is on line {}", first.line);
                    faults.push(Fault { path, why: Unreadable { at: Some(*key_at), message } });
                } else {
                    first_at.insert(key, *key_at);
                }
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Moment => {}
    }
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

#[cfg(test)]
mod tests {
    use super::read;

    /// The faults of a text as `line:column path: message`.
    fn faults(text: &str) -> Vec<String> {
        let Err(faults) = read(text) else { panic!("{text} was accepted") };
        let shown = |fault: super::Fault| {
            let at = fault.why.at.unwrap_or_default();
            format!("{}:{} {}: {}", at.line, at.column, fault.path, fault.why.message)
        };
        faults.into_iter().map(shown).collect()
    }

    #[test]
    fn keys_that_stand_twice_are_named_with_their_paths() {
        for (text, expected) in [
            ("a: 1\na: 2\n", &["2:1 a: stands here twice; the first is on line 1"][..]),
            (
                "list:\n  - name: x\n    key: 1\n    name: y\n    key: 2\n",
                &[
                    "4:5 list[0].name: stands here twice; the first is on line 2",
                    "5:5 list[0].key: stands here twice; the first is on line 3",
                ],
            ),
            ("m: {a: 1, b: {c: 1, c: 2}}\n", &["1:21 m.b.c: stands here twice; the first is on line 1"]),
        ] {
            assert_eq!(faults(text), expected, "{text}");
        }
    }

    #[test]
    fn a_merged_table_gives_way_to_what_is_written_beside_it() {
        assert!(read("base: &b {a: 1}\nx:\n  <<: *b\n  a: 2\n").is_ok());
    }

    #[test]
    fn faults_are_told_with_their_place_and_without_the_parsers_settings() {
        for (text, expected) in [
            ("a: 1\n---\nb: 2\n", "3:1 : a second document begins here; a file holds one"),
            ("a: 1\nb: *none\n", "2:4 : refers to an anchor (&…) that does not stand before it"),
            ("a: &a [*a]\n", "1:8 : refers to the value that it stands in"),
            ("<<: 1\n", "1:5 : << takes a table or a list of tables"),
            ("a: .inf\n", "1:4 : expected a finite number"),
            ("~: 1\n", "1:1 : expected a name, got nothing"),
            ("? [a]\n: 1\n", "1:3 : expected string scalar"),
            ("a: [1\n", "1:4 : unclosed bracket '['"),
            ("b: !!int z\n", "1:10 : is not what its tag (!!…) says"),
            ("a: b: c\n", "1:5 : mapping values are not allowed in this context"),
        ] {
            assert_eq!(faults(text), [expected], "{text}");
        }
    }

    #[test]
    fn texts_that_unfold_without_end_are_stopped_with_a_reason() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let refers = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb = format!("{bomb}a{level}: &a{level} [{refers}]\n");
        }
        let deep = "[".repeat(100_000);
        for (text, expected) in
            [(bomb, "unfolds to more than is read; use fewer aliases (*…)"), (deep, "is nested too deeply")]
        {
            let told = faults(&text);
            assert!(told[0].ends_with(&format!(" : {expected}")) && !told[0].starts_with("0:"), "{told:?}");
        }
    }
}
