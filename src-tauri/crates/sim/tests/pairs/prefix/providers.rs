//! What the channels' models answer, in each protocol's own words, with the notes that each wants back.

use serde_json::{Value, json};
use wire::Protocol;

use super::Answer;

/// Writes the whole answer of a turn; `tool` is what the channel knows the tool as.
pub(super) fn answer(protocol: Protocol, turn: usize, script: &Answer, tool: &str) -> Value {
    match protocol {
        Protocol::Chat => chat(turn, script, tool),
        Protocol::Responses => responses(turn, script, tool),
        Protocol::Messages => messages(turn, script, tool),
        Protocol::Gemini => gemini(turn, script, tool),
    }
}

/// What the tool gets, in a spelling that no writer of ours would choose.
fn arguments(turn: usize, nth: usize) -> String {
    format!(r#"{{"place": "{turn}.{nth}", "a": 1.0}}"#)
}

/// What the model thinks in every third turn is withheld.
fn thought(turn: usize) -> Option<String> {
    (!turn.is_multiple_of(3)).then(|| format!("I think of {turn}."))
}

fn chat(turn: usize, script: &Answer, tool: &str) -> Value {
    let calls: Vec<Value> = (0..script.calls)
        .map(|nth| {
            json!({"id": format!("functions.look:{turn}.{nth}"), "type": "function",
                "function": {"name": tool, "arguments": arguments(turn, nth)}})
        })
        .collect();
    let mut message = json!({"role": "assistant", "content": script.says});
    if script.thinks {
        message["reasoning_content"] = thought(turn).into();
        if turn.is_multiple_of(2) {
            message["reasoning_details"] = json!([{"type": "reasoning.encrypted", "data": format!("D{turn}"), "format": "openai-responses-v1", "index": 0}]);
        }
    }
    let stop = if calls.is_empty() { "stop" } else { "tool_calls" };
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!({"id": "c", "object": "chat.completion", "model": "m", "created": 1,
        "choices": [{"index": 0, "message": message, "finish_reason": stop}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
}

fn responses(turn: usize, script: &Answer, tool: &str) -> Value {
    let mut output = Vec::new();
    if script.thinks {
        let summary: Vec<Value> =
            thought(turn).into_iter().map(|text| json!({"type": "summary_text", "text": text})).collect();
        output.push(json!({"type": "reasoning", "id": format!("rs_{turn}"), "summary": summary,
            "encrypted_content": format!("E{turn}==")}));
    }
    if let Some(text) = script.says {
        output.push(
            json!({"type": "message", "id": format!("msg_{turn}"), "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}]}),
        );
    }
    for nth in 0..script.calls {
        output.push(json!({"type": "function_call", "id": format!("fc_{turn}_{nth}"), "call_id": format!("call_{turn}_{nth}"),
            "name": tool, "arguments": arguments(turn, nth), "status": "completed"}));
    }
    json!({"id": format!("resp_{turn}"), "object": "response", "status": "completed", "model": "m", "output": output,
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}})
}

fn messages(turn: usize, script: &Answer, tool: &str) -> Value {
    let mut content = Vec::new();
    if script.thinks {
        content.push(match thought(turn) {
            Some(text) => json!({"type": "thinking", "thinking": text, "signature": format!("S{turn}==")}),
            None => json!({"type": "redacted_thinking", "data": format!("R{turn}+/")}),
        });
    }
    if let Some(text) = script.says {
        content.push(json!({"type": "text", "text": text}));
    }
    for nth in 0..script.calls {
        content.push(json!({"type": "tool_use", "id": format!("toolu_{turn}_{nth}"), "name": tool,
            "input": {"place": format!("{turn}.{nth}"), "a": 1.0}}));
    }
    let stop = if script.calls > 0 { "tool_use" } else { "end_turn" };
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": stop,
        "usage": {"input_tokens": 1, "output_tokens": 1}})
}

fn gemini(turn: usize, script: &Answer, tool: &str) -> Value {
    let mut parts = Vec::new();
    if script.thinks
        && let Some(text) = thought(turn)
    {
        parts.push(json!({"text": text, "thought": true}));
    }
    if let Some(text) = script.says {
        parts.push(json!({"text": text}));
    }
    for nth in 0..script.calls {
        parts.push(
            json!({"functionCall": {"name": tool, "args": {"place": format!("{turn}.{nth}"), "a": 1.0}}}),
        );
    }
    // A step is signed at its first call, else at its last part; one that was not thought about is not signed at all.
    if script.thinks {
        let first_call = parts.iter().position(|part| part["functionCall"].is_object());
        let signed = first_call.unwrap_or(parts.len() - 1);
        parts[signed]["thoughtSignature"] = format!("G{turn}+/8=").into();
    }
    json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}, "responseId": "r", "modelVersion": "m"})
}
