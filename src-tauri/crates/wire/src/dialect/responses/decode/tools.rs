//! The tools that a client offers, and which of them it wants called.

use super::{needed, text, wrong};
use crate::ask::{Ask, Choice, Schema, SchemaWords, Tool, ToolKind};
use crate::json::{Text, Value};
use crate::note::Unsaid;

/// The function that stands for a search for tools which the client runs.
pub(in crate::dialect::responses) const TOOL_SEARCH: &str = "tool_search";

/// Reads a list of tools, namespaces among them, and adds them to those offered before.
pub(super) fn read<'a>(ask: &mut Ask<'a>, tools: Value<'a>) -> Result<(), Unsaid> {
    if !tools.is_array() {
        return Err(wrong(ask, tools, "must be an array"));
    }
    for tool in tools.elements() {
        add(ask, tool, None)?;
    }
    Ok(())
}

fn add<'a>(ask: &mut Ask<'a>, tool: Value<'a>, namespace: Option<&Text<'a>>) -> Result<(), Unsaid> {
    let kind = needed(ask, tool, "type")?;
    let (name, kind) = match &*kind.plain() {
        "namespace" => return add_all(ask, tool),
        "function" => (needed(ask, tool, "name")?, ToolKind::Function(schema(ask, tool)?)),
        "custom" => (needed(ask, tool, "name")?, free(tool)),
        "tool_search" if tool.get("execution").is_some_and(|execution| execution.is("client")) => {
            ask.wanted.tool_search = true;
            (Text::of(TOOL_SEARCH), ToolKind::Function(schema(ask, tool)?))
        }
        _ => (kind.clone(), ToolKind::Hosted(tool)),
    };
    let is_same = |known: &Tool<'_>| {
        known.name == name && known.namespace.as_ref() == namespace && !is_hosted(&known.kind)
    };
    // A search may find what is offered already.
    if is_hosted(&kind) || !ask.tools.iter().any(is_same) {
        ask.tools.push(Tool {
            name,
            namespace: namespace.cloned(),
            description: tool.get("description").and_then(Value::text),
            kind,
            strict: tool.get("strict").and_then(Value::bool),
            cache: None,
            deferred: tool.get("defer_loading").and_then(Value::bool).unwrap_or(false),
            at: tool.offset(),
        });
    }
    Ok(())
}

/// Adds the tools of a namespace.
fn add_all<'a>(ask: &mut Ask<'a>, space: Value<'a>) -> Result<(), Unsaid> {
    let name = needed(ask, space, "name")?;
    for tool in space.get("tools").into_iter().flat_map(Value::elements) {
        if tool.get("type").is_some_and(|kind| kind.is("namespace")) {
            return Err(wrong(ask, tool, "must not be a namespace in a namespace"));
        }
        add(ask, tool, Some(&name))?;
    }
    Ok(())
}

fn is_hosted(kind: &ToolKind<'_>) -> bool {
    matches!(kind, ToolKind::Hosted(_))
}

fn schema<'a>(ask: &Ask<'a>, tool: Value<'a>) -> Result<Option<Schema<'a>>, Unsaid> {
    match tool.get("parameters") {
        None => Ok(None),
        Some(value) if value.is_object() => Ok(Some(Schema { value, words: SchemaWords::JsonSchema })),
        Some(value) => Err(wrong(ask, value, "must be an object")),
    }
}

fn free(tool: Value<'_>) -> ToolKind<'_> {
    let member = |name| tool.get("format").and_then(|format| format.get(name)).and_then(Value::text);
    ToolKind::Free { syntax: member("syntax"), definition: member("definition") }
}

/// Reads `tool_choice`.
pub(super) fn choice<'a>(ask: &Ask<'a>, choice: Value<'a>) -> Result<Choice<'a>, Unsaid> {
    if let Some(word) = choice.text() {
        return match &*word.plain() {
            "auto" => Ok(Choice::Auto),
            "required" => Ok(Choice::Required),
            "none" => Ok(Choice::None),
            _ => Err(wrong(ask, choice, "must be auto, required, none or an object")),
        };
    }
    let kind = needed(ask, choice, "type")?;
    match &*kind.plain() {
        "function" | "custom" => Ok(Choice::Named(needed(ask, choice, "name")?)),
        "allowed_tools" => among(ask, choice),
        "auto" | "required" | "none" => self::choice(ask, choice.get("type").unwrap_or(choice)),
        _ => {
            let why =
                "demands a tool that only the provider of this protocol runs; leave the choice to the model";
            Err(Unsaid::new("tool_choice", why).code("unsupported_value"))
        }
    }
}

fn among<'a>(ask: &Ask<'a>, choice: Value<'a>) -> Result<Choice<'a>, Unsaid> {
    let Some(tools) = choice.get("tools").filter(|tools| tools.is_array()) else {
        return Err(wrong(ask, choice, "must list its tools in an array"));
    };
    let mut names = Vec::new();
    for tool in tools.elements() {
        // A provider's own tool is named by its type.
        let name = tool.get("name").or_else(|| tool.get("type"));
        names.push(text(ask, name.unwrap_or(tool))?);
    }
    let required = choice.get("mode").is_some_and(|mode| mode.is("required"));
    Ok(Choice::Among { names, required })
}
