//! Gemini answers.

use serde_json::{Value, json};

use crate::frame::{Frame, Part};
use crate::question::Question;
use crate::reply::{Reply, Stop, Usage};

pub(crate) fn whole(question: &Question, reply: &Reply) -> Value {
    let mut parts: Vec<Value> = thoughts(question, reply).collect();
    if reply.speaks() {
        parts.push(signed_text(reply, &reply.text()));
    }
    parts.extend(call_parts(reply));
    response(reply, &Value::Array(parts), Some(finish(reply.stop)))
}

pub(crate) fn stream(question: &Question, reply: &Reply) -> Vec<Frame> {
    let chunk = |part: Value| Frame::new(Part::Content, &response(reply, &json!([part]), None));
    let mut frames: Vec<Frame> = thoughts(question, reply).map(chunk).collect();
    frames.extend(reply.pieces.iter().map(|piece| chunk(json!({"text": piece}))));
    frames.extend(call_parts(reply).map(chunk));
    let last = response(reply, &json!([signed_text(reply, "")]), Some(finish(reply.stop)));
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

/// The thoughts that a client may read, unless it wants none.
fn thoughts(question: &Question, reply: &Reply) -> impl Iterator<Item = Value> {
    let shown = reply.thoughts.iter().filter(|thought| !question.hides_thoughts && !thought.text.is_empty());
    shown.map(|thought| json!({"text": thought.text, "thought": true}))
}

/// A text; the signature of an answer without calls stands with it, in a stream behind all others.
fn signed_text(reply: &Reply, text: &str) -> Value {
    let mut part = json!({"text": text});
    if let Some(signature) = reply.signature.as_ref().filter(|_| reply.calls.is_empty()) {
        part["thoughtSignature"] = json!(signature);
    }
    part
}

/// The calls of one step, of which the first carries the signature of the thoughts before.
fn call_parts(reply: &Reply) -> impl Iterator<Item = Value> {
    reply.calls.iter().enumerate().map(|(place, call)| {
        let id = format!("fc_{}", reply.call_mark(place));
        let mut part = json!({"functionCall": {"id": id, "name": call.name, "args": call.arguments}});
        if let Some(signature) = reply.signature.as_ref().filter(|_| place == 0) {
            part["thoughtSignature"] = json!(signature);
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
