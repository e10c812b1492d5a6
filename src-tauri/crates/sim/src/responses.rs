//! `OpenAI` Responses answers.

use serde_json::{Value, json};

use crate::frame::{Frame, Part};
use crate::reply::{Reply, Stop, Thought, Usage};

const CREATED: u64 = 1_763_600_000;

pub(crate) fn whole(reply: &Reply) -> Value {
    finished(reply)
}

pub(crate) fn stream(reply: &Reply) -> Vec<Frame> {
    let mut events = Events::default();
    let begun = json!({"response": response(reply, "in_progress")});
    events.push(Part::Preamble, "response.created", begun.clone());
    events.push(Part::Preamble, "response.in_progress", begun);
    let mut index = 0;
    for place in 0..reply.thoughts.len() {
        events.reasoning(index, reply, place);
        index += 1;
    }
    if reply.speaks() || reply.refusal.is_some() {
        events.message(index, reply);
        index += 1;
    }
    for place in 0..reply.calls.len() {
        events.call(index + place, reply, place);
    }
    let last = match reply.stop {
        Stop::End | Stop::Tool | Stop::Refusal => "response.completed",
        Stop::Limit => "response.incomplete",
    };
    events.push(Part::Ending, last, json!({"response": finished(reply)}));
    events.0
}

/// The events so far; every one carries its place in the stream.
#[derive(Default)]
struct Events(Vec<Frame>);

impl Events {
    fn push(&mut self, part: Part, name: &'static str, rest: Value) {
        let mut data = json!({"type": name, "sequence_number": self.0.len()});
        if let (Value::Object(data), Value::Object(rest)) = (&mut data, rest) {
            data.extend(rest);
        }
        self.0.push(Frame::named(part, name, &data));
    }

    /// What opens an item shows nothing to a user, unless something was shown before.
    fn opening(&self) -> Part {
        let shown = self.0.iter().any(|frame| frame.part == Part::Content);
        if shown { Part::Content } else { Part::Preamble }
    }

    fn reasoning(&mut self, index: usize, reply: &Reply, place: usize) {
        let Thought { text, note } = &reply.thoughts[place];
        let whole = reasoning_item(reply, place);
        let at = |mut rest: Value| {
            rest["item_id"] = whole["id"].clone();
            rest["output_index"] = json!(index);
            rest["summary_index"] = json!(0);
            rest
        };
        let opening = self.opening();
        let mut empty = json!({"type": "reasoning", "id": whole["id"], "summary": []});
        if let Some(note) = note {
            // What is encrypted grows until the item is done.
            empty["encrypted_content"] = json!(note[..note.len() / 2]);
        }
        self.push(opening, "response.output_item.added", json!({"output_index": index, "item": empty}));
        if text.is_empty() {
            return self.item_done(index, &whole);
        }
        let part = |text: &str| at(json!({"part": {"type": "summary_text", "text": text}}));
        self.push(opening, "response.reasoning_summary_part.added", part(""));
        self.push(Part::Content, "response.reasoning_summary_text.delta", at(json!({"delta": text})));
        self.push(Part::Content, "response.reasoning_summary_text.done", at(json!({"text": text})));
        self.push(Part::Content, "response.reasoning_summary_part.done", part(text));
        self.item_done(index, &whole);
    }

    fn message(&mut self, index: usize, reply: &Reply) {
        let at = |mut rest: Value| {
            rest["item_id"] = json!(message_id(reply));
            rest["output_index"] = json!(index);
            rest["content_index"] = json!(0);
            rest
        };
        let opening = self.opening();
        let empty = json!({"type": "message", "id": message_id(reply), "status": "in_progress",
            "role": "assistant", "content": []});
        self.push(opening, "response.output_item.added", json!({"output_index": index, "item": empty}));
        let empty = match &reply.refusal {
            Some(_) => refusal_part(""),
            None => text_part(""),
        };
        self.push(opening, "response.content_part.added", at(json!({"part": empty})));
        match &reply.refusal {
            Some(why) => {
                self.push(Part::Content, "response.refusal.delta", at(json!({"delta": why})));
                self.push(Part::Content, "response.refusal.done", at(json!({"refusal": why})));
            }
            None => self.text(reply, at),
        }
        self.push(Part::Content, "response.content_part.done", at(json!({"part": said_part(reply)})));
        self.item_done(index, &message_item(reply));
    }

