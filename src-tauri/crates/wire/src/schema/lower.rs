//! Writing a schema keyword by keyword.

use super::Rules;
use super::keywords::{Fate, fate, knows_format};
use super::node::{Bond, Keyword, Node, resolve};
use super::types::Types;
use super::writing::Writing;
use crate::ask::{Schema, SchemaWords, compact};
use crate::json::{Value, object};

/// How deep schemas may nest. Providers refuse far less.
const DEPTH_MAX: usize = 64;
/// How many references may be written out, and how many bytes they may bring: each can hold others.
const INLINED_MAX: usize = 256;
const INLINED_BYTES_MAX: usize = 256 << 10;
/// How much of one constraint is told.
const TOLD_BYTES_MAX: usize = 300;

/// A schema being written.
#[derive(Debug)]
pub(super) struct Lowering<'a> {
    pub(super) rules: Rules,
    pub(super) words: SchemaWords,
    root: Value<'a>,
    /// Whether the schemas inside are fine as they are.
    copies: bool,
    /// How many references may still be written out, and how many bytes.
    inlined_left: usize,
    inlined_bytes_left: usize,
    pub(super) lost: bool,
}

/// Where a schema stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) is_root: bool,
    /// Whether it must allow null, because its property may be missing no more.
    pub(super) or_null: bool,
    /// How deep schemas may still nest in it.
    pub(super) depth: usize,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(schema: Schema<'a>, rules: Rules) -> Self {
        let plain = schema.words == SchemaWords::JsonSchema;
        let copies = match rules {
            Rules::Open => plain && !lacks_items(schema.value, DEPTH_MAX),
            Rules::Input => plain,
            Rules::Strict | Rules::Output | Rules::Gemini => false,
        };
        Self {
            rules,
            words: schema.words,
            root: schema.value,
            copies,
            inlined_left: INLINED_MAX,
            inlined_bytes_left: INLINED_BYTES_MAX,
            lost: false,
        }
    }

    /// Writes the schema. Returns whether a constraint was left out or told.
    pub(super) fn write(mut self, out: &mut Vec<u8>) -> bool {
        if self.copies && self.root_fits() {
            out.extend_from_slice(self.root.raw().as_bytes());
            return false;
        }
        let mut node = Node::new();
        self.gather(self.root, Bond::All, DEPTH_MAX, &mut node);
        self.node(&node, Place { is_root: true, or_null: false, depth: DEPTH_MAX }, out);
        self.lost
    }

    /// Tells whether the root is fine as it is.
    fn root_fits(&self) -> bool {
        let has = |name: &str| self.root.get(name).is_some();
        let is_object = self.root.get("type").is_some_and(|kind| kind.is("object"));
        match self.rules {
            Rules::Open => !has("$ref") && (has("type") || !has("properties")),
            Rules::Input => is_object && !["$ref", "$schema", "anyOf", "oneOf", "allOf"].into_iter().any(has),
            Rules::Strict | Rules::Output | Rules::Gemini => false,
        }
    }

    /// Tells whether the schemas of `allOf` become part of the one that they stand in.
    fn merges(&self, is_root: bool) -> bool {
        match self.rules {
            Rules::Open => false,
            Rules::Input => is_root,
            Rules::Strict | Rules::Output | Rules::Gemini => true,
        }
    }

    /// Tells whether the root must be an object that is no choice between schemas.
    fn wants_plain_root(&self) -> bool {
        match self.rules {
            Rules::Input | Rules::Strict => true,
            Rules::Open | Rules::Output | Rules::Gemini => false,
        }
    }

    /// Gathers everything that says what `value` is: itself, what its root refers to, what it must be besides.
    pub(super) fn gather(&mut self, value: Value<'a>, bond: Bond, depth: usize, node: &mut Node<'a>) {
        let is_root = value.offset() == self.root.offset();
        node.push(value, bond);
        let Some(depth) = depth.checked_sub(1) else {
            self.lost = true;
            return;
        };
        if (is_root || node.is_merged())
            && let Some(target) = self.reference(value).and_then(|reference| self.inlined(&reference))
            && target.offset() != value.offset()
        {
            self.gather(target, bond, depth, node);
        }
        if self.merges(is_root || node.is_merged()) {
            for branch in value.get("allOf").into_iter().flat_map(Value::elements) {
                self.gather(branch, bond, depth, node);
            }
        }
        let chooses = self.wants_plain_root() && (is_root || bond != Bond::All);
        for choice in ["anyOf", "oneOf"].into_iter().filter_map(|name| value.get(name)).filter(|_| chooses) {
            // A choice in a branch counts as more branches: then fewer properties are required than might be.
            let bond = if bond == Bond::All { Bond::One(choice.offset()) } else { bond };
            for branch in choice.elements() {
                self.gather(branch, bond, depth, node);
            }
        }
    }

    /// Returns what a schema refers to, in JSON Schema's words.
    fn reference(&self, value: Value<'a>) -> Option<String> {
        let written = match self.words {
            SchemaWords::JsonSchema => value.get("$ref"),
            SchemaWords::OpenApi => value.either(["$ref", "ref"]),
        };
        written.and_then(Value::str).map(|reference| {
            let name =
                ["#/defs/", "#/definitions/"].into_iter().find_map(|start| reference.strip_prefix(start));
            let name = name.filter(|_| self.renames_definitions());
            name.map_or_else(|| reference.clone().into_owned(), |name| format!("#/$defs/{name}"))
        })
    }

    /// Tells whether definitions must stand in `$defs`, whatever they were called.
    pub(super) fn renames_definitions(&self) -> bool {
        match self.rules {
            Rules::Open | Rules::Input => self.words == SchemaWords::OpenApi,
            Rules::Strict | Rules::Output | Rules::Gemini => true,
        }
    }

    /// Returns the definitions that stand under the name of the first.
    pub(super) fn definitions(node: &Node<'a>) -> Vec<(&'static str, Value<'a>)> {
        let names = ["$defs", "definitions", "defs"].into_iter();
        names.filter_map(|name| Some((name, node.get(name)?))).collect()
    }

    /// Returns what a reference means, whatever the definitions are called.
    fn target(&self, reference: &str) -> Option<Value<'a>> {
        let name = reference.strip_prefix("#/$defs/");
        let spelled = ["#/$defs/", "#/definitions/", "#/defs/"]
            .into_iter()
            .find_map(|start| resolve(self.root, &format!("{start}{}", name?)));
        spelled.or_else(|| resolve(self.root, reference)).filter(|target| target.is_object())
    }

    /// Returns what a reference means, if it may be written out.
    fn inlined(&mut self, reference: &str) -> Option<Value<'a>> {
        let target = self.target(reference)?;
        self.inlined_left = self.inlined_left.checked_sub(1)?;
        self.inlined_bytes_left = self.inlined_bytes_left.checked_sub(target.raw().len())?;
        Some(target)
    }

    /// Writes a schema that stands in another.
    pub(super) fn schema(&mut self, value: Value<'a>, place: Place, out: &mut Vec<u8>) {
        if self.copies {
            out.extend_from_slice(value.raw().as_bytes());
            return;
        }
        let Some(depth) = place.depth.checked_sub(1).filter(|_| value.is_object()) else {
            // `true` allows everything, as `{}` does; nothing else is a schema.
            self.lost |= value.bool() != Some(true);
            out.extend_from_slice(b"{}");
            return;
        };
        let place = Place { depth, ..place };
        let mut node = Node::new();
        let Some(reference) = self.reference(value) else {
            self.gather(value, Bond::All, depth, &mut node);
            self.node(&node, place, out);
            return;
        };
        if self.may_refer(&reference) {
            refer(&reference, place.or_null || self.is_nullable(value), out);
        } else if let Some(target) = self.inlined(&reference) {
            self.schema(target, place, out);
        } else {
            self.lost = true;
            out.extend_from_slice(b"{}");
        }
    }

    /// Tells whether a reference can stay one.
    fn may_refer(&self, reference: &str) -> bool {
        let is_definition = reference.strip_prefix("#/$defs/").is_some_and(|name| !name.contains('/'));
        match self.rules {
            Rules::Open | Rules::Input => true,
            Rules::Strict | Rules::Output | Rules::Gemini => {
                reference == "#" || (is_definition && self.target(reference).is_some())
            }
        }
    }

    fn is_nullable(&self, value: Value<'a>) -> bool {
        self.words == SchemaWords::OpenApi && value.get("nullable").and_then(Value::bool) == Some(true)
    }

    /// Writes a schema of which everything is known that says it.
    pub(super) fn node(&mut self, node: &Node<'a>, place: Place, out: &mut Vec<u8>) {
        let told = self.told(node, place);
        let or_null = place.or_null
            || (self.words == SchemaWords::OpenApi
                && node.get("nullable").and_then(Value::bool) == Some(true));
        let types = Types::of(node, or_null);
        let types = if place.is_root && self.wants_plain_root() { Types::object() } else { types };
        object(out, |schema| {
            let place = Place { or_null, ..place };
            Writing { lowering: self, node, place, types, told }.all(schema);
        });
    }

    /// Collects what the description must tell, as in `{minLength: 1, pattern: "^a"}`, which is how Anthropic's SDKs do it.
    fn told(&mut self, node: &Node<'a>, place: Place) -> String {
        let mut told = String::new();
        for keyword in node.keywords() {
            if self.fate(node, &keyword, place) != Fate::Tell {
                continue;
            }
            let number = self.number_in_quotes(&keyword.name.plain(), keyword.value);
            let text = number.map_or_else(|| compact(keyword.value.raw()), |number| number.to_string());
            if says_nothing(&text) {
                continue;
            }
            self.lost = true;
            if text.len() <= TOLD_BYTES_MAX {
                let before = if told.is_empty() { "{" } else { ", " };
                told.extend([before, &*keyword.name.plain(), ": ", &text]);
            }
        }
        if !told.is_empty() {
            told.push('}');
        }
        told
    }

    /// Reads a whole number that is written as a string, as in Gemini's older words.
    pub(super) fn number_in_quotes(&self, name: &str, value: Value<'a>) -> Option<u64> {
        let counts = name.starts_with("min") || name.starts_with("max");
        let is_possible = counts && self.words == SchemaWords::OpenApi;
        value.str().filter(|_| is_possible)?.parse().ok()
    }

    /// Says what becomes of a keyword with this value at this place.
    pub(super) fn fate(&self, node: &Node<'a>, keyword: &Keyword<'a>, place: Place) -> Fate {
        let (name, value) = (&*keyword.name.plain(), keyword.value);
        match name {
            "$ref" => Fate::Skip,
            _ if value.is_null() && !matches!(name, "const" | "default") => Fate::Skip,
            "nullable" | "ref" | "example" if self.words == SchemaWords::OpenApi => Fate::Skip,
            "propertyOrdering" if self.words == SchemaWords::OpenApi && self.rules != Rules::Gemini => {
                Fate::Skip
            }
            "properties" | "required" | "title" | "description" | "type" if keyword.again => Fate::Skip,
            "title" | "description" if !value.is_string() => Fate::Skip,
            "allOf" if self.merges(place.is_root || node.is_merged()) => Fate::Skip,
            "anyOf" | "oneOf" => self.fate_of_choice(node, keyword, place),
            "enum" | "const" if self.rules == Rules::Gemini => fate_of_values(node, name, value),
            "format" => self.fate_of_format(value),
            "items" if value.is_array() => fate(self.rules, "prefixItems"),
            "minItems" if self.rules == Rules::Output && !matches!(value.count(), Some(0 | 1)) => Fate::Tell,
            "additionalProperties" if self.closes_objects() => match value.bool() {
                Some(false) => Fate::Keep,
                Some(true) => Fate::Skip,
                None => Fate::Tell,
            },
            "$defs" | "definitions" | "defs" if self.renames_definitions() => {
                let first = Self::definitions(node).first().map(|(first, _)| *first);
                if place.is_root && first == Some(name) { Fate::Keep } else { Fate::Skip }
            }
            _ => match fate(self.rules, name) {
                Fate::Keep if keyword.again => Fate::Tell,
                fate @ (Fate::Keep | Fate::Tell | Fate::Skip) => fate,
            },
        }
    }

    fn fate_of_choice(&self, node: &Node<'a>, keyword: &Keyword<'a>, place: Place) -> Fate {
        let is_second = keyword.again || (keyword.name.is("oneOf") && node.get("anyOf").is_some());
        match self.rules {
            _ if keyword.value.elements().next().is_none() => Fate::Skip,
            Rules::Input | Rules::Strict if place.is_root => Fate::Tell,
            Rules::Open | Rules::Input => Fate::Keep,
            Rules::Strict | Rules::Output | Rules::Gemini if is_second => Fate::Tell,
            Rules::Strict | Rules::Output | Rules::Gemini => Fate::Keep,
        }
    }

    fn fate_of_format(&self, value: Value<'a>) -> Fate {
        match value.str() {
            // `enum` is a format in Gemini's older words only.
            Some(format) if self.words == SchemaWords::OpenApi && format == "enum" => Fate::Skip,
            Some(format) if knows_format(self.rules, &format) => Fate::Keep,
            Some(_) => Fate::Tell,
            None => Fate::Skip,
        }
    }

    /// Tells whether objects may have their own properties only.
    pub(super) fn closes_objects(&self) -> bool {
        match self.rules {
            Rules::Strict | Rules::Output => true,
            Rules::Open | Rules::Input | Rules::Gemini => false,
        }
    }
}

