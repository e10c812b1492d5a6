//! A schema as the sum of what it says itself and what the schemas in it say.

use crate::json::{Text, Value};

/// A schema as the sum of the objects that say it.
#[derive(Debug)]
pub(super) struct Node<'a> {
    parts: Vec<Part<'a>>,
}

/// One of the objects that say a schema.
#[derive(Debug, Clone, Copy)]
struct Part<'a> {
    value: Value<'a>,
    bond: Bond,
}

/// How an object belongs to its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bond {
    /// It holds.
    All,
    /// One of those with the same number holds. Only its properties are seen.
    One(usize),
}

/// One keyword of a schema.
#[derive(Debug, Clone)]
pub(super) struct Keyword<'a> {
    /// The keyword.
    pub(super) name: Text<'a>,
    /// What it says.
    pub(super) value: Value<'a>,
    /// Whether an object before this one has the same keyword.
    pub(super) again: bool,
}

/// One property of a schema.
#[derive(Debug)]
pub(super) struct Property<'a> {
    /// Its name, which is never a keyword.
    pub(super) name: Text<'a>,
    /// The schemas that are said of it; no two are the same.
    pub(super) said: Vec<Value<'a>>,
    /// Whether one of them must hold rather than all.
    pub(super) is_choice: bool,
}

impl<'a> Property<'a> {
    fn add(&mut self, value: Value<'a>, is_choice: bool) {
        self.is_choice |= is_choice;
        if self.said.iter().all(|known| known.raw() != value.raw()) {
            self.said.push(value);
        }
    }
}

impl<'a> Node<'a> {
    pub(super) fn new() -> Self {
        Self { parts: Vec::with_capacity(1) }
    }

    pub(super) fn push(&mut self, value: Value<'a>, bond: Bond) {
        self.parts.push(Part { value, bond });
    }

    /// Returns what a keyword says; null counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.holding().find_map(|value| value.get(name))
    }

    /// Returns the keywords in their order.
    pub(super) fn keywords(&self) -> impl Iterator<Item = Keyword<'a>> {
        let parts: Vec<Value<'a>> = self.holding().collect();
        (0..parts.len()).flat_map(move |nth| {
            let before = parts[..nth].to_vec();
            parts[nth].members().map(move |(name, value)| {
                let again = !before.is_empty() && {
                    let plain = name.plain();
                    before.iter().any(|part| part.member(&plain).is_some())
                };
                Keyword { name, value, again }
            })
        })
    }

    /// Returns the properties in their order, each with all that is said of it.
    pub(super) fn properties(&self) -> Vec<Property<'a>> {
        let mut all: Vec<Property<'a>> = Vec::new();
        for part in &self.parts {
            let is_choice = part.bond != Bond::All;
            let known = all.len();
            for (name, value) in part.value.get("properties").into_iter().flat_map(Value::members) {
                match all[..known].iter_mut().find(|property| property.name == name) {
                    Some(property) => property.add(value, is_choice),
                    None => all.push(Property { name, said: vec![value], is_choice: false }),
                }
            }
        }
        all
    }

    /// Tells whether a property must be there: some object demands it, or each of several of which one must hold.
    pub(super) fn requires(&self, property: &Text<'_>) -> bool {
        let demands = |part: &Part<'a>| {
            part.value.get("required").is_some_and(|required| {
                required.elements().any(|name| name.text().as_ref() == Some(property))
            })
        };
        self.parts.iter().any(|part| match part.bond {
            Bond::All => demands(part),
            Bond::One(_) => self.parts.iter().filter(|other| other.bond == part.bond).all(demands),
        })
    }

    /// Tells whether more than one object says the schema.
    pub(super) fn is_merged(&self) -> bool {
        self.parts.len() > 1
    }

    /// The objects that hold.
    fn holding(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        self.parts.iter().filter(|part| part.bond == Bond::All).map(|part| part.value)
    }
}

/// Follows a reference such as `#/$defs/Place` or `#/properties/a/items`.
pub(super) fn resolve<'a>(root: Value<'a>, reference: &str) -> Option<Value<'a>> {
    let path = reference.strip_prefix('#')?;
    if !path.is_empty() && !path.starts_with('/') {
        return None;
    }
    path.split('/').skip(1).try_fold(root, |value, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        if value.is_array() { value.elements().nth(step.parse().ok()?) } else { value.get(&step) }
    })
}
