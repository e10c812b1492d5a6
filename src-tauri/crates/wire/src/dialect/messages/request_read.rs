//! Reading a client's request.

use super::tools_read;
use super::turns_read::TurnReader;
use crate::Protocol;
use crate::ask::{Ask, CacheMark, Effort, Format, Schema, SchemaWords, Switch};
use crate::head::Head;
use crate::json::{Tape, Text, Value};
use crate::note::{Notes, Unsaid, Why};

/// Fields that are read here, or that say nothing about the answer.
const KNOWN: [&str; 20] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "output_config",
    "output_format",
    "tools",
    "tool_choice",
    "metadata",
    "service_tier",
    "cache_control",
    "thread",
    "mcp_servers",
    "container",
];

/// What Claude Code's newer versions are answered when they send only the new messages of a conversation; they then send
/// all of it. The wording is theirs and must stand alone.
const NO_THREADS: &str = "capability_rejected: beta_header:message-threads-2026-08-12";

pub(super) fn read<'a>(body: &'a Tape<'a>, head: &Head) -> Result<Ask<'a>, Unsaid> {
    let root = body.root();
    refuse_state(root)?;
    let mut ask = Ask::new(Protocol::Messages, body);
    ask.wanted.stream = head.stream;
    let mut reader = TurnReader::new(body);
    if let Some(system) = root.get("system") {
        ask.system = reader.system(system)?;
    }
    ask.turns = reader.turns(root.get("messages"))?;
    ask.tools = tools_read::tools(&mut reader, root.get("tools"))?;
    let effort = reader.effort.take();
    ask.notes = reader.notes;
    read_choice(&mut ask, root)?;
    read_settings(&mut ask, root)?;
    if let Some(effort) = effort {
        ask.reasoning.effort = Some(effort);
    }
    mark_end(&mut ask, root);
    note_unknown(root, &mut ask.notes);
    Ok(ask)
}

/// Refuses what lives on one upstream's account and changes what the client gets.
fn refuse_state(root: Value<'_>) -> Result<(), Unsaid> {
    if root.get("thread").is_some_and(|thread| !thread.get("type").is_some_and(|kind| kind.is("create"))) {
        return Err(Unsaid { field: "thread".to_owned(), message: NO_THREADS.to_owned(), code: None });
    }
    for (field, what) in [("mcp_servers", "servers that"), ("container", "a container that")] {
        if root.get(field).is_some_and(|value| !value.is_empty()) {
            let message = format!(
                "names {what} only Anthropic can reach; leave it out, or ask for a channel that speaks messages"
            );
            return Err(Unsaid::new(field, message).code("unsupported_value"));
        }
    }
    Ok(())
}

fn read_choice<'a>(ask: &mut Ask<'a>, root: Value<'a>) -> Result<(), Unsaid> {
    let Some(choice) = root.get("tool_choice") else { return Ok(()) };
    ask.choice = tools_read::choice(choice)?;
    ask.parallel_calls =
        choice.get("disable_parallel_tool_use").and_then(Value::bool).map(|disabled| !disabled);
    Ok(())
}

fn read_settings<'a>(ask: &mut Ask<'a>, root: Value<'a>) -> Result<(), Unsaid> {
    ask.output_max = count(root, "max_tokens")?;
    if ask.output_max == Some(0) {
        let message = "0 fills a cache, which only a channel that speaks messages can do";
        return Err(Unsaid::new("max_tokens", message).code("unsupported_value"));
    }
    ask.sampling.temperature = number(root, "temperature")?;
    ask.sampling.top_p = number(root, "top_p")?;
    ask.sampling.top_k = number(root, "top_k")?;
    ask.sampling.stop = stop_sequences(root)?;
    ask.user = root.get("metadata").and_then(|metadata| metadata.get("user_id")).and_then(Value::text);
    ask.tier = root.get("service_tier").and_then(Value::text);
    read_thinking(ask, root);
    read_format(ask, root)
}

