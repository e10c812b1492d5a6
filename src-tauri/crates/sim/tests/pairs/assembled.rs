//! A client's stream put together as its SDK would, and no more forgiving than it.

use serde_json::{Map, Value, json};
use wire::Protocol;

/// One event of a stream: its name, where it has one, and its data.
pub(crate) type Event = (Option<String>, Value);

/// Reads a stream's frames: `event:` and one `data:` line each, set apart by a blank line.
pub(crate) fn events(protocol: Protocol, stream: &str) -> Vec<Event> {
    let blank = if protocol == Protocol::Gemini { "\r\n\r\n" } else { "\n\n" };
    assert!(stream.is_empty() || stream.ends_with(blank), "{protocol}: ends inside a frame: {stream}");
    stream.split_terminator(blank).filter_map(|frame| event(protocol, frame)).collect()
}

fn event(protocol: Protocol, frame: &str) -> Option<Event> {
    let (name, data) = match frame.split_once('\n') {
        Some((name, data)) => (name.strip_prefix("event: ").map(str::to_owned), data),
        None => (None, frame),
    };
    let named = matches!(protocol, Protocol::Messages | Protocol::Responses);
    assert_eq!(name.is_some(), named, "{protocol}: {frame}");
    let data = data.strip_prefix("data: ").unwrap_or_else(|| panic!("{protocol}: {frame}"));
    if data == "[DONE]" {
        assert_eq!(protocol, Protocol::Chat);
        return None;
    }
    let data: Value = serde_json::from_str(data).unwrap_or_else(|fault| panic!("{fault}: {frame}"));
    if let Some(name) = &name {
        assert_eq!(data["type"], **name, "{frame}");
    }
    Some((name, data))
}

/// Puts a stream together; it must be whole and keep its protocol's grammar.
pub(crate) fn assembled(protocol: Protocol, stream: &str) -> Value {
    let events = events(protocol, stream);
    match protocol {
        Protocol::Chat => {
            assert!(stream.ends_with("data: [DONE]\n\n"), "{stream}");
            chat(&events)
        }
        Protocol::Responses => responses(&events),
        Protocol::Messages => messages(&events),
        Protocol::Gemini => gemini(&events),
    }
}

fn append(to: &mut Value, more: &Value) {
    let joined = to.as_str().unwrap_or_default().to_owned() + more.as_str().unwrap_or_default();
    *to = joined.into();
}

fn messages(events: &[Event]) -> Value {
    let mut message = Value::Null;
    let (mut open, mut arguments, mut over) = (false, String::new(), false);
    for (_, event) in events {
        assert!(!over, "behind message_stop: {event}");
        match event["type"].as_str().unwrap() {
            "message_start" => message = event["message"].clone(),
            "ping" => {}
            "content_block_start" => {
                let content = message["content"].as_array_mut().unwrap();
                assert!(!open && event["index"] == content.len(), "{event}");
                content.push(event["content_block"].clone());
                (open, arguments) = (true, String::new());
            }
            kind @ ("content_block_delta" | "content_block_stop") => {
                let block = message["content"].as_array_mut().unwrap().last_mut().unwrap();
                assert!(open, "{event}");
                if kind == "content_block_delta" {
                    messages_delta(block, &event["delta"], &mut arguments);
                } else {
                    open = false;
                    if !arguments.is_empty() {
                        block["input"] = serde_json::from_str(&arguments).unwrap_or_else(|_| json!({}));
                    }
                }
            }
            "message_delta" => {
                assert!(!open, "{event}");
                for side in ["delta", "usage"] {
                    let target = if side == "delta" { &mut message } else { &mut message["usage"] };
                    for (key, value) in event[side].as_object().unwrap() {
                        target[key] = value.clone();
                    }
                }
            }
            "message_stop" => over = true,
            other => panic!("{other}"),
        }
    }
    assert!(over, "no message_stop");
    message
}

fn messages_delta(block: &mut Value, delta: &Value, arguments: &mut String) {
    match delta["type"].as_str().unwrap() {
        "text_delta" => append(&mut block["text"], &delta["text"]),
        "thinking_delta" => append(&mut block["thinking"], &delta["thinking"]),
        "signature_delta" => {
            assert_eq!(block["signature"], "", "signed twice");
            block["signature"] = delta["signature"].clone();
        }
        "input_json_delta" => arguments.push_str(delta["partial_json"].as_str().unwrap()),
        "citations_delta" => {
            if block["citations"].is_null() {
                block["citations"] = json!([]);
            }
            block["citations"].as_array_mut().unwrap().push(delta["citation"].clone());
        }
        other => panic!("{other}"),
    }
}

fn chat(events: &[Event]) -> Value {
    let mut answer = json!({"choices": []});
    let mut message = json!({});
    let mut finish = Value::Null;
    for (_, chunk) in events {
        for key in ["id", "created", "model"] {
            assert!(answer[key].is_null() || answer[key] == chunk[key], "{key} changes: {chunk}");
            answer[key] = chunk[key].clone();
        }
        if chunk["usage"].is_object() {
            answer["usage"] = chunk["usage"].clone();
        }
        for choice in chunk["choices"].as_array().unwrap() {
            assert_eq!(choice["index"], 0);
            assert!(finish.is_null(), "behind the finish reason: {chunk}");
            finish = choice["finish_reason"].clone();
            for (key, value) in choice["delta"].as_object().unwrap() {
                chat_delta(&mut message, key, value);
            }
        }
    }
    for call in message["tool_calls"].as_array_mut().into_iter().flatten() {
        call.as_object_mut().unwrap().remove("index");
    }
    answer["choices"] = json!([{"index": 0, "message": message, "finish_reason": finish}]);
    answer
}

