//! What Anthropic Messages refuses.

use std::collections::HashSet;

use serde_json::Value;

use super::{Broken, data, distinct, each_schema, filled, list, name, need, one_of, only, within, word};

const KNOWN: &[&str] = &[
    "model",
    "messages",
    "max_tokens",
    "system",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "output_config",
    "tools",
    "tool_choice",
    "metadata",
    "service_tier",
    "speed",
    "cache_control",
    "container",
    "inference_geo",
    "context_management",
    "mcp_servers",
];

pub(super) fn check(body: &Value) -> Result<(), Broken> {
    only(body, KNOWN, "the request")?;
    word(&body["model"], "model")?;
    need(body["max_tokens"].as_u64().is_some_and(|most| most >= 1), || {
        "max_tokens: Field required".to_owned()
    })?;
    settings(body)?;
    let tools = tools(body)?;
    choice(body, &tools)?;
    if !body["system"].is_null() {
        blocks(&body["system"], &["text"], "system")?;
    }
    need(breakpoints(body) <= 4, || "A maximum of 4 blocks with cache_control may be provided".to_owned())?;
    messages(filled(&body["messages"], "messages")?)
}

fn settings(body: &Value) -> Result<(), Broken> {
    within(&body["temperature"], 0.0, 1.0, "temperature")?;
    within(&body["top_p"], 0.0, 1.0, "top_p")?;
    // The vendors that are compatible take both.
    let is_claude = body["model"].as_str().is_some_and(|model| model.starts_with("claude"));
    need(!is_claude || body["temperature"].is_null() || body["top_p"].is_null(), || {
        "temperature and top_p cannot both be specified for this model".to_owned()
    })?;
    for text in list(&body["stop_sequences"], "stop_sequences")? {
        need(text.as_str().is_some_and(|text| !text.trim().is_empty()), || {
            "stop_sequences: each stop sequence must contain non-whitespace".to_owned()
        })?;
    }
    let thinking = &body["thinking"];
    one_of(&thinking["type"], &["enabled", "adaptive", "disabled", "between_tools"], "thinking.type")?;
    if thinking["type"] == "enabled" {
        let budget = thinking["budget_tokens"].as_u64().unwrap_or(0);
        need(budget >= 1024, || "thinking.budget_tokens must be at least 1024".to_owned())?;
        need(body["max_tokens"].as_u64().is_some_and(|most| most > budget), || {
            "max_tokens must be greater than thinking.budget_tokens".to_owned()
        })?;
        need(body["temperature"].is_null() || body["temperature"].as_f64() == Some(1.0), || {
            "temperature may only be set to 1 when thinking is enabled".to_owned()
        })?;
        let forced = ["any", "tool"].iter().any(|kind| body["tool_choice"]["type"] == *kind);
        need(!forced, || "Thinking may not be enabled when tool_choice forces tool use".to_owned())?;
    }
    one_of(
        &body["output_config"]["effort"],
        &["low", "medium", "high", "xhigh", "max"],
        "output_config.effort",
    )?;
    each_schema(
        &body["output_config"]["format"]["schema"],
        "output_config.format.schema",
        &mut |schema, at| {
            need(
                schema["properties"].is_null() || schema["additionalProperties"] == Value::Bool(false),
                || format!("{at}: 'additionalProperties' must be explicitly set to false"),
            )
        },
    )
}

fn tools(body: &Value) -> Result<HashSet<String>, Broken> {
    let mut names = Vec::new();
    for (index, tool) in list(&body["tools"], "tools")?.iter().enumerate() {
        let at = format!("tools[{index}]");
        names.push(name(&tool["name"], 64, &format!("{at}.name"))?);
        if tool["type"].as_str().is_some_and(|kind| kind != "custom") {
            continue;
        }
        let schema = &tool["input_schema"];
        need(schema["type"] == "object", || {
            format!("{at}.input_schema.type: Field required, must be object")
        })?;
        let combined = ["anyOf", "oneOf", "allOf"].iter().any(|word| !schema[*word].is_null());
        need(!combined, || {
            format!(
                "{at}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
            )
        })?;
    }
    distinct(names, "tools")
}

fn choice(body: &Value, tools: &HashSet<String>) -> Result<(), Broken> {
    let choice = &body["tool_choice"];
    if choice.is_null() {
        return Ok(());
    }
    only(choice, &["type", "name", "disable_parallel_tool_use"], "tool_choice")?;
    need(!tools.is_empty(), || "tool_choice may only be specified while providing tools".to_owned())?;
    match choice["type"].as_str() {
        Some("auto" | "any" | "none") => Ok(()),
        Some("tool") => {
            let wanted = word(&choice["name"], "tool_choice.name")?;
            need(tools.contains(wanted), || {
                format!("tool_choice names {wanted:?}, which tools does not hold")
            })
        }
        _ => Err("tool_choice.type must be auto, any, tool or none".to_owned()),
    }
}

