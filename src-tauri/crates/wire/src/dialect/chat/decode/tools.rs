//! Reads the tools of a request and which of them must be called.

use super::At;
use super::parts::cache_mark;
use crate::ask::{Ask, Choice, Schema, SchemaWords, Tool, ToolKind};
use crate::json::{Tape, Text, Value};
use crate::note::Unsaid;

/// Reads `tools`, or the old `functions`, which lack the wrapping.
pub(super) fn read<'a>(body: &'a Tape<'a>, tools: Value<'a>) -> Result<Vec<Tool<'a>>, Unsaid> {
    tools.elements().map(|value| tool(At { body, value })).collect()
}

fn tool(at: At<'_>) -> Result<Tool<'_>, Unsaid> {
    let value = at.object()?;
    let kind = value.get("type").and_then(Value::text);
    let of_kind = |word: &str| kind.as_ref().is_some_and(|kind| kind.is(word));
    if of_kind("custom") {
        return free(at);
    }
    match kind {
        Some(kind) if !kind.is("function") => Ok(Tool { name: kind, ..bare(at, ToolKind::Hosted(value)) }),
        Some(_) | None => function(at),
    }
}

fn function(at: At<'_>) -> Result<Tool<'_>, Unsaid> {
    let value = at.value.get("function").unwrap_or(at.value);
    let inside = At { value: At { value, ..at }.object()?, ..at };
    let schema = match value.get("parameters") {
        Some(schema) => Some(At { value: schema, ..at }.object()?),
        None => None,
    };
    let schema = schema.map(|value| Schema { value, words: SchemaWords::JsonSchema });
    Ok(Tool {
        name: inside.member("name")?.text()?,
        description: value.get("description").and_then(Value::text),
        strict: value.get("strict").and_then(Value::bool),
        ..bare(at, ToolKind::Function(schema))
    })
}

fn free(at: At<'_>) -> Result<Tool<'_>, Unsaid> {
    let value = at.value.get("custom").unwrap_or(at.value);
    let inside = At { value: At { value, ..at }.object()?, ..at };
    let grammar = value.get("format").and_then(|format| format.get("grammar").or(Some(format)));
    let of_grammar = |name: &str| grammar.and_then(|grammar| grammar.get(name)).and_then(Value::text);
    let kind = ToolKind::Free { syntax: of_grammar("syntax"), definition: of_grammar("definition") };
    Ok(Tool {
        name: inside.member("name")?.text()?,
        description: value.get("description").and_then(Value::text),
        ..bare(at, kind)
    })
}

fn bare<'a>(at: At<'a>, kind: ToolKind<'a>) -> Tool<'a> {
    Tool {
        name: Text::default(),
        namespace: None,
        description: None,
        kind,
        strict: None,
        cache: cache_mark(at.value),
        deferred: false,
        at: at.value.offset(),
    }
}

/// Reads `tool_choice`, or the old `function_call`. Whom it names must be offered.
pub(super) fn choice<'a>(ask: &Ask<'a>, value: Value<'a>) -> Result<Choice<'a>, Unsaid> {
    let at = At { body: ask.body, value };
    let choice = match value.text() {
        Some(word) => of_word(at, &word)?,
        None => of_object(at)?,
    };
    let is_offered = |name: &Text<'_>| ask.tools.iter().any(|tool| tool.name == *name);
    match &choice {
        Choice::Named(name) if !is_offered(name) => {
            Err(at.wrong(&format!("names the tool {:?}, which is not offered", name.plain())))
        }
        Choice::Named(_) | Choice::Among { .. } | Choice::Auto | Choice::Required | Choice::None => {
            Ok(choice)
        }
    }
}

fn of_word<'a>(at: At<'a>, word: &Text<'a>) -> Result<Choice<'a>, Unsaid> {
    match &*word.plain() {
        "auto" => Ok(Choice::Auto),
        // Mistral says `any`.
        "required" | "any" => Ok(Choice::Required),
        "none" => Ok(Choice::None),
        _ => Err(at.wrong("must be none, auto, required or an object")),
    }
}

fn of_object(at: At<'_>) -> Result<Choice<'_>, Unsaid> {
    let value = at.object()?;
    match value.get("type").and_then(Value::str).as_deref() {
        Some("allowed_tools") => {
            let inside = at.member("allowed_tools")?;
            let tools = At { value: inside.member("tools")?.array()?, ..at };
            let names = tools.value.elements().map(|value| named(At { value, ..at }));
            Ok(Choice::Among {
                names: names.collect::<Result<_, _>>()?,
                required: inside.value.get("mode").is_some_and(|mode| mode.is("required")),
            })
        }
        Some(_) | None => named(at).map(Choice::Named),
    }
}

/// Reads the name in `{"type":"function","function":{"name":…}}`, `{"type":"custom",…}` or the old `{"name":…}`.
fn named(at: At<'_>) -> Result<Text<'_>, Unsaid> {
    let value = at.object()?;
    let inside = value.either(["function", "custom"]).unwrap_or(value);
    match (inside.get("name"), value.get("type")) {
        (Some(name), _) => At { value: name, ..at }.text(),
        // A tool of a vendor's own has its type for a name.
        (None, Some(kind)) if !kind.is("function") && !kind.is("custom") => At { value: kind, ..at }.text(),
        (None, _) => Err(at.wrong("needs the name of a tool")),
    }
}
