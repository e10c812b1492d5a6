//! `Anthropic` Messages answers.

use serde_json::{Value, json};

use crate::frame::{Frame, Part};
use crate::question::Question;
use crate::reply::{Reply, Stop, Thought, Usage};

pub(crate) fn whole(question: &Question, reply: &Reply) -> Value {
    let mut content: Vec<Value> =
        reply.thoughts.iter().map(|thought| thought_block(question, thought)).collect();
    if reply.speaks() {
        content.push(json!({"type": "text", "text": reply.text()}));
    }
    content.extend(reply.calls.iter().enumerate().map(|(place, call)| {
        json!({"type": "tool_use", "id": call_id(reply, place), "name": call.name, "input": call.arguments})
    }));
    let mut message = message(reply);
    message["content"] = Value::Array(content);
    message["stop_reason"] = json!(stop_reason(reply.stop));
    message["stop_details"] = stop_details(reply);
    message["usage"] = usage(&reply.usage);
    message
}

pub(crate) fn stream(question: &Question, reply: &Reply) -> Vec<Frame> {
    let mut start = message(reply);
    start["usage"] = usage(&Usage { output: 1, reasoning: 0, ..reply.usage });
    let mut frames = vec![
        event(Part::Preamble, "message_start", json!({"message": start})),
        event(Part::Preamble, "ping", json!({})),
    ];
    let mut index = 0;
    for thought in &reply.thoughts {
        let whole = thought_block(question, thought);
        if whole["type"] == "thinking" {
            let text = (whole["thinking"] != "")
                .then(|| json!({"type": "thinking_delta", "thinking": whole["thinking"]}));
            let signature = json!({"type": "signature_delta", "signature": whole["signature"]});
            let start = json!({"type": "thinking", "thinking": "", "signature": ""});
            block(&mut frames, index, &start, text.into_iter().chain([signature]));
        } else {
            block(&mut frames, index, &whole, []);
        }
        index += 1;
    }
    if reply.speaks() {
        let deltas = reply.pieces.iter().map(|piece| json!({"type": "text_delta", "text": piece}));
        block(&mut frames, index, &json!({"type": "text", "text": ""}), deltas);
        index += 1;
    }
    for (place, call) in reply.calls.iter().enumerate() {
        let start = json!({"type": "tool_use", "id": call_id(reply, place), "name": call.name, "input": {}});
        let deltas = [String::new(), call.text()]
            .map(|text| json!({"type": "input_json_delta", "partial_json": text}));
        block(&mut frames, index + place, &start, deltas);
    }
    frames.push(event(
        Part::Ending,
        "message_delta",
        json!({
            "delta": {"stop_reason": stop_reason(reply.stop), "stop_sequence": null,
                "stop_details": stop_details(reply)},
            "usage": usage(&reply.usage),
        }),
    ));
    frames.push(event(Part::Ending, "message_stop", json!({})));
    frames
}

/// Writes one content block. Its start and stop show nothing to a user and count as content only after a delta.
fn block(frames: &mut Vec<Frame>, index: usize, start: &Value, deltas: impl IntoIterator<Item = Value>) {
    let first =
        if frames.iter().any(|frame| frame.part == Part::Content) { Part::Content } else { Part::Preamble };
    frames.push(event(first, "content_block_start", json!({"index": index, "content_block": start})));
    for delta in deltas {
        let data = json!({"index": index, "delta": delta});
        frames.push(event(Part::Content, "content_block_delta", data));
    }
    frames.push(event(Part::Content, "content_block_stop", json!({"index": index})));
}

/// A thought with its signature; one that nobody may read is redacted, and none is shown to a client that wants none.
fn thought_block(question: &Question, thought: &Thought) -> Value {
    if thought.text.is_empty() {
        return json!({"type": "redacted_thinking", "data": thought.note});
    }
    let shown = if question.hides_thoughts { "" } else { &thought.text };
    json!({"type": "thinking", "thinking": shown, "signature": thought.note})
}

fn event(part: Part, name: &'static str, rest: Value) -> Frame {
    let mut data = json!({"type": name});
    if let (Value::Object(data), Value::Object(rest)) = (&mut data, rest) {
        data.extend(rest);
    }
    Frame::named(part, name, &data)
}

fn message(reply: &Reply) -> Value {
    json!({
        "id": format!("msg_sim{}", reply.number), "type": "message", "role": "assistant", "model": reply.model,
        "content": [], "stop_reason": null, "stop_sequence": null, "stop_details": null,
    })
}

fn call_id(reply: &Reply, place: usize) -> String {
    format!("toolu_{}", reply.call_mark(place))
}

/// Says why, where the model declines.
fn stop_details(reply: &Reply) -> Value {
    match &reply.refusal {
        Some(why) => json!({"type": "refusal", "category": "general_harms", "explanation": why}),
        None => Value::Null,
    }
}

fn stop_reason(stop: Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::Limit => "max_tokens",
        Stop::Tool => "tool_use",
        Stop::Refusal => "refusal",
    }
}

fn usage(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": usage.output, "output_tokens_details": {"thinking_tokens": usage.reasoning},
    })
}
