//! `OpenAI` Chat Completions answers.

use serde_json::{Value, json};

use crate::frame::{Frame, Part};
use crate::question::Question;
use crate::reply::{Call, Reply, Stop, Thought, Usage};

const CREATED: u64 = 1_763_600_000;

pub(crate) fn whole(question: &Question, reply: &Reply) -> Value {
    let content = reply.speaks().then(|| reply.text());
    let mut message = json!({"role": "assistant", "content": content, "refusal": reply.refusal});
    if !reply.calls.is_empty() {
        let call = |(place, call): (usize, &Call)| {
            json!({"id": call_id(reply, place), "type": "function",
                "function": {"name": call.name, "arguments": call.text()}})
        };
        message["tool_calls"] = reply.calls.iter().enumerate().map(call).collect();
    }
    match (question.wants_details(), reply.thinking()) {
        (true, thinking) if !reply.thoughts.is_empty() => {
            message["reasoning"] = json!(thinking);
            message["reasoning_details"] = reply.thoughts.iter().enumerate().map(detail).collect();
        }
        (false, Some(thinking)) => message["reasoning_content"] = json!(thinking),
        (true | false, _) => {}
    }
    json!({
        "id": id(reply), "object": "chat.completion", "created": CREATED, "model": reply.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish(reply.stop)}],
        "usage": usage(&reply.usage),
    })
}

pub(crate) fn stream(question: &Question, reply: &Reply) -> Vec<Frame> {
    let chunk = |part: Part, delta: Value, finish: Value| {
        let mut chunk = frame_body(reply);
        chunk["choices"] = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        if question.wants_usage {
            chunk["usage"] = Value::Null;
        }
        Frame::new(part, &chunk)
    };
    let content = |delta: Value| chunk(Part::Content, delta, Value::Null);

    let mut frames = vec![chunk(Part::Preamble, json!({"role": "assistant", "content": ""}), Value::Null)];
    if question.wants_details() {
        let deltas = reply.thoughts.iter().enumerate().flat_map(detail_deltas);
        frames.extend(deltas.map(content));
    } else {
        frames.extend(reply.thinking().map(|text| content(json!({"reasoning_content": text}))));
    }
    frames.extend(reply.pieces.iter().map(|piece| content(json!({"content": piece}))));
    frames.extend(reply.refusal.iter().map(|text| content(json!({"refusal": text}))));
    for (place, call) in reply.calls.iter().enumerate() {
        let start = json!({"index": place, "id": call_id(reply, place), "type": "function",
            "function": {"name": call.name, "arguments": ""}});
        frames.push(content(json!({"tool_calls": [start]})));
        let rest = json!({"index": place, "function": {"arguments": call.text()}});
        frames.push(content(json!({"tool_calls": [rest]})));
    }
    frames.push(chunk(Part::Ending, json!({}), json!(finish(reply.stop))));
    if question.wants_usage {
        let mut last = frame_body(reply);
        last["choices"] = json!([]);
        last["usage"] = usage(&reply.usage);
        frames.push(Frame::new(Part::Ending, &last));
    }
    frames.push(Frame { name: None, data: "[DONE]".to_owned(), part: Part::Ending });
    frames
}

/// A thought in the words of a router to many vendors' models; one that nobody may read is encrypted.
fn detail((index, thought): (usize, &Thought)) -> Value {
    let mut detail = json!({"format": "anthropic-claude-v1", "index": index});
    if thought.text.is_empty() {
        detail["type"] = json!("reasoning.encrypted");
        detail["data"] = json!(thought.note);
    } else {
        detail["type"] = json!("reasoning.text");
        detail["text"] = json!(thought.text);
        detail["signature"] = json!(thought.note);
    }
    detail
}

/// A thought in a stream: its signature comes in an event of its own, behind its text.
fn detail_deltas((index, thought): (usize, &Thought)) -> Vec<Value> {
    let whole = detail((index, thought));
    if thought.text.is_empty() {
        return vec![json!({"reasoning_details": [whole]})];
    }
    let without = |name: &str| {
        let mut piece = whole.clone();
        if let Value::Object(piece) = &mut piece {
            piece.remove(name);
        }
        piece
    };
    vec![
        json!({"reasoning": thought.text, "reasoning_details": [without("signature")]}),
        json!({"reasoning_details": [without("text")]}),
    ]
}

fn frame_body(reply: &Reply) -> Value {
    json!({"id": id(reply), "object": "chat.completion.chunk", "created": CREATED, "model": reply.model})
}

fn id(reply: &Reply) -> String {
    format!("chatcmpl-sim{}", reply.number)
}

fn call_id(reply: &Reply, place: usize) -> String {
    format!("call_{}", reply.call_mark(place))
}

/// `OpenAI` ends a refusal in words like any other answer; `content_filter` is for what a filter took away.
fn finish(stop: Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Refusal => "stop",
        Stop::Limit => "length",
        Stop::Tool => "tool_calls",
    }
}

fn usage(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input, "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    })
}