fn read_thinking<'a>(ask: &mut Ask<'a>, root: Value<'a>) {
    let effort = root.get("output_config").and_then(|config| config.get("effort")).and_then(Value::text);
    ask.reasoning.effort = effort.map(|word| Effort::read(&word));
    let Some(thinking) = root.get("thinking") else { return };
    let kind = thinking.get("type").and_then(Value::str).unwrap_or_default();
    match &*kind {
        "enabled" => {
            ask.reasoning.switch = Some(Switch::On);
            ask.reasoning.budget = thinking.get("budget_tokens").and_then(Value::count);
        }
        "adaptive" => ask.reasoning.switch = Some(Switch::Adaptive),
        "disabled" => ask.reasoning.switch = Some(Switch::Off),
        _ => {
            ask.reasoning.switch = Some(Switch::Adaptive);
            ask.notes.emulate("thinking.type", Why::NoWord);
        }
    }
    let display = thinking.get("display");
    ask.reasoning.shown = display.map(|display| !display.is("omitted"));
    ask.wanted.thinking_hidden =
        ask.reasoning.shown == Some(false) || ask.reasoning.switch == Some(Switch::Off);
}

/// Reads `output_config`; its format stood in `output_format` while it was new.
fn read_format<'a>(ask: &mut Ask<'a>, root: Value<'a>) -> Result<(), Unsaid> {
    let config = root.get("output_config");
    if config.is_some_and(|config| config.get("task_budget").is_some()) {
        ask.notes.drop("output_config.task_budget", Why::NoWord);
    }
    let format = config.and_then(|config| config.get("format")).or_else(|| root.get("output_format"));
    let Some(format) = format else { return Ok(()) };
    let Some(schema) = format.get("schema").filter(|schema| schema.is_object()) else {
        return Err(Unsaid::new("output_config.format.schema", "must be an object"));
    };
    ask.format = Format::Schema {
        name: format.get("name").and_then(Value::text),
        description: None,
        schema: Schema { value: schema, words: SchemaWords::JsonSchema },
        strict: Some(true),
    };
    Ok(())
}

fn stop_sequences(root: Value<'_>) -> Result<Vec<Text<'_>>, Unsaid> {
    let Some(sequences) = root.get("stop_sequences") else { return Ok(Vec::new()) };
    let wrong = || Unsaid::new("stop_sequences", "must be an array of strings");
    if !sequences.is_array() {
        return Err(wrong());
    }
    sequences.elements().map(|sequence| sequence.text().ok_or_else(wrong)).collect()
}

fn number<'a>(root: Value<'a>, field: &str) -> Result<Option<&'a str>, Unsaid> {
    let Some(value) = root.get(field) else { return Ok(None) };
    value.number().map(Some).ok_or_else(|| Unsaid::new(field, "must be a number"))
}

fn count(root: Value<'_>, field: &str) -> Result<Option<u64>, Unsaid> {
    let Some(value) = root.get(field) else { return Ok(None) };
    value.count().map(Some).ok_or_else(|| Unsaid::new(field, "must be a number"))
}

/// Reads the mark that stands for the whole request: it means its last part.
fn mark_end(ask: &mut Ask<'_>, root: Value<'_>) {
    let Some(mark) = cache_mark(root) else { return };
    if let Some(last) = ask.turns.last_mut().and_then(|turn| turn.parts.last_mut()) {
        last.cache = last.cache.or(Some(mark));
    }
}

/// Reads the cache mark of a block, a tool or a request.
pub(super) fn cache_mark(block: Value<'_>) -> Option<CacheMark> {
    let control = block.get("cache_control").filter(|control| control.is_object())?;
    let long = control.get("ttl").is_some_and(|ttl| ttl.is("1h"));
    Some(if long { CacheMark::Long } else { CacheMark::Usual })
}

fn note_unknown(root: Value<'_>, notes: &mut Notes) {
    for (key, value) in root.members() {
        if value.is_null() || KNOWN.iter().any(|known| key.is(known)) {
            continue;
        }
        notes.drop(key.plain(), Why::NoWord);
    }
}