/// Writes a reference, which may have nothing beside it.
fn refer(reference: &str, or_null: bool, out: &mut Vec<u8>) {
    if !or_null {
        object(out, |schema| schema.str("$ref", reference));
        return;
    }
    object(out, |schema| {
        schema.array("anyOf", |branches| {
            branches.object(|branch| branch.str("$ref", reference));
            branches.object(|branch| branch.str("type", "null"));
        });
    });
}

/// Gemini's values are text and numbers; nothing else can be a constant.
fn fate_of_values(node: &Node<'_>, name: &str, value: Value<'_>) -> Fate {
    let fits = if name == "const" {
        is_enumerable(value) && node.get("enum").is_none()
    } else {
        value.elements().any(is_enumerable)
    };
    if fits { Fate::Keep } else { Fate::Tell }
}

/// Tells whether Gemini takes this as a value of `enum`.
pub(super) fn is_enumerable(value: Value<'_>) -> bool {
    value.is_string() || value.number().is_some()
}

/// Tells whether a constraint allows everything.
fn says_nothing(constraint: &str) -> bool {
    matches!(constraint, "null" | "false" | "{}" | "[]" | "\"\"")
}

/// Tells whether there is an array that says nothing of its elements, which `OpenAI` and Gemini refuse.
fn lacks_items(value: Value<'_>, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let is_array = value
        .get("type")
        .is_some_and(|kind| kind.is("array") || kind.elements().any(|kind| kind.is("array")));
    (is_array && value.get("items").is_none() && value.get("prefixItems").is_none())
        || value.members().any(|(_, value)| lacks_items(value, depth))
        || value.elements().any(|value| lacks_items(value, depth))
}