/// Python's SDK joins all strings, so that what stands twice is there twice.
fn chat_delta(message: &mut Value, key: &str, value: &Value) {
    match (key, value) {
        ("tool_calls", Value::Array(pieces)) => {
            if message["tool_calls"].is_null() {
                message["tool_calls"] = json!([]);
            }
            let calls = message["tool_calls"].as_array_mut().unwrap();
            for piece in pieces {
                let index = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
                assert!(index <= calls.len(), "an index is left out: {piece}");
                if index == calls.len() {
                    calls.push(piece.clone());
                } else {
                    join(&mut calls[index], piece);
                }
            }
        }
        (_, Value::String(_)) => append(&mut message[key], value),
        (_, Value::Array(more)) => {
            if message[key].is_null() {
                message[key] = json!([]);
            }
            message[key].as_array_mut().unwrap().extend(more.iter().cloned());
        }
        (_, other) => message[key] = other.clone(),
    }
}

fn join(call: &mut Value, piece: &Value) {
    for (key, value) in piece.as_object().unwrap() {
        match value {
            Value::Object(_) => join(&mut call[key], value),
            Value::String(_) => append(&mut call[key], value),
            _ => {}
        }
    }
}

fn responses(events: &[Event]) -> Value {
    let mut said: Map<String, Value> = Map::new();
    let (mut items, mut done) = (Vec::new(), Vec::new());
    for (number, (_, event)) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{event}");
        let id = event["item_id"].as_str().unwrap_or_default();
        match event["type"].as_str().unwrap() {
            "response.output_item.added" => {
                assert_eq!(event["output_index"], items.len());
                items.push(event["item"]["id"].clone());
            }
            "response.output_item.done" => {
                assert_eq!(event["item"]["id"], items[done.len()], "{event}");
                done.push(event["item"].clone());
            }
            kind if kind.rsplit('.').next() == Some("delta") => {
                assert!(items.iter().any(|known| known == id), "{event}");
                append(said.entry(place(event)).or_insert(Value::Null), &event["delta"]);
            }
            kind @ ("response.output_text.done"
            | "response.refusal.done"
            | "response.function_call_arguments.done"
            | "response.custom_tool_call_input.done"
            | "response.reasoning_summary_text.done") => {
                let key = ["text", "refusal", "arguments", "input"]
                    .into_iter()
                    .find(|key| event[key].is_string())
                    .unwrap_or_else(|| panic!("{kind} says nothing"));
                let deltas = said.get(&place(event)).cloned().unwrap_or_else(|| "".into());
                assert_eq!(event[key], deltas, "{event}");
            }
            "response.completed" | "response.incomplete" => {
                assert_eq!(number + 1, events.len(), "behind the end");
                assert_eq!(event["response"]["output"], Value::Array(done.clone()));
                return event["response"].clone();
            }
            _ => {}
        }
    }
    panic!("no terminal: {events:?}")
}

/// Which text a delta belongs to.
fn place(event: &Value) -> String {
    let place = ["item_id", "content_index", "summary_index"].map(|key| event[key].to_string());
    place.join(" ")
}

fn gemini(events: &[Event]) -> Value {
    let mut answer = json!({});
    let mut parts: Vec<Value> = Vec::new();
    let mut finish = Value::Null;
    for (_, chunk) in events {
        assert!(finish.is_null(), "behind the finish reason: {chunk}");
        for key in ["responseId", "modelVersion", "usageMetadata"] {
            if !chunk[key].is_null() {
                answer[key] = chunk[key].clone();
            }
        }
        let candidate = &chunk["candidates"][0];
        let more = candidate["content"]["parts"].as_array().unwrap_or_else(|| panic!("no parts: {chunk}"));
        assert!(!more.is_empty(), "no parts: {chunk}");
        parts.extend(more.iter().cloned());
        finish = candidate["finishReason"].clone();
    }
    assert!(!finish.is_null(), "no finish reason");
    answer["candidates"] =
        json!([{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}]);
    joined_parts(&mut answer);
    answer
}

/// Joins the neighbours among a Gemini answer's texts and leaves out empty ones: where pieces end means nothing.
pub(crate) fn joined_parts(answer: &mut Value) {
    let parts = answer["candidates"][0]["content"]["parts"].take();
    let mut joined: Vec<Value> = Vec::new();
    for part in parts.as_array().into_iter().flatten() {
        let plain = |part: &Value| part["text"].is_string() && part["thoughtSignature"].is_null();
        if plain(part) && part["text"] == "" {
            continue;
        }
        match joined.last_mut() {
            Some(last) if plain(last) && plain(part) && last["thought"] == part["thought"] => {
                append(&mut last["text"], &part["text"]);
            }
            Some(_) | None => joined.push(part.clone()),
        }
    }
    answer["candidates"][0]["content"]["parts"] = joined.into();
}
