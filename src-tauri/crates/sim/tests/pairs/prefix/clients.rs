//! Clients that lead a conversation, each in its own protocol, and bring back what they were told.

use serde_json::{Value, json};
use wire::Protocol;

use super::Said;

/// One white pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const TOOL: &str = "mcp:look.up";
const ABOUT: &str = "Looks something up.";
const SYSTEM: &str = "You are an engineer.\n\"Be exact.\"";

/// A client and its conversation so far.
pub(super) struct Client {
    pub(super) protocol: Protocol,
    /// What it calls the conversation, where it does.
    pub(super) session: Option<String>,
    /// Whether it brings back thoughts and notes; many do not.
    keeps_notes: bool,
    said: Vec<Value>,
    /// The ids and names of the last answer's calls.
    calls: Vec<(Value, Value)>,
}

impl Client {
    pub(super) fn new(protocol: Protocol, keeps_notes: bool) -> Self {
        Self { protocol, session: None, keeps_notes, said: Vec::new(), calls: Vec::new() }
    }

    /// Adds to the conversation.
    pub(super) fn says(&mut self, said: &Said) {
        match said {
            Said::Text(text) => self.text(text),
            Said::Image(text) => self.image(text),
            Said::System(text) => self.system(text),
            Said::Results { shows } => self.results(*shows),
        }
    }

    fn text(&mut self, text: &str) {
        self.said.push(match self.protocol {
            Protocol::Chat | Protocol::Responses => json!({"role": "user", "content": text}),
            Protocol::Messages => json!({"role": "user", "content": [{"type": "text", "text": text}]}),
            Protocol::Gemini => json!({"role": "user", "parts": [{"text": text}]}),
        });
    }

