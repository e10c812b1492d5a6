//! What `OpenAI` Responses refuses.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    Broken, data_url, distinct, filled, image_url, list, name, need, object_in_string, one_of, only,
    strict_schema, within, word,
};

const KNOWN: &[&str] = &[
    "model",
    "input",
    "instructions",
    "previous_response_id",
    "conversation",
    "store",
    "include",
    "max_output_tokens",
    "max_tool_calls",
    "parallel_tool_calls",
    "truncation",
    "reasoning",
    "text",
    "tools",
    "tool_choice",
    "stream",
    "stream_options",
    "background",
    "prompt",
    "context_management",
    "metadata",
    "safety_identifier",
    "user",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "service_tier",
    "temperature",
    "top_p",
    "top_logprobs",
];

pub(super) fn check(body: &Value) -> Result<(), Broken> {
    only(body, KNOWN, "the request")?;
    word(&body["model"], "model")?;
    settings(body)?;
    let tools = tools(body)?;
    choice(body, &tools)?;
    if body["input"].is_string() {
        return Ok(());
    }
    items(filled(&body["input"], "input")?)
}

fn settings(body: &Value) -> Result<(), Broken> {
    within(&body["max_output_tokens"], 16.0, 1e7, "max_output_tokens")?;
    within(&body["temperature"], 0.0, 2.0, "temperature")?;
    within(&body["top_p"], 0.0, 1.0, "top_p")?;
    need(body["instructions"].is_null() || body["instructions"].is_string(), || {
        "instructions must be a string".to_owned()
    })?;
    if !body["reasoning"].is_null() {
        only(&body["reasoning"], &["effort", "summary", "context", "mode"], "reasoning")?;
        let efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
        one_of(&body["reasoning"]["effort"], &efforts, "reasoning.effort")?;
    }
    if !body["text"].is_null() {
        only(&body["text"], &["format", "verbosity"], "text")?;
        let format = &body["text"]["format"];
        one_of(&format["type"], &["text", "json_object", "json_schema"], "text.format.type")?;
        if format["type"] == "json_schema" {
            name(&format["name"], 64, "text.format.name")?;
            if format["strict"] == Value::Bool(true) {
                strict_schema(&format["schema"], "text.format.schema")?;
            }
        }
    }
    Ok(())
}

fn tools(body: &Value) -> Result<HashSet<String>, Broken> {
    let mut names = Vec::new();
    for (index, tool) in list(&body["tools"], "tools")?.iter().enumerate() {
        let at = format!("tools[{index}]");
        match tool["type"].as_str() {
            Some("function") => {
                names.push(name(&tool["name"], 128, &format!("{at}.name"))?);
                need(tool["parameters"]["type"] == "object", || {
                    format!("{at}.parameters must be of type object")
                })?;
                // The API is strict unless it is told not to be.
                if tool["strict"] != Value::Bool(false) {
                    strict_schema(&tool["parameters"], &format!("{at}.parameters"))?;
                }
            }
            Some("custom") => names.push(name(&tool["name"], 128, &format!("{at}.name"))?),
            Some(
                "web_search" | "web_search_preview" | "file_search" | "code_interpreter" | "mcp"
                | "namespace",
            ) => {}
            kind => return Err(format!("{at}.type {kind:?} is not supported")),
        }
    }
    distinct(names, "tools")
}

fn choice(body: &Value, tools: &HashSet<String>) -> Result<(), Broken> {
    match &body["tool_choice"] {
        Value::Null => Ok(()),
        Value::String(_) => one_of(&body["tool_choice"], &["none", "auto", "required"], "tool_choice"),
        chosen if chosen["type"] == "function" || chosen["type"] == "custom" => {
            let wanted = word(&chosen["name"], "tool_choice.name")?;
            need(tools.contains(wanted), || {
                format!("tool_choice names {wanted:?}, which tools does not hold")
            })
        }
        chosen => need(chosen["type"].is_string(), || "tool_choice.type is missing".to_owned()),
    }
}

fn items(items: &[Value]) -> Result<(), Broken> {
    let mut waiting = HashSet::new();
    let mut ids = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("input[{index}]");
        match item["type"].as_str() {
            None | Some("message") => message(item, &at)?,
            Some("function_call") => {
                name(&item["name"], 128, &format!("{at}.name"))?;
                object_in_string(&item["arguments"], &format!("{at}.arguments"))?;
                prefixed(item, "fc_", &at)?;
                waiting.insert(call_id(item, &at, &mut ids)?);
            }
            Some("custom_tool_call") => {
                name(&item["name"], 128, &format!("{at}.name"))?;
                need(item["input"].is_string(), || format!("{at}.input must be a string"))?;
                prefixed(item, "ctc_", &at)?;
                waiting.insert(call_id(item, &at, &mut ids)?);
            }
            Some("function_call_output" | "custom_tool_call_output") => {
                let id = word(&item["call_id"], &format!("{at}.call_id"))?;
                need(waiting.remove(id), || {
                    format!("No tool call found for function call output with call_id {id}.")
                })?;
                if !item["output"].is_string() {
                    parts(
                        &item["output"],
                        &["input_text", "input_image", "input_file"],
                        &format!("{at}.output"),
                    )?;
                }
            }
            Some("reasoning") => {
                need(item["summary"].is_array(), || format!("{at}.summary must be an array"))?;
                prefixed(item, "rs_", &at)?;
            }
            Some(kind) => return Err(format!("{at}.type {kind:?} is not supported")),
        }
    }
    need(waiting.is_empty(), || format!("No tool output found for function call {waiting:?}."))
}

fn call_id(item: &Value, at: &str, ids: &mut HashSet<String>) -> Result<String, Broken> {
    let id = word(&item["call_id"], &format!("{at}.call_id"))?;
    need(id.len() <= 64, || format!("{at}.call_id is longer than 64"))?;
    need(ids.insert(id.to_owned()), || format!("{at}.call_id is used twice"))?;
    Ok(id.to_owned())
}

fn prefixed(item: &Value, prefix: &str, at: &str) -> Result<(), Broken> {
    let id = item["id"].as_str();
    need(id.is_none_or(|id| id.starts_with(prefix)), || {
        format!("Invalid '{at}.id': {id:?}. Expected an ID that begins with '{prefix}'.")
    })
}

fn message(item: &Value, at: &str) -> Result<(), Broken> {
    let kinds: &[&str] = match item["role"].as_str() {
        Some("user") => &["input_text", "input_image", "input_file"],
        Some("system" | "developer") => &["input_text"],
        Some("assistant") => &["output_text", "refusal"],
        _ => return Err(format!("{at}.role is not known")),
    };
    prefixed(item, "msg_", at)?;
    if item["content"].is_string() {
        return Ok(());
    }
    parts(&item["content"], kinds, &format!("{at}.content"))
}

fn parts(content: &Value, kinds: &[&str], at: &str) -> Result<(), Broken> {
    for (index, part) in filled(content, at)?.iter().enumerate() {
        let at = format!("{at}[{index}]");
        let kind = part["type"].as_str().unwrap_or_default();
        need(kinds.contains(&kind), || format!("{at}.type {kind:?} is not allowed here"))?;
        match kind {
            "input_text" | "output_text" => {
                need(part["text"].is_string(), || format!("{at}.text must be a string"))?;
            }
            "input_image" => image_url(&part["image_url"], &format!("{at}.image_url"))?,
            "input_file" if part["file_url"].is_null() => {
                word(&part["filename"], &format!("{at}.filename"))?;
                data_url(word(&part["file_data"], &at)?, &format!("{at}.file_data"))?;
            }
            _ => {}
        }
    }
    Ok(())
}