    fn text(&mut self, reply: &Reply, at: impl Fn(Value) -> Value) {
        for piece in &reply.pieces {
            let delta = at(json!({"delta": piece, "logprobs": []}));
            self.push(Part::Content, "response.output_text.delta", delta);
        }
        let done = at(json!({"text": reply.text(), "logprobs": []}));
        self.push(Part::Content, "response.output_text.done", done);
    }

    fn call(&mut self, index: usize, reply: &Reply, place: usize) {
        let call = &reply.calls[place];
        let (delta, done, member) = if call.free_form {
            ("response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input")
        } else {
            ("response.function_call_arguments.delta", "response.function_call_arguments.done", "arguments")
        };
        let full = call_item(reply, place);
        let mut empty = full.clone();
        empty["status"] = json!("in_progress");
        empty[member] = json!("");
        self.push(
            self.opening(),
            "response.output_item.added",
            json!({"output_index": index, "item": empty}),
        );
        let at = json!({"item_id": full["id"], "output_index": index});
        let with = |member: &str| {
            let mut data = at.clone();
            data[member] = json!(call.text());
            data
        };
        self.push(Part::Content, delta, with("delta"));
        self.push(Part::Content, done, with(member));
        self.item_done(index, &full);
    }

    fn item_done(&mut self, index: usize, item: &Value) {
        let data = json!({"output_index": index, "item": item});
        self.push(Part::Content, "response.output_item.done", data);
    }
}

fn response(reply: &Reply, status: &str) -> Value {
    json!({
        "id": format!("resp_sim{}", reply.number), "object": "response", "created_at": CREATED, "status": status,
        "error": null, "incomplete_details": null, "instructions": null, "model": reply.model, "output": [],
        "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0,
        "metadata": {},
    })
}

fn finished(reply: &Reply) -> Value {
    let mut output: Vec<Value> =
        (0..reply.thoughts.len()).map(|place| reasoning_item(reply, place)).collect();
    if reply.speaks() || reply.refusal.is_some() {
        output.push(message_item(reply));
    }
    output.extend((0..reply.calls.len()).map(|place| call_item(reply, place)));
    let mut response = match reply.stop {
        Stop::End | Stop::Tool | Stop::Refusal => response(reply, "completed"),
        Stop::Limit => {
            let mut response = response(reply, "incomplete");
            response["incomplete_details"] = json!({"reason": "max_output_tokens"});
            response
        }
    };
    response["output"] = Value::Array(output);
    response["usage"] = usage(&reply.usage);
    response
}

fn message_id(reply: &Reply) -> String {
    format!("msg_{}", reply.call_mark(0))
}

/// A thought; one that nobody may read has no summary.
fn reasoning_item(reply: &Reply, place: usize) -> Value {
    let Thought { text, note } = &reply.thoughts[place];
    let summary = if text.is_empty() { json!([]) } else { json!([{"type": "summary_text", "text": text}]) };
    let mut item =
        json!({"type": "reasoning", "id": format!("rs_{}", reply.call_mark(place)), "summary": summary});
    if let Some(note) = note {
        item["encrypted_content"] = json!(note);
    }
    item
}

fn message_item(reply: &Reply) -> Value {
    let status = if reply.stop == Stop::Limit { "incomplete" } else { "completed" };
    json!({"type": "message", "id": message_id(reply), "status": status, "role": "assistant",
        "content": [said_part(reply)]})
}

fn call_item(reply: &Reply, place: usize) -> Value {
    let call = &reply.calls[place];
    let mark = reply.call_mark(place);
    let call_id = format!("call_{mark}");
    if call.free_form {
        json!({"type": "custom_tool_call", "id": format!("ctc_{mark}"), "status": "completed",
            "call_id": call_id, "name": call.name, "input": call.text()})
    } else {
        json!({"type": "function_call", "id": format!("fc_{mark}"), "status": "completed",
            "call_id": call_id, "name": call.name, "arguments": call.text()})
    }
}

/// The one part of a message: what it says, or why it does not.
fn said_part(reply: &Reply) -> Value {
    match &reply.refusal {
        Some(why) => refusal_part(why),
        None => text_part(&reply.text()),
    }
}

fn refusal_part(why: &str) -> Value {
    json!({"type": "refusal", "refusal": why})
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn usage(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": usage.output, "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    })
}