    fn image(&mut self, text: &str) {
        let url = format!("data:image/png;base64,{PIXEL}");
        self.said.push(match self.protocol {
            Protocol::Chat => json!({"role": "user", "content": [
                {"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}]}),
            Protocol::Responses => json!({"role": "user", "content": [
                {"type": "input_text", "text": text}, {"type": "input_image", "image_url": url}]}),
            Protocol::Messages => {
                json!({"role": "user", "content": [image_block(), {"type": "text", "text": text}]})
            }
            Protocol::Gemini => json!({"role": "user", "parts": [
                {"text": text}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}}]}),
        });
    }

    /// Gemini's clients have no word for it.
    fn system(&mut self, text: &str) {
        match self.protocol {
            Protocol::Chat => self.said.push(json!({"role": "system", "content": text})),
            Protocol::Responses => self.said.push(json!({"role": "developer", "content": text})),
            Protocol::Messages => self.said.push(json!({"role": "system", "content": text})),
            Protocol::Gemini => self.text(text),
        }
    }

    fn results(&mut self, shows: bool) {
        let calls = std::mem::take(&mut self.calls);
        let results: Vec<Value> = calls
            .iter()
            .enumerate()
            .map(|(nth, (id, name))| {
                let text = format!("result {nth} of {}", self.said.len());
                self.result((id, name), &text, shows && nth == 0)
            })
            .collect();
        match self.protocol {
            Protocol::Chat | Protocol::Responses => self.said.extend(results),
            Protocol::Messages => self.said.push(json!({"role": "user", "content": results})),
            Protocol::Gemini => self.said.push(json!({"role": "user", "parts": results})),
        }
    }

    /// A result, with an image where the protocol has a place for one in it.
    fn result(&self, (id, name): (&Value, &Value), text: &str, shows: bool) -> Value {
        match self.protocol {
            Protocol::Chat => json!({"role": "tool", "tool_call_id": id, "content": text}),
            Protocol::Responses if shows => json!({"type": "function_call_output", "call_id": id, "output": [
                {"type": "input_text", "text": text},
                {"type": "input_image", "image_url": format!("data:image/png;base64,{PIXEL}")}]}),
            Protocol::Responses => json!({"type": "function_call_output", "call_id": id, "output": text}),
            Protocol::Messages if shows => json!({"type": "tool_result", "tool_use_id": id, "is_error": true,
                "content": [{"type": "text", "text": text}, image_block()]}),
            Protocol::Messages => json!({"type": "tool_result", "tool_use_id": id, "content": text}),
            Protocol::Gemini => {
                let mut response = json!({"name": name, "response": {"output": text}});
                if !id.is_null() {
                    response["id"] = id.clone();
                }
                if shows {
                    response["parts"] = json!([{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]);
                }
                json!({"functionResponse": response})
            }
        }
    }

    /// The request that the conversation has come to.
    pub(super) fn request(&self) -> Value {
        let mut request = self.unnamed();
        match (&self.session, self.protocol) {
            (Some(session), Protocol::Chat | Protocol::Responses) => {
                request["prompt_cache_key"] = session.as_str().into();
            }
            (Some(session), Protocol::Messages) => request["metadata"] = json!({"user_id": session}),
            (Some(_), Protocol::Gemini) | (None, _) => {}
        }
        request
    }

    fn unnamed(&self) -> Value {
        let schema = json!({"type": "object", "properties": {"place": {"type": "string", "minLength": 1}}});
        let tools = |tool: Value| json!([tool]);
        match self.protocol {
            Protocol::Chat => {
                let mut messages = vec![json!({"role": "system", "content": SYSTEM})];
                messages.extend(self.said.iter().cloned());
                mark(&mut messages, "prompt_cache_breakpoint", &json!({"mode": "explicit"}));
                json!({"model": "m", "messages": messages, "response_format": {"type": "json_object"}, "tools": tools(
                    json!({"type": "function", "function": {"name": TOOL, "description": ABOUT, "parameters": schema}}))})
            }
            Protocol::Responses => {
                json!({"model": "m", "instructions": SYSTEM, "input": self.said, "store": false,
                "include": ["reasoning.encrypted_content"], "reasoning": {"summary": "auto"},
                "text": {"format": {"type": "json_object"}}, "tools": tools(
                    json!({"type": "function", "name": TOOL, "description": ABOUT, "parameters": schema}))})
            }
            Protocol::Messages => {
                let mut messages = self.said.clone();
                mark(&mut messages, "cache_control", &json!({"type": "ephemeral"}));
                json!({"model": "m", "max_tokens": 64_000, "thinking": {"type": "adaptive"}, "messages": messages,
                    "system": [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}],
                    "tools": tools(json!({"name": TOOL, "description": ABOUT, "input_schema": schema}))})
            }
            Protocol::Gemini => {
                json!({"contents": self.said, "systemInstruction": {"parts": [{"text": SYSTEM}]},
                "generationConfig": {"thinkingConfig": {"includeThoughts": true}, "responseMimeType": "application/json"},
                "tools": tools(json!({"functionDeclarations": [
                    {"name": TOOL, "description": ABOUT, "parametersJsonSchema": schema}]}))})
            }
        }
    }

    /// Takes an answer into the conversation.
    pub(super) fn hears(&mut self, told: &Value) {
        match self.protocol {
            Protocol::Chat => self.hears_chat(&told["choices"][0]["message"]),
            Protocol::Responses => self.hears_responses(&told["output"]),
            Protocol::Messages => self.hears_messages(&told["content"]),
            Protocol::Gemini => self.hears_gemini(&told["candidates"][0]["content"]["parts"]),
        }
    }

    fn hears_chat(&mut self, message: &Value) {
        self.calls = each(&message["tool_calls"]).map(|call| named(call, "/id", "/function/name")).collect();
        let mut kept = message.clone();
        if !self.keeps_notes {
            kept = json!({"role": "assistant", "content": message["content"]});
            let plain =
                |call: &Value| json!({"id": call["id"], "type": "function", "function": call["function"]});
            let calls: Vec<Value> = each(&message["tool_calls"]).map(plain).collect();
            if !calls.is_empty() {
                kept["tool_calls"] = calls.into();
            }
        }
        self.said.push(kept);
    }

    fn hears_responses(&mut self, output: &Value) {
        let calls = each(output).filter(|item| item["type"] == "function_call");
        self.calls = calls.map(|call| named(call, "/call_id", "/name")).collect();
        let is_kept = |item: &&Value| self.keeps_notes || item["type"] != "reasoning";
        let kept: Vec<Value> = each(output).filter(is_kept).cloned().collect();
        self.said.extend(kept);
    }

    fn hears_messages(&mut self, content: &Value) {
        let calls = each(content).filter(|block| block["type"] == "tool_use");
        self.calls = calls.map(|call| named(call, "/id", "/name")).collect();
        let is_note =
            |block: &Value| ["thinking", "redacted_thinking"].iter().any(|kind| block["type"] == *kind);
        let kept: Vec<Value> =
            each(content).filter(|block| self.keeps_notes || !is_note(block)).cloned().collect();
        self.said.push(json!({"role": "assistant", "content": kept}));
    }

    fn hears_gemini(&mut self, parts: &Value) {
        let calls = each(parts).filter_map(|part| part.get("functionCall"));
        self.calls = calls.map(|call| named(call, "/id", "/name")).collect();
        let mut kept: Vec<Value> =
            each(parts).filter(|part| self.keeps_notes || part["thought"] != true).cloned().collect();
        if !self.keeps_notes {
            for part in kept.iter_mut().filter_map(Value::as_object_mut) {
                part.shift_remove("thoughtSignature");
            }
            kept.retain(|part| part["text"] != "");
        }
        self.said.push(json!({"role": "model", "parts": kept}));
    }
}

fn image_block() -> Value {
    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}})
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn named(call: &Value, id: &str, name: &str) -> (Value, Value) {
    let at = |pointer| call.pointer(pointer).cloned().unwrap_or(Value::Null);
    (at(id), at(name))
}

/// Marks the last thing that the user or a tool said, as agents do: the mark moves from turn to turn.
fn mark(messages: &mut [Value], word: &str, mark: &Value) {
    let is_markable = |message: &&mut Value| message["role"] == "user" || message["role"] == "tool";
    let Some(last) = messages.iter_mut().rfind(is_markable) else { return };
    if let Some(text) = last["content"].as_str().map(str::to_owned) {
        last["content"] = json!([{"type": "text", "text": text}]);
    }
    let last = last["content"].as_array_mut().and_then(|content| content.last_mut());
    if let Some(block) = last {
        block[word] = mark.clone();
    }
}
