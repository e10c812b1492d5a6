#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};

use super::broken;

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";
const GEMINI: &str = "/v1beta/models/gemini-3-pro:generateContent";

/// A request that every rule allows, for each protocol.
fn good(path: &str) -> Value {
    match path {
        CHAT => json!({"model": "m", "max_completion_tokens": 9, "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "t"}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "r"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]}),
        MESSAGES => json!({"model": "m", "max_tokens": 9, "system": "s", "messages": [
            {"role": "user", "content": "t"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "r"}]}],
            "tools": [{"name": "f", "input_schema": {"type": "object"}}]}),
        RESPONSES => json!({"model": "m", "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "t"}]},
            {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "r"}],
            "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": false}]}),
        _ => json!({"contents": [
            {"role": "user", "parts": [{"text": "t"}]},
            {"role": "model", "parts": [
                {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "skip_thought_signature_validator"}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "r"}}}]}],
            "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object"}}]}]}),
    }
}

#[test]
fn a_proper_request_breaks_no_rule() {
    for path in [CHAT, MESSAGES, RESPONSES, GEMINI] {
        assert_eq!(broken(path, &good(path)), None, "{path}");
    }
}

#[test]
fn inline_data_is_taken_as_both_of_googles_sdks_write_it() {
    for part in [
        json!({"inlineData": {"mimeType": "image/jpeg", "data": "/9j/+w=="}}),
        json!({"inlineData": {"mime_type": "image/jpeg", "data": "_9j_-w=="}}),
    ] {
        let body = json!({"contents": [{"role": "user", "parts": [part]}]});
        assert_eq!(broken(GEMINI, &body), None, "{body}");
    }
}

#[test]
fn every_known_fault_is_refused_by_name() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    for (path, pointer, value, words) in [
        (CHAT, "/thinking", json!({}), "unknown field"),
        (CHAT, "/messages", json!([]), "messages"),
        (CHAT, "/messages/3/tool_call_id", json!("2"), "preceding"),
        (CHAT, "/messages/3", json!({"role": "user", "content": "t"}), "must be followed"),
        (CHAT, "/messages/2/tool_calls/0/id", json!("x".repeat(41)), "longer than 40"),
        (CHAT, "/messages/2/tool_calls/0/function/arguments", json!({}), "must be a string"),
        (CHAT, "/messages/2/tool_calls", json!([call("1"), call("1")]), "twice"),
        (CHAT, "/messages/3/content", json!([{"type": "image_url"}]), "not allowed here"),
        (
            CHAT,
            "/messages/1/content/0",
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}),
            "image/png",
        ),
        (CHAT, "/tools/0/function/name", json!("a.b"), "must match"),
        (CHAT, "/tools", json!([]), ""),
        (CHAT, "/stop", json!(["a", "b", "c", "d", "e"]), "stop"),
        (CHAT, "/max_tokens", json!(5), "must not both"),
        (CHAT, "/stream_options", json!({}), "stream_options"),
        (MESSAGES, "/max_tokens", Value::Null, "max_tokens"),
        (MESSAGES, "/temperature", json!(1.5), "temperature"),
        (MESSAGES, "/seed", json!(1), "unknown field"),
        (MESSAGES, "/messages/0/content", json!(""), "non-empty"),
        (MESSAGES, "/messages/2/content/0/tool_use_id", json!("2"), "unexpected `tool_use_id`"),
        (MESSAGES, "/messages/2/content", json!([{"type": "text", "text": "t"}]), "without `tool_result`"),
        (MESSAGES, "/messages/1/content/0/id", json!("a:b"), "must match"),
        (MESSAGES, "/messages/1/content/0/input", json!("{}"), "dictionary"),
        (
            MESSAGES,
            "/messages/1/content",
            json!([{"type": "thinking", "thinking": "t", "signature": "foreign"},
                {"type": "tool_use", "id": "1", "name": "f", "input": {}}]),
            "signature",
        ),
        (MESSAGES, "/tools/0/input_schema", json!({"type": "object", "anyOf": []}), "top level"),
        (MESSAGES, "/thinking", json!({"type": "enabled", "budget_tokens": 2000}), "greater than"),
        (
            MESSAGES,
            "/messages/2/content/0/content",
            json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "-_"}}]),
            "base64",
        ),
        (RESPONSES, "/stop", json!("x"), "unknown field"),
        (RESPONSES, "/max_output_tokens", json!(5), "max_output_tokens"),
        (RESPONSES, "/input/2/call_id", json!("2"), "No tool call found"),
        (RESPONSES, "/input/2", json!({"role": "user", "content": "t"}), "No tool output found"),
        (RESPONSES, "/input/1/id", json!("chatcmpl-1"), "begins with"),
        (RESPONSES, "/tools/0/strict", Value::Null, ""),
        (RESPONSES, "/input/0/content/0/type", json!("text"), "not allowed here"),
        (
            RESPONSES,
            "/input/0",
            json!({"type": "reasoning", "summary": [], "encrypted_content": "foreign"}),
            "verified",
        ),
        (GEMINI, "/contents/0/parts", json!([]), "not empty"),
        (GEMINI, "/contents/0/parts/0/text", json!(""), "not empty"),
        (GEMINI, "/contents/2/parts/0/functionResponse/name", json!("g"), "not those"),
        (GEMINI, "/contents/2/parts", json!([{"text": "t"}]), "number of function response parts"),
        (GEMINI, "/contents/1/parts/0/thoughtSignature", Value::Null, "missing a thought_signature"),
        (GEMINI, "/contents/1/parts/0/thoughtSignature", json!("foreign"), "not valid"),
        (
            GEMINI,
            "/tools/0/functionDeclarations/0/parametersJsonSchema/uniqueItems",
            json!(true),
            "unknown field",
        ),
        (GEMINI, "/generationConfig", json!({"stop": []}), "unknown field"),
    ] {
        let mut request = good(path);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match request.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
            object => object[key] = value,
        }
        let found = broken(path, &request);
        if words.is_empty() {
            assert_eq!(found, None, "{path}{pointer}");
        } else {
            assert!(found.as_ref().is_some_and(|found| found.contains(words)), "{path}{pointer}: {found:?}");
        }
    }
}
