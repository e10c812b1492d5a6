//! The types that a schema allows.

use super::lower::is_enumerable;
use super::node::Node;
use crate::json::{Elements, Members, Text, Value};

/// The types that a schema allows; none where it does not say.
#[derive(Debug, Default)]
pub(super) struct Types(Vec<&'static str>);

/// The types of JSON Schema.
const KNOWN: [&str; 7] = ["object", "string", "array", "integer", "number", "boolean", "null"];

impl Types {
    /// Reads the types, in any case; where a schema does not say, other keywords may tell.
    pub(super) fn of(node: &Node<'_>, or_null: bool) -> Self {
        let said = node.get("type");
        let mut types = Self::default();
        for kind in said.into_iter().chain(said.into_iter().flat_map(Value::elements)) {
            types.add(kind.text().as_ref().and_then(known));
        }
        if types.0.is_empty() {
            types.add(told_otherwise(node));
        }
        if or_null && !types.0.is_empty() {
            types.add(Some("null"));
        }
        types
    }

    /// The types of what must be an object.
    pub(super) fn object() -> Self {
        Self(vec!["object"])
    }

    pub(super) fn has(&self, kind: &str) -> bool {
        self.0.contains(&kind)
    }

    pub(super) fn are_known(&self) -> bool {
        !self.0.is_empty()
    }

    /// Writes them, if there are any.
    pub(super) fn write(&self, schema: &mut Members<'_>) {
        match &*self.0 {
            [] => {}
            [kind] => schema.str("type", kind),
            kinds => schema.array("type", |list: &mut Elements<'_>| {
                for kind in kinds {
                    list.str(kind);
                }
            }),
        }
    }

    fn add(&mut self, kind: Option<&'static str>) {
        if let Some(kind) = kind
            && !self.has(kind)
        {
            self.0.push(kind);
        }
    }
}

/// Finds a type by its name in any case: Gemini's older words are in upper case, and its clients mix them.
fn known(name: &Text<'_>) -> Option<&'static str> {
    let name = name.plain();
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(&name))
}

/// Finds the type that a schema has without saying so.
fn told_otherwise(node: &Node<'_>) -> Option<&'static str> {
    let has = |name: &str| node.get(name).is_some();
    if has("properties") {
        Some("object")
    } else if has("items") || has("prefixItems") {
        Some("array")
    } else if let Some(values) = node.get("enum").filter(|values| values.is_array() && !values.is_empty()) {
        values.elements().all(Value::is_string).then_some("string")
    } else {
        node.get("const").filter(|value| is_enumerable(*value) && value.is_string()).map(|_| "string")
    }
}
