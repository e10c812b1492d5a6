//! Writing the keywords of one schema.

use super::Rules;
use super::keywords::Fate;
use super::lower::{Lowering, Place, is_enumerable};
use super::node::{Bond, Keyword, Node, Property};
use super::types::Types;
use crate::json::{Members, Text, Value, array, object};

/// One schema being written.
pub(super) struct Writing<'l, 'a> {
    pub(super) lowering: &'l mut Lowering<'a>,
    pub(super) node: &'l Node<'a>,
    pub(super) place: Place,
    pub(super) types: Types,
    /// What the description must tell.
    pub(super) told: String,
}

impl<'a> Writing<'_, 'a> {
    /// Writes every keyword at its place, and behind them those that are needed and were not there.
    pub(super) fn all(&mut self, schema: &mut Members<'_>) {
        for keyword in self.node.keywords() {
            match self.lowering.fate(self.node, &keyword, self.place) {
                Fate::Keep => self.keyword(schema, &keyword),
                Fate::Tell | Fate::Skip => {}
            }
        }
        self.missing(schema);
    }

    fn keyword(&mut self, schema: &mut Members<'_>, keyword: &Keyword<'a>) {
        let (name, value) = (&*keyword.name.plain(), keyword.value);
        match name {
            "type" => self.types.write(schema),
            "description" => self.description(schema, value.text()),
            "properties" => self.properties(schema),
            "required" => self.required(schema),
            "enum" => schema.value(name, |out| self.values(value, out)),
            "const" => self.constant(schema, value),
            "items" if value.is_array() => self.schemas(schema, "prefixItems", value),
            "items" => schema.value(name, |out| self.inner(value, out)),
            "additionalProperties" if value.is_object() => schema.value(name, |out| self.inner(value, out)),
            "anyOf" | "oneOf" => self.choice(schema, name, value),
            "allOf" | "prefixItems" => self.schemas(schema, name, value),
            "$defs" | "definitions" | "defs" => self.definitions(schema, name),
            _ => self.plain(schema, name, value),
        }
    }

    /// Writes what is needed and was not there.
    fn missing(&mut self, schema: &mut Members<'_>) {
        let has = |name: &str| self.node.get(name).is_some();
        if !has("type") {
            self.types.write(schema);
        }
        if !has("description") && !self.told.is_empty() {
            self.description(schema, None);
        }
        if self.types.has("array") && !self.keeps(["items", "prefixItems"]) {
            let anything = if self.lowering.rules == Rules::Strict { r#"{"type":"string"}"# } else { "{}" };
            schema.raw("items", anything);
        }
        let closes = self.types.has("object") && self.lowering.closes_objects();
        if !has("properties") && (closes || !self.node.properties().is_empty()) {
            self.properties(schema);
        }
        if !has("required") && (closes || self.node.is_merged()) {
            self.required(schema);
        }
        let is_closed = self.node.get("additionalProperties").and_then(Value::bool) == Some(false);
        if closes && !is_closed {
            schema.bool("additionalProperties", false);
        }
    }

    /// Tells whether any of these keywords was written.
    fn keeps(&self, names: [&str; 2]) -> bool {
        self.node.keywords().any(|keyword| {
            names.into_iter().any(|name| keyword.name.is(name))
                && self.lowering.fate(self.node, &keyword, self.place) == Fate::Keep
        })
    }

    /// Writes the description and behind it what it must tell.
    fn description(&mut self, schema: &mut Members<'_>, said: Option<Text<'a>>) {
        let mut text = said.unwrap_or_default();
        if !self.told.is_empty() {
            if !text.is_empty() {
                text.push_plain("\n\n");
            }
            text.push_plain(&self.told);
        }
        schema.text("description", &text);
    }

    fn properties(&mut self, schema: &mut Members<'_>) {
        schema.object("properties", |properties| {
            for property in self.node.properties() {
                let may_be_missing =
                    self.lowering.rules == Rules::Strict && !self.node.requires(&property.name);
                self.lowering.lost |= may_be_missing;
                properties.value(&property.name.plain(), |out| self.property(&property, may_be_missing, out));
            }
        });
    }

    fn property(&mut self, property: &Property<'a>, or_null: bool, out: &mut Vec<u8>) {
        let place = Place { is_root: false, or_null, depth: self.place.depth };
        match &*property.said {
            [schema] => self.lowering.schema(*schema, place, out),
            schemas if property.is_choice => object(out, |choice| {
                choice.array("anyOf", |branches| {
                    for schema in schemas {
                        branches.value(|out| self.lowering.schema(*schema, place, out));
                    }
                });
            }),
            schemas => {
                let mut node = Node::new();
                for schema in schemas {
                    self.lowering.gather(*schema, Bond::All, place.depth, &mut node);
                }
                match place.depth.checked_sub(1) {
                    Some(depth) => self.lowering.node(&node, Place { depth, ..place }, out),
                    None => out.extend_from_slice(b"{}"),
                }
            }
        }
    }

    /// Writes the names of the properties that must be there: in strict mode all.
    fn required(&mut self, schema: &mut Members<'_>) {
        let said = self.node.get("required");
        let copies = match self.lowering.rules {
            Rules::Open | Rules::Input => !self.node.is_merged(),
            Rules::Strict | Rules::Output | Rules::Gemini => false,
        };
        if let Some(said) = said.filter(|_| copies) {
            schema.raw("required", said.raw());
            return;
        }
        let properties = self.node.properties();
        let mut names: Vec<Text<'a>> = Vec::new();
        for name in said.into_iter().flat_map(Value::elements).filter_map(Value::text) {
            if properties.iter().any(|property| property.name == name) && !names.contains(&name) {
                names.push(name);
            }
        }
        for property in properties {
            let must = self.lowering.rules == Rules::Strict || self.node.requires(&property.name);
            if must && !names.contains(&property.name) {
                names.push(property.name);
            }
        }
        let wants_list = self.lowering.rules == Rules::Strict || said.is_some();
        if wants_list || !names.is_empty() {
            schema.array("required", |list| names.iter().for_each(|name| list.text(name)));
        }
    }

    /// Writes the values of `enum`; null among them where it is allowed besides.
    fn values(&self, value: Value<'a>, out: &mut Vec<u8>) {
        let is_gemini = self.lowering.rules == Rules::Gemini;
        array(out, |list| {
            let mut has_null = is_gemini;
            for value in value.elements().filter(|value| !is_gemini || is_enumerable(*value)) {
                has_null |= value.is_null();
                list.raw(value.raw());
            }
            if self.place.or_null && !has_null {
                list.raw("null");
            }
        });
    }

    fn constant(&self, schema: &mut Members<'_>, value: Value<'a>) {
        let or_null = self.place.or_null && !value.is_null() && self.lowering.rules != Rules::Gemini;
        if self.lowering.rules == Rules::Gemini || (or_null && self.node.get("enum").is_none()) {
            schema.array("enum", |list| {
                list.raw(value.raw());
                if or_null {
                    list.raw("null");
                }
            });
        } else {
            schema.raw("const", value.raw());
        }
    }

    fn choice(&mut self, schema: &mut Members<'_>, name: &str, value: Value<'a>) {
        let name = match self.lowering.rules {
            Rules::Open | Rules::Input => name,
            Rules::Strict | Rules::Output | Rules::Gemini => "anyOf",
        };
        let allows_null =
            value.elements().any(|branch| branch.get("type").is_some_and(|kind| kind.is("null")));
        let adds_null = self.place.or_null && !self.types.are_known() && !allows_null;
        schema.array(name, |branches| {
            for branch in value.elements() {
                branches.value(|out| self.inner(branch, out));
            }
            if adds_null {
                branches.raw(r#"{"type":"null"}"#);
            }
        });
    }

    fn schemas(&mut self, schema: &mut Members<'_>, name: &str, value: Value<'a>) {
        schema.array(name, |list| {
            for element in value.elements() {
                list.value(|out| self.inner(element, out));
            }
        });
    }

    /// Writes the definitions, whatever they were called, under one name.
    fn definitions(&mut self, schema: &mut Members<'_>, name: &str) {
        if !self.lowering.renames_definitions() {
            let value = self.node.get(name);
            schema.object(name, |all| {
                for (name, definition) in value.into_iter().flat_map(Value::members) {
                    all.value(&name.plain(), |out| self.inner(definition, out));
                }
            });
            return;
        }
        let maps = Lowering::definitions(self.node);
        schema.object("$defs", |all| {
            for (name, definition) in maps.iter().flat_map(|(_, map)| map.members()) {
                all.value(&name.plain(), |out| self.inner(definition, out));
            }
        });
    }

    fn inner(&mut self, value: Value<'a>, out: &mut Vec<u8>) {
        let place = Place { is_root: false, or_null: false, depth: self.place.depth };
        self.lowering.schema(value, place, out);
    }

    /// Writes a keyword without schemas in it.
    fn plain(&self, schema: &mut Members<'_>, name: &str, value: Value<'a>) {
        match self.lowering.number_in_quotes(name, value) {
            Some(number) => schema.count(name, number),
            None => schema.raw(name, value.raw()),
        }
    }
}
