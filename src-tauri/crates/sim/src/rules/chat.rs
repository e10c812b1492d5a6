//! What `OpenAI` Chat Completions refuses.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    Broken, data_url, distinct, filled, image_url, list, name, need, object_in_string, one_of, only,
    strict_schema, within, word,
};

const KNOWN: &[&str] = &[
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "n",
    "stop",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "response_format",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "reasoning_effort",
    "verbosity",
    "stream",
    "stream_options",
    "store",
    "metadata",
    "service_tier",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "modalities",
    "audio",
    "prediction",
    "web_search_options",
    "moderation",
];

pub(super) fn check(body: &Value) -> Result<(), Broken> {
    let model = word(&body["model"], "model")?;
    // OpenAI refuses what the vendors that are compatible have added.
    let also: &[&str] = match model {
        model if model.starts_with("gpt") => &[],
        model if model.starts_with("deepseek") => &["top_k", "thinking"],
        model if model.contains('/') => &["top_k", "reasoning"],
        _ => &["top_k"],
    };
    only(body, &[KNOWN, also].concat(), "the request")?;
    settings(body)?;
    let tools = tools(body)?;
    choice(body, &tools)?;
    messages(filled(&body["messages"], "messages")?)
}

fn settings(body: &Value) -> Result<(), Broken> {
    need(body["max_tokens"].is_null() || body["max_completion_tokens"].is_null(), || {
        "max_tokens and max_completion_tokens must not both be set".to_owned()
    })?;
    within(&body["max_tokens"], 1.0, 1e7, "max_tokens")?;
    within(&body["max_completion_tokens"], 1.0, 1e7, "max_completion_tokens")?;
    within(&body["temperature"], 0.0, 2.0, "temperature")?;
    within(&body["top_p"], 0.0, 1.0, "top_p")?;
    within(&body["n"], 1.0, 128.0, "n")?;
    need(body["stream_options"].is_null() || body["stream"] == Value::Bool(true), || {
        "stream_options is only allowed when stream is true".to_owned()
    })?;
    if let Some(stop) = body["stop"].as_array() {
        need((1..=4).contains(&stop.len()), || "stop must hold 1 to 4 strings".to_owned())?;
    }
    let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
    one_of(&body["reasoning_effort"], &efforts, "reasoning_effort")?;
    let format = &body["response_format"];
    one_of(&format["type"], &["text", "json_object", "json_schema"], "response_format.type")?;
    if format["type"] == "json_schema" {
        name(&format["json_schema"]["name"], 64, "response_format.json_schema.name")?;
        if format["json_schema"]["strict"] == Value::Bool(true) {
            strict_schema(&format["json_schema"]["schema"], "response_format.json_schema.schema")?;
        }
    }
    Ok(())
}

fn tools(body: &Value) -> Result<HashSet<String>, Broken> {
    let mut names = Vec::new();
    let tools = list(&body["tools"], "tools")?;
    need(tools.len() <= 128, || "tools must hold at most 128".to_owned())?;
    for (index, tool) in tools.iter().enumerate() {
        let at = format!("tools[{index}]");
        match tool["type"].as_str() {
            Some("function") => {
                let function = &tool["function"];
                only(function, &["name", "description", "parameters", "strict"], &format!("{at}.function"))?;
                names.push(name(&function["name"], 64, &format!("{at}.function.name"))?);
                let parameters = &function["parameters"];
                need(parameters.is_null() || parameters["type"] == "object", || {
                    format!("{at}.function.parameters must be of type object")
                })?;
                if function["strict"] == Value::Bool(true) {
                    strict_schema(parameters, &format!("{at}.function.parameters"))?;
                }
            }
            Some("custom") => names.push(name(&tool["custom"]["name"], 64, &format!("{at}.custom.name"))?),
            _ => return Err(format!("{at}.type must be function or custom")),
        }
    }
    distinct(names, "tools")
}

fn choice(body: &Value, tools: &HashSet<String>) -> Result<(), Broken> {
    for field in ["tool_choice", "parallel_tool_calls"] {
        need(body[field].is_null() || !tools.is_empty(), || {
            format!("{field} is only allowed when tools are")
        })?;
    }
    match &body["tool_choice"] {
        Value::Null => Ok(()),
        Value::String(_) => one_of(&body["tool_choice"], &["none", "auto", "required"], "tool_choice"),
        chosen => {
            let kind = chosen["type"].as_str().unwrap_or_default();
            if kind == "allowed_tools" {
                return Ok(());
            }
            let wanted = word(&chosen[kind]["name"], "tool_choice's name")?;
            need(tools.contains(wanted), || {
                format!("tool_choice names {wanted:?}, which tools does not hold")
            })
        }
    }
}

