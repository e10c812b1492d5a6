//! How the model should answer.

use super::{missing, text, tools, wrong};
use crate::ask::{Ask, Effort, Format, Schema, SchemaWords};
use crate::json::Value;
use crate::note::{Unsaid, Why};

/// Reads one top-level member that is not null.
pub(super) fn read<'a>(ask: &mut Ask<'a>, name: &str, value: Value<'a>) -> Result<(), Unsaid> {
    match name {
        // Read elsewhere.
        "model" | "stream" | "input" | "instructions" | "tools" => {}
        // Bookkeeping; what the client reads back is repeated in the answer.
        "metadata" | "client_metadata" | "stream_options" => {}
        "tool_choice" => ask.choice = Some(tools::choice(ask, value)?),
        "parallel_tool_calls" => ask.parallel_calls = Some(flag(ask, value)?),
        "max_output_tokens" => ask.output_max = Some(count(ask, value)?),
        "temperature" => ask.sampling.temperature = Some(number(ask, value)?),
        "top_p" => ask.sampling.top_p = Some(number(ask, value)?),
        "presence_penalty" => ask.sampling.presence_penalty = Some(number(ask, value)?),
        "frequency_penalty" => ask.sampling.frequency_penalty = Some(number(ask, value)?),
        "reasoning" => reasoning(ask, value)?,
        "text" => form(ask, value)?,
        "include" => include(ask, value)?,
        "user" if ask.user.is_some() => {}
        "user" | "safety_identifier" => ask.user = Some(text(ask, value)?),
        "prompt_cache_key" => ask.cache_key = Some(text(ask, value)?),
        "service_tier" => ask.tier = Some(text(ask, value)?),
        "previous_response_id" => return Err(kept_elsewhere(name).code("previous_response_not_found")),
        "conversation" | "prompt" => return Err(kept_elsewhere(name).code("unsupported_value")),
        "background" if flag(ask, value)? => {
            let why = "cannot be served by a channel that speaks another protocol; leave it out";
            return Err(Unsaid::new(name, why).code("unsupported_value"));
        }
        "background" => {}
        // Nothing is stored, and the answer says so.
        "store" if value.bool() == Some(false) => {}
        "truncation" if value.is("disabled") => {}
        _ => ask.notes.drop(name, Why::NoWord),
    }
    Ok(())
}

/// Refuses what only names something that one account of `OpenAI` keeps.
fn kept_elsewhere(name: &str) -> Unsaid {
    Unsaid::new(
        name,
        "names what only the provider that made it can read; send the whole conversation as input",
    )
}

fn reasoning<'a>(ask: &mut Ask<'a>, reasoning: Value<'a>) -> Result<(), Unsaid> {
    if !reasoning.is_object() {
        return Err(wrong(ask, reasoning, "must be an object"));
    }
    if let Some(effort) = reasoning.get("effort") {
        ask.reasoning.effort = Some(Effort::read(&text(ask, effort)?));
    }
    // Nobody is refused a summary for not asking, but a null asks not to get one.
    let summary = reasoning.member("summary").or_else(|| reasoning.member("generate_summary"));
    ask.reasoning.shown = summary.map(|summary| !summary.is_null() && !summary.is("none"));
    ask.wanted.thinking_hidden = ask.reasoning.shown == Some(false);
    for (name, field) in [("context", "reasoning.context"), ("mode", "reasoning.mode")] {
        if reasoning.get(name).is_some() {
            ask.notes.drop(field, Why::NoWord);
        }
    }
    Ok(())
}

/// Reads `text`: the form of the answer and how wordy it is.
fn form<'a>(ask: &mut Ask<'a>, form: Value<'a>) -> Result<(), Unsaid> {
    if !form.is_object() {
        return Err(wrong(ask, form, "must be an object"));
    }
    if let Some(verbosity) = form.get("verbosity") {
        ask.verbosity = Some(text(ask, verbosity)?);
    }
    if let Some(format) = form.get("format") {
        ask.format = self::format(ask, format)?;
    }
    Ok(())
}

fn format<'a>(ask: &Ask<'a>, format: Value<'a>) -> Result<Format<'a>, Unsaid> {
    let kind = super::needed(ask, format, "type")?;
    match &*kind.plain() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::Json),
        "json_schema" => {
            let schema = format.get("schema").ok_or_else(|| missing(ask, format, "schema"))?;
            if !schema.is_object() {
                return Err(wrong(ask, schema, "must be an object"));
            }
            Ok(Format::Schema {
                name: format.get("name").and_then(Value::text),
                description: format.get("description").and_then(Value::text),
                schema: Schema { value: schema, words: SchemaWords::JsonSchema },
                strict: format.get("strict").and_then(Value::bool),
            })
        }
        _ => Err(wrong(ask, format, "must be of type text, json_object or json_schema")),
    }
}

fn include<'a>(ask: &mut Ask<'a>, include: Value<'a>) -> Result<(), Unsaid> {
    if !include.is_array() {
        return Err(wrong(ask, include, "must be an array"));
    }
    for wanted in include.elements() {
        if wanted.is("reasoning.encrypted_content") {
            ask.wanted.encrypted = true;
        } else if wanted.is("message.output_text.logprobs") {
            ask.sampling.logprobs = true;
        } else {
            ask.notes.drop("include", Why::NoWord);
        }
    }
    Ok(())
}

fn flag(ask: &Ask<'_>, value: Value<'_>) -> Result<bool, Unsaid> {
    value.bool().ok_or_else(|| wrong(ask, value, "must be true or false"))
}

fn number<'a>(ask: &Ask<'a>, value: Value<'a>) -> Result<&'a str, Unsaid> {
    value.number().ok_or_else(|| wrong(ask, value, "must be a number"))
}

fn count(ask: &Ask<'_>, value: Value<'_>) -> Result<u64, Unsaid> {
    value.count().ok_or_else(|| wrong(ask, value, "must be a number"))
}