fn messages(messages: &[Value]) -> Result<(), Broken> {
    let mut ids = HashSet::new();
    let mut waiting: Vec<String> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let at = format!("messages[{index}]");
        match message["role"].as_str() {
            Some("user") => {
                let kinds = ["text", "image", "document", "search_result", "tool_result"];
                let content = blocks(&message["content"], &kinds, &format!("{at}.content"))?;
                results(content, &waiting, &at)?;
                waiting.clear();
            }
            Some("assistant") => {
                need(waiting.is_empty(), || unanswered(&at, &waiting))?;
                let kinds = ["text", "thinking", "redacted_thinking", "tool_use"];
                let content = blocks(&message["content"], &kinds, &format!("{at}.content"))?;
                waiting = calls(content, &at, &mut ids)?;
            }
            Some("system") if index > 0 && waiting.is_empty() => {
                blocks(&message["content"], &["text"], &format!("{at}.content"))?;
            }
            _ => return Err(format!("{at}.role is not allowed here")),
        }
    }
    need(waiting.is_empty(), || unanswered("the end", &waiting))?;
    need(messages.last().is_some_and(|last| last["role"] != "assistant"), || {
        "This model does not support assistant message prefill. The conversation must end with a user message.".to_owned()
    })
}

fn unanswered(at: &str, ids: &[String]) -> Broken {
    format!(
        "{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {}",
        ids.join(", ")
    )
}

/// Checks that the outcomes come first, one for each call.
fn results(content: &[Value], waiting: &[String], at: &str) -> Result<(), Broken> {
    let leading = content.iter().take_while(|block| block["type"] == "tool_result").count();
    let all = content.iter().filter(|block| block["type"] == "tool_result").count();
    need(leading == all, || format!("{at}: tool_result blocks must come first"))?;
    let mut open: Vec<&String> = waiting.iter().collect();
    for block in &content[..leading] {
        let id = word(&block["tool_use_id"], &format!("{at}: tool_use_id"))?;
        let place = open.iter().position(|waits| *waits == id);
        let place = place
            .ok_or_else(|| format!("{at}: unexpected `tool_use_id` found in `tool_result` blocks: {id}"))?;
        open.remove(place);
        if !block["content"].is_null()
            && block["content"] != ""
            && block["content"] != Value::Array(Vec::new())
        {
            let kinds = ["text", "image", "document", "search_result", "tool_reference"];
            blocks(&block["content"], &kinds, &format!("{at}.tool_result.content"))?;
        }
    }
    need(open.is_empty(), || unanswered(at, &open.into_iter().cloned().collect::<Vec<_>>()))
}

fn calls(content: &[Value], at: &str, ids: &mut HashSet<String>) -> Result<Vec<String>, Broken> {
    let mut called = Vec::new();
    for block in content.iter().filter(|block| block["type"] == "tool_use") {
        let id = name(&block["id"], 256, &format!("{at}: tool_use.id"))?;
        need(ids.insert(id.clone()), || format!("{at}: `tool_use` ids must be unique"))?;
        name(&block["name"], 64, &format!("{at}: tool_use.name"))?;
        need(block["input"].is_object(), || {
            format!("{at}: tool_use.input: Input should be a valid dictionary")
        })?;
        called.push(id);
    }
    Ok(called)
}

/// Checks content, and returns its blocks; a string is none.
fn blocks<'a>(content: &'a Value, kinds: &[&str], at: &str) -> Result<&'a [Value], Broken> {
    if let Some(text) = content.as_str() {
        need(!text.trim().is_empty(), || format!("{at}: text content blocks must be non-empty"))?;
        return Ok(&[]);
    }
    let content = filled(content, at)?;
    for (index, block) in content.iter().enumerate() {
        let at = format!("{at}[{index}]");
        let kind = block["type"].as_str().unwrap_or_default();
        need(kinds.contains(&kind), || format!("{at}.type {kind:?} is not allowed here"))?;
        match kind {
            "text" => need(block["text"].as_str().is_some_and(|text| !text.trim().is_empty()), || {
                format!("{at}: text content blocks must contain non-whitespace text")
            })?,
            "thinking" | "redacted_thinking" => need(block["cache_control"].is_null(), || {
                format!("{at}: cache_control cannot be set for `thinking` or `redacted_thinking` blocks")
            })?,
            "image" | "document" => source(&block["source"], kind, &format!("{at}.source"))?,
            _ => {}
        }
    }
    Ok(content)
}

fn source(source: &Value, kind: &str, at: &str) -> Result<(), Broken> {
    match (source["type"].as_str(), kind) {
        (Some("base64"), _) => {
            let kinds: &[&str] = if kind == "image" {
                &["image/jpeg", "image/png", "image/gif", "image/webp"]
            } else {
                &["application/pdf"]
            };
            one_of(&source["media_type"], kinds, &format!("{at}.media_type"))?;
            data(word(&source["media_type"], at)?, word(&source["data"], at)?, &format!("{at}.data"))
        }
        (Some("url"), _) => need(source["url"].as_str().is_some_and(|url| url.starts_with("http")), || {
            format!("{at}.url must be an address of the web")
        }),
        (Some("text"), "document") => word(&source["data"], at).map(|_| ()),
        _ => Err(format!("{at}.type is not allowed here")),
    }
}

/// Counts the marks of a prompt cache, wherever they stand.
fn breakpoints(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(breakpoints).sum(),
        Value::Object(object) => {
            let here = usize::from(object.get("cache_control").is_some_and(|mark| !mark.is_null()));
            here + object
                .iter()
                .filter(|(key, _)| *key != "input" && *key != "input_schema")
                .map(|(_, value)| breakpoints(value))
                .sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
