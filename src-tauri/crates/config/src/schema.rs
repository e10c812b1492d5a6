//! The JSON Schema of `config.toml`.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::document::Document;

/// The JSON Schema (draft 2020-12) of `config.toml`.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Document>().to_value();
    without_null(&mut schema);
    with_the_readers_bounds(&mut schema);
    schema
}

/// A text with something in it: the reader does not count blanks.
const FILLED: &str = r"\S";

/// Says in keywords what the reader expects and the types alone leave open.
fn with_the_readers_bounds(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(with_the_readers_bounds),
        Value::Object(members) => {
            let is = |name: &str, wanted: Value| members.get(name) == Some(&wanted);
            let filled = is("minLength", 1.into()) && !members.contains_key("pattern");
            let unbounded = is("format", "uint32".into()) && !members.contains_key("maximum");
            if filled {
                members.insert("pattern".to_owned(), FILLED.into());
            }
            if unbounded {
                members.insert("maximum".to_owned(), u32::MAX.into());
            }
            members.values_mut().for_each(with_the_readers_bounds);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// TOML has no null: a field is left out instead. Without the alternative, a validator names the field inside a table
/// and not only the table.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("enum") {
                choices.retain(|choice| !choice.is_null());
            }
            if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    members.remove("anyOf");
                    // The description of the field stays; that of its type is behind the reference.
                    for (name, value) in only {
                        members.entry(name).or_insert(value);
                    }
                }
            }
            if members.get("default").is_some_and(Value::is_null) {
                members.remove("default");
            }
            members.values_mut().for_each(without_null);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
