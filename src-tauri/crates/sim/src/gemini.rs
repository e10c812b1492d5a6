//! Gemini answers.

use serde_json::{Value, json};

use crate::frame::{Frame, Part};
use crate::reply::{Reply, Stop, Usage};

/// A thought signature must be valid base64; the Python SDK refuses the whole response otherwise.
pub(crate) const SIGNATURE: &str = "c2ltLWdlbWluaQ==";

pub(crate) fn whole(reply: &Reply) -> Value {
    let mut parts: Vec<Value> = reply.thinking.iter().map(thought).collect();
    if reply.speaks() {
        parts.push(json!({"text": reply.text()}));
    }
    parts.extend(call_parts(reply));
    response(reply, &Value::Array(parts), Some(finish(reply.stop)))
}

pub(crate) fn stream(reply: &Reply) -> Vec<Frame> {
    let chunk = |part: Value| Frame::new(Part::Content, &response(reply, &json!([part]), None));
    let mut frames: Vec<Frame> = reply.thinking.iter().map(|text| chunk(thought(text))).collect();
    frames.extend(reply.pieces.iter().map(|piece| chunk(json!({"text": piece}))));
    frames.extend(call_parts(reply).map(chunk));
    let last = response(reply, &json!([{"text": ""}]), Some(finish(reply.stop)));
    frames.push(Frame::new(Part::Ending, &last));
    frames
}

fn response(reply: &Reply, parts: &Value, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    let mut response = json!({});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
        if let Some(why) = &reply.refusal {
            candidate["finishMessage"] = json!(why);
        }
    }
    response["candidates"] = json!([candidate]);
    if finish.is_some() {
        response["usageMetadata"] = usage(&reply.usage);
    }
    response["modelVersion"] = json!(reply.model);
    response["responseId"] = json!(format!("sim{}", reply.number));
    response
}

fn thought(text: &String) -> Value {
    json!({"text": text, "thought": true})
}

/// The calls of one step, of which the first carries the signature of the thoughts before.
fn call_parts(reply: &Reply) -> impl Iterator<Item = Value> {
    reply.calls.iter().enumerate().map(|(place, call)| {
        let id = format!("fc_{}", reply.call_mark(place));
        let mut part = json!({"functionCall": {"id": id, "name": call.name, "args": call.arguments}});
        if place == 0 && reply.thinking.is_some() {
            part["thoughtSignature"] = json!(SIGNATURE);
        }
        part
    })
}

/// Gemini says `STOP` for tool calls too.
fn finish(stop: Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Tool => "STOP",
        Stop::Limit => "MAX_TOKENS",
        Stop::Refusal => "SAFETY",
    }
}

/// Gemini counts thoughts beside the candidates' tokens, not within them.
fn usage(usage: &Usage) -> Value {
    json!({
        "promptTokenCount": usage.input, "candidatesTokenCount": usage.output - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning, "totalTokenCount": usage.input + usage.output,
    })
}