fn messages(messages: &[Value]) -> Result<(), Broken> {
    let mut waiting: Vec<String> = Vec::new();
    let mut ids = HashSet::new();
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages[{index}]");
        let role = message["role"].as_str().unwrap_or_default();
        if role == "tool" {
            let id = word(&message["tool_call_id"], &format!("{at}.tool_call_id"))?;
            let place = waiting.iter().position(|waits| waits == id);
            let place = place.ok_or_else(|| {
                format!("{at}: messages with role 'tool' must be a response to a preceding message with 'tool_calls'")
            })?;
            waiting.remove(place);
            parts(&message["content"], &["text"], &at, true)?;
            continue;
        }
        need(waiting.is_empty(), || {
            format!(
                "{at}: An assistant message with 'tool_calls' must be followed by tool messages; missing: {waiting:?}"
            )
        })?;
        match role {
            "system" | "developer" => parts(&message["content"], &["text"], &at, false)?,
            "user" => parts(&message["content"], &["text", "image_url", "input_audio", "file"], &at, false)?,
            "assistant" => {
                waiting = calls(message, &at, &mut ids)?;
                if waiting.is_empty() || !message["content"].is_null() {
                    parts(&message["content"], &["text", "refusal"], &at, true)?;
                }
            }
            _ => return Err(format!("{at}.role {role:?} is not known")),
        }
    }
    need(waiting.is_empty(), || format!("tool calls without an answer: {waiting:?}"))
}

fn calls(message: &Value, at: &str, ids: &mut HashSet<String>) -> Result<Vec<String>, Broken> {
    if message["tool_calls"].is_null() {
        return Ok(Vec::new());
    }
    let mut called = Vec::new();
    for (index, call) in filled(&message["tool_calls"], &format!("{at}.tool_calls"))?.iter().enumerate() {
        let at = format!("{at}.tool_calls[{index}]");
        let id = word(&call["id"], &format!("{at}.id"))?;
        need(id.len() <= 40, || format!("{at}.id is longer than 40"))?;
        need(ids.insert(id.to_owned()), || format!("{at}.id is used twice"))?;
        match call["type"].as_str() {
            Some("function") => {
                name(&call["function"]["name"], 64, &format!("{at}.function.name"))?;
                object_in_string(&call["function"]["arguments"], &format!("{at}.function.arguments"))?;
            }
            Some("custom") => {
                name(&call["custom"]["name"], 64, &format!("{at}.custom.name"))?;
                need(call["custom"]["input"].is_string(), || format!("{at}.custom.input must be a string"))?;
            }
            _ => return Err(format!("{at}.type must be function or custom")),
        }
        called.push(id.to_owned());
    }
    Ok(called)
}

fn parts(content: &Value, kinds: &[&str], at: &str, may_be_empty: bool) -> Result<(), Broken> {
    let at = format!("{at}.content");
    if let Some(text) = content.as_str() {
        return need(may_be_empty || !text.is_empty(), || format!("{at} must not be empty"));
    }
    for (index, part) in filled(content, &at)?.iter().enumerate() {
        let at = format!("{at}[{index}]");
        let kind = part["type"].as_str().unwrap_or_default();
        need(kinds.contains(&kind), || format!("{at}.type {kind:?} is not allowed here"))?;
        match kind {
            "image_url" => image_url(&part["image_url"]["url"], &format!("{at}.image_url.url"))?,
            "input_audio" => {
                one_of(&part["input_audio"]["format"], &["wav", "mp3"], &format!("{at}.input_audio.format"))?;
            }
            "file" if part["file"]["file_id"].is_null() => {
                word(&part["file"]["filename"], &format!("{at}.file.filename"))?;
                data_url(word(&part["file"]["file_data"], &at)?, &format!("{at}.file.file_data"))?;
            }
            "file" => {}
            kind => need(part[kind].is_string(), || format!("{at}.{kind} must be a string"))?,
        }
    }
    Ok(())
}
