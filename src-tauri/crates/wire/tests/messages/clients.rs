//! The recorded requests of real clients.

#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures; the crate itself does no I/O")]

use std::path::Path;

use serde_json::{Value, json};
use wire::Protocol;

use crate::{NEWEST, encoded};

/// Brings content into one form: blocks, without what says nothing.
fn blocks(content: &Value) -> Vec<Value> {
    let text = |text: &Value| json!({"type": "text", "text": text});
    let list = match content {
        Value::String(_) => vec![text(content)],
        Value::Array(list) => list.clone(),
        _ => Vec::new(),
    };
    let normal = list.into_iter().map(|mut block| {
        if block["type"] == "tool_reference" {
            return text(&json!(format!("[tool available: {}]", block["tool_name"].as_str().unwrap())));
        }
        if block["type"] == "tool_result" {
            block["content"] = blocks(&block["content"]).into();
            if block["is_error"] == false {
                block.as_object_mut().unwrap().remove("is_error");
            }
        }
        block
    });
    normal.filter(|block| block["text"] != "").collect()
}

pub(crate) fn messages(body: &Value) -> Vec<(String, Vec<Value>)> {
    let mut messages: Vec<(String, Vec<Value>)> = Vec::new();
    for message in body["messages"].as_array().unwrap() {
        let role = message["role"].as_str().unwrap();
        let mut said = blocks(&message["content"]);
        match messages.last_mut() {
            Some((last, before)) if last == role => before.append(&mut said),
            _ => messages.push((role.to_owned(), said)),
        }
    }
    messages
}

fn system(body: &Value) -> Vec<Value> {
    let attribution =
        |block: &Value| block["text"].as_str().unwrap().starts_with("x-anthropic-billing-header:");
    blocks(&body["system"]).into_iter().filter(|block| !attribution(block)).collect()
}

fn tools(body: &Value) -> Vec<Value> {
    let mut tools = body["tools"].as_array().cloned().unwrap_or_default();
    for tool in &mut tools {
        tool.as_object_mut().unwrap().remove("defer_loading");
        // Anthropic needs no word for the dialect of JSON Schema.
        if let Some(schema) = tool["input_schema"].as_object_mut() {
            schema.remove("$schema");
        }
    }
    tools
}

#[test]
fn what_real_clients_say_comes_out_as_it_went_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/clients");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let recorded: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if !recorded["path"].as_str().unwrap().starts_with("/v1/messages") {
            continue;
        }
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let body = &recorded["body"];
        // The newest model takes system messages where they stand.
        let (out, notes) = encoded(Protocol::Messages, body, &NEWEST).unwrap();
        assert_eq!(messages(&out), messages(body), "{file}");
        assert_eq!(system(&out), system(body), "{file}");
        assert_eq!(tools(&out), tools(body), "{file}");
        assert_eq!(out["tool_choice"], body["tool_choice"], "{file}");
        assert_eq!(out["metadata"], body["metadata"], "{file}");
        assert_eq!(out["stream"] == true, body["stream"] == true, "{file}");
        if !body["max_tokens"].is_null() {
            assert_eq!(out["max_tokens"], body["max_tokens"], "{file}");
        }
        if body["thinking"]["type"] == "adaptive" {
            assert_eq!(out["thinking"], body["thinking"], "{file}");
            assert_eq!(out["output_config"], body["output_config"], "{file}");
        }
        let known = ["thinking", "tools[].defer_loading", "temperature"];
        let unexpected: Vec<_> =
            notes.iter().filter(|note| !known.iter().any(|known| note.ends_with(known))).collect();
        assert!(unexpected.is_empty(), "{file}: {unexpected:?}");
        seen += 1;
    }
    assert_eq!(seen, 19, "every recorded request in this protocol was read");
}

#[test]
fn the_golden_request_comes_out_as_it_went_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/streams");
    let body: Value =
        serde_json::from_slice(&std::fs::read(folder.join("Q1.anthropic.json")).unwrap()).unwrap();
    let (out, notes) = encoded(Protocol::Messages, &body, &NEWEST).unwrap();
    assert_eq!(messages(&out), messages(&body));
    for member in ["max_tokens", "system", "tools", "tool_choice", "stop_sequences"] {
        assert_eq!(out[member], body[member]);
    }
    assert!(notes.is_empty(), "{notes:?}");
}
