//! Reading the tools that a client offers.

use super::client_tools::ClientTool;
use super::request_read::cache_mark;
use super::turns_read::TurnReader;
use crate::ask::{Choice, Schema, SchemaWords, Tool, ToolKind};
use crate::json::{Text, Value};
use crate::note::{Unsaid, Why};

/// Settings of a tool that no other protocol has a word for, and that change no answer's form.
const UNSAID: [&str; 2] = ["allowed_callers", "input_examples"];

pub(super) fn tools<'a>(
    reader: &mut TurnReader<'a>,
    tools: Option<Value<'a>>,
) -> Result<Vec<Tool<'a>>, Unsaid> {
    let Some(tools) = tools else { return Ok(Vec::new()) };
    if !tools.is_array() {
        return Err(Unsaid::new("tools", "must be an array"));
    }
    tools.elements().map(|value| tool(reader, value)).collect()
}

fn tool<'a>(reader: &mut TurnReader<'a>, value: Value<'a>) -> Result<Tool<'a>, Unsaid> {
    if !value.is_object() {
        return Err(reader.wrong(value, "must be an object"));
    }
    for setting in UNSAID {
        if value.get(setting).is_some() {
            reader.notes.drop(format!("tools[].{setting}"), Why::NoWord);
        }
    }
    let kind = value.get("type").and_then(Value::str).unwrap_or_default();
    let own = ClientTool::of(&kind);
    let name = value.get("name").and_then(Value::text);
    let name = match name.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None if kind.is_empty() || kind == "custom" => {
            return Err(reader.wrong(value, "must have a name"));
        }
        None => Text::owned(&kind),
    };
    // A tool that a search has found is no longer hidden.
    let hidden = value.get("defer_loading").and_then(Value::bool) == Some(true);
    let deferred = hidden && !reader.referenced.contains(&name);
    Ok(Tool {
        name,
        namespace: None,
        description: own
            .map(|own| own.description(value))
            .or_else(|| value.get("description").and_then(Value::text)),
        kind: match own {
            Some(own) => ToolKind::Function(Some(own.schema())),
            None => read_kind(reader, &kind, value)?,
        },
        strict: value.get("strict").and_then(Value::bool),
        cache: cache_mark(value),
        deferred,
        at: value.offset(),
    })
}

fn read_kind<'a>(reader: &TurnReader<'a>, kind: &str, value: Value<'a>) -> Result<ToolKind<'a>, Unsaid> {
    if let Some(schema) = value.get("input_schema") {
        if !schema.is_object() {
            return Err(reader.wrong(schema, "must be an object"));
        }
        return Ok(ToolKind::Function(Some(Schema { value: schema, words: SchemaWords::JsonSchema })));
    }
    if kind.is_empty() || kind == "custom" {
        return Ok(ToolKind::Function(None));
    }
    if kind.starts_with("computer_toolset_") || kind.starts_with("browser_toolset_") {
        let message = "is a set of tools whose calls only Claude can make; leave it out, or ask for a channel that speaks messages";
        return Err(reader.wrong(value, message).code("unsupported_value"));
    }
    Ok(ToolKind::Hosted(value))
}

pub(super) fn choice(value: Value<'_>) -> Result<Option<Choice<'_>>, Unsaid> {
    let kind = value.get("type").and_then(Value::str).unwrap_or_default();
    match &*kind {
        "auto" => Ok(Some(Choice::Auto)),
        "any" => Ok(Some(Choice::Required)),
        "none" => Ok(Some(Choice::None)),
        "tool" => match value.get("name").and_then(Value::text) {
            Some(name) => Ok(Some(Choice::Named(name))),
            None => Err(Unsaid::new("tool_choice.name", "must be a string")),
        },
        _ => Err(Unsaid::new("tool_choice.type", "must be auto, any, tool or none")),
    }
}
