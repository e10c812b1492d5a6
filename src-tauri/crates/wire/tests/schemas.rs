//! The schemas of real clients' tools, written for every provider.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

use std::path::Path;

use wire::ask::{Schema, SchemaWords};
use wire::json::{Tape, Value};
use wire::schema::{Rules, write};

/// The names under which a request holds a schema.
const PLACES: [&str; 6] =
    ["parameters", "input_schema", "parametersJsonSchema", "schema", "responseSchema", "responseJsonSchema"];

/// The words that Gemini knows.
const GEMINI: [&str; 19] = [
    "$anchor",
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "prefixItems",
    "properties",
    "propertyOrdering",
    "required",
    "title",
    "type",
];

fn schemas() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/clients");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = std::fs::read(entry.unwrap().path()).unwrap();
        find(Tape::read(&file).unwrap().root(), &mut found);
    }
    assert!(found.len() > 200, "the fixtures are there");
    found
}

fn find(value: Value<'_>, found: &mut Vec<String>) {
    for (name, value) in value.members() {
        if value.is_object() && PLACES.iter().any(|place| name.is(place)) {
            found.push(value.raw().to_owned());
        } else {
            find(value, found);
        }
    }
    value.elements().for_each(|value| find(value, found));
}

fn written(schema: &str, rules: Rules) -> String {
    let tape = Tape::read(schema.as_bytes()).unwrap();
    let mut out = Vec::new();
    write(Some(Schema { value: tape.root(), words: SchemaWords::OpenApi }), rules, &mut out);
    String::from_utf8(out).unwrap()
}

/// Calls `each` with every keyword of a schema and of the schemas in it.
fn keywords(schema: Value<'_>, each: &mut dyn FnMut(&str)) {
    for (name, value) in schema.members() {
        each(&name.plain());
        match &*name.plain() {
            "properties" | "$defs" => value.members().for_each(|(_, inner)| keywords(inner, each)),
            "anyOf" | "prefixItems" => value.elements().for_each(|inner| keywords(inner, each)),
            "items" | "additionalProperties" => keywords(value, each),
            _ => {}
        }
    }
}

#[test]
fn gemini_meets_no_word_that_it_does_not_know() {
    for schema in schemas() {
        let text = written(&schema, Rules::Gemini);
        keywords(Tape::read(text.as_bytes()).unwrap().root(), &mut |keyword| {
            assert!(GEMINI.contains(&keyword), "{keyword} in {text}");
        });
    }
}

#[test]
fn what_was_written_once_needs_no_change() {
    for schema in schemas() {
        for rules in [Rules::Open, Rules::Strict, Rules::Input, Rules::Output, Rules::Gemini] {
            let once = written(&schema, rules);
            assert_eq!(written(&once, rules), once, "{rules:?}");
        }
    }
}
