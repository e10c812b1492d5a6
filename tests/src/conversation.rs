//! A client's side of a conversation in any protocol: what it was told goes back as it came, as programs do it.

use serde_json::{Value, json};
use wire::Protocol;

use crate::http::{Reply, Request};

/// The tool that every request offers.
const TOOL: &str = "look";

/// A conversation as its client keeps it.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The client's protocol.
    pub protocol: Protocol,
    /// Whether the client wants to read the model's thoughts.
    pub shows_thoughts: bool,
    /// Whether the client keeps what it knows nothing of.
    pub keeps_notes: bool,
    /// Messages, items or contents, in the words of the protocol.
    history: Vec<Value>,
    /// What was called last: each call's id and name.
    calls: Vec<(Value, Value)>,
}

impl Conversation {
    /// Begins one that shows thoughts and keeps notes.
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, shows_thoughts: true, keeps_notes: true, history: Vec::new(), calls: Vec::new() }
    }

    /// Shows no thoughts, and keeps notes all the same.
    #[must_use]
    pub fn without_thoughts(self) -> Self {
        Self { shows_thoughts: false, ..self }
    }

    /// Keeps nothing but what was said and called.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { keeps_notes: false, ..self }
    }

    /// Says something.
    pub fn say(&mut self, text: &str) {
        self.history.push(match self.protocol {
            Protocol::Gemini => json!({"role": "user", "parts": [{"text": text}]}),
            Protocol::Chat | Protocol::Responses | Protocol::Messages => {
                json!({"role": "user", "content": text})
            }
        });
    }

    /// Tells the outcome of every call of the last answer.
    pub fn tell_outcomes(&mut self) {
        let calls = std::mem::take(&mut self.calls);
        match self.protocol {
            Protocol::Chat => self.history.extend(
                calls.iter().map(|(id, _)| json!({"role": "tool", "tool_call_id": id, "content": "seen"})),
            ),
            Protocol::Responses => self.history.extend(
                calls
                    .iter()
                    .map(|(id, _)| json!({"type": "function_call_output", "call_id": id, "output": "seen"})),
            ),
            Protocol::Messages => {
                let result = |(id, _): &(Value, Value)| json!({"type": "tool_result", "tool_use_id": id, "content": "seen"});
                let content: Vec<Value> = calls.iter().map(result).collect();
                self.history.push(json!({"role": "user", "content": content}));
            }
            Protocol::Gemini => {
                let response = |(id, name): &(Value, Value)| json!({"functionResponse": {"id": id, "name": name, "response": {"output": "seen"}}});
                let parts: Vec<Value> = calls.iter().map(response).collect();
                self.history.push(json!({"role": "user", "parts": parts}));
            }
        }
    }

    /// The next request, to this model.
    pub fn request(&self, model: &str, stream: bool) -> Request {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
        let shows = self.shows_thoughts;
        match self.protocol {
            Protocol::Chat => {
                let tool = json!({"type": "function", "function": {"name": TOOL, "parameters": schema}});
                let body = json!({"model": model, "messages": self.history, "tools": [tool], "stream": stream,
                    "reasoning_effort": "high"});
                Request::post("/v1/chat/completions", body.to_string())
            }
            Protocol::Responses => {
                let tool = json!({"type": "function", "name": TOOL, "parameters": schema, "strict": false});
                let reasoning =
                    json!({"effort": "high", "summary": if shows { json!("auto") } else { Value::Null }});
                let mut body = json!({"model": model, "input": self.history, "tools": [tool], "stream": stream,
                    "reasoning": reasoning, "store": false});
                if self.keeps_notes {
                    body["include"] = json!(["reasoning.encrypted_content"]);
                }
                Request::post("/v1/responses", body.to_string())
            }
            Protocol::Messages => {
                let tool = json!({"name": TOOL, "input_schema": schema});
                let display = if shows { "summarized" } else { "omitted" };
                let thinking = json!({"type": "enabled", "budget_tokens": 2000, "display": display});
                let body = json!({"model": model, "messages": self.history, "tools": [tool], "stream": stream,
                    "max_tokens": 9000, "thinking": thinking});
                Request::post("/v1/messages", body.to_string())
            }
            Protocol::Gemini => {
                let declaration = json!({"name": TOOL, "parametersJsonSchema": schema});
                let thinking = json!({"includeThoughts": shows, "thinkingLevel": "HIGH"});
                let body = json!({"contents": self.history, "tools": [{"functionDeclarations": [declaration]}],
                    "generationConfig": {"thinkingConfig": thinking}});
                let verb = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
                let model = model.replace('/', "%2F");
                Request::post(&format!("/v1beta/models/{model}:{verb}"), body.to_string())
            }
        }
    }

    /// Takes an answer into the conversation, and returns the words that a person may read, thoughts included.
    pub fn hear(&mut self, reply: &Reply, stream: bool) -> String {
        let answer = if stream { assembled(self.protocol, &reply.text()) } else { reply.json() };
        let mut turn = match self.protocol {
            Protocol::Chat => vec![answer["choices"][0]["message"].clone()],
            Protocol::Responses => list(&answer["output"]),
            Protocol::Messages => vec![json!({"role": "assistant", "content": answer["content"]})],
            Protocol::Gemini => vec![answer["candidates"][0]["content"].clone()],
        };
        let read = turn.iter().map(words).collect();
        self.calls = turn.iter().flat_map(|item| called(self.protocol, item)).collect();
        if !self.keeps_notes {
            turn = turn.into_iter().filter_map(|item| without_notes(self.protocol, item)).collect();
        }
        self.history.append(&mut turn);
        read
    }

    /// Changes the history as text.
    pub fn edit(&mut self, change: impl Fn(&str) -> String) {
        let text = change(&Value::Array(self.history.clone()).to_string());
        self.history = serde_json::from_str(&text).unwrap();
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

/// All that a person may read of what a model said.
fn words(item: &Value) -> String {
    match item {
        Value::Array(items) => items.iter().map(words).collect(),
        Value::Object(members) => {
            let shown = ["text", "thinking", "content", "reasoning_content", "reasoning", "summary", "parts"];
            let members = members.iter().filter(|(name, _)| shown.contains(&name.as_str()));
            members.map(|(_, member)| words(member)).collect()
        }
        Value::String(text) => format!("{text}\n"),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

fn called(protocol: Protocol, item: &Value) -> Vec<(Value, Value)> {
    match protocol {
        Protocol::Chat => list(&item["tool_calls"])
            .iter()
            .map(|call| (call["id"].clone(), call["function"]["name"].clone()))
            .collect(),
        Protocol::Responses if item["type"] == "function_call" => {
            vec![(item["call_id"].clone(), item["name"].clone())]
        }
        Protocol::Responses => Vec::new(),
        Protocol::Messages => list(&item["content"])
            .iter()
            .filter(|block| block["type"] == "tool_use")
            .map(|block| (block["id"].clone(), block["name"].clone()))
            .collect(),
        Protocol::Gemini => list(&item["parts"])
            .iter()
            .filter_map(|part| part.get("functionCall"))
            .map(|call| (call["id"].clone(), call["name"].clone()))
            .collect(),
    }
}

/// What a plain client keeps of something that a model said.
fn without_notes(protocol: Protocol, mut item: Value) -> Option<Value> {
    match protocol {
        Protocol::Chat => {
            item.as_object_mut().unwrap().retain(|name, _| !name.starts_with("reasoning"));
            for call in item["tool_calls"].as_array_mut().into_iter().flatten() {
                call.as_object_mut().unwrap().remove("extra_content");
            }
        }
        Protocol::Responses => return (item["type"] != "reasoning").then_some(item),
        Protocol::Messages => item["content"]
            .as_array_mut()
            .unwrap()
            .retain(|block| block["type"] != "thinking" && block["type"] != "redacted_thinking"),
        Protocol::Gemini => {
            let parts = item["parts"].as_array_mut().unwrap();
            parts.retain(|part| part["thought"] != true && part["text"] != "");
            for part in parts {
                part.as_object_mut().unwrap().remove("thoughtSignature");
            }
        }
    }
    Some(item)
}

/// Puts a stream together as the official SDKs do.
fn assembled(protocol: Protocol, stream: &str) -> Value {
    let data = stream.lines().filter_map(|line| line.trim_end().strip_prefix("data: "));
    let events = data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap());
    match protocol {
        Protocol::Chat => chat(events),
        Protocol::Responses => {
            let ends = |event: &Value| event["type"] == "response.completed";
            events.filter(ends).map(|event: Value| event["response"].clone()).next().unwrap()
        }
        Protocol::Messages => messages(events),
        Protocol::Gemini => gemini(events),
    }
}

fn append(to: &mut Value, more: &Value) {
    *to = json!(to.as_str().unwrap_or_default().to_owned() + more.as_str().unwrap_or_default());
}

fn messages(events: impl Iterator<Item = Value>) -> Value {
    let mut content: Vec<Value> = Vec::new();
    for event in events {
        let delta = &event["delta"];
        match (event["type"].as_str().unwrap(), delta["type"].as_str()) {
            ("content_block_start", _) => content.push(event["content_block"].clone()),
            ("content_block_delta", Some(kind)) => {
                let block = content.last_mut().unwrap();
                let name = kind.trim_end_matches("_delta");
                let (from, to) =
                    if kind == "input_json_delta" { ("partial_json", "input") } else { (name, name) };
                append(&mut block[to], &delta[from]);
            }
            (_, _) => {}
        }
    }
    for block in &mut content {
        if let Some(input) = block["input"].as_str() {
            block["input"] = serde_json::from_str(input).unwrap();
        }
    }
    json!({ "content": content })
}

fn chat(events: impl Iterator<Item = Value>) -> Value {
    let mut message = json!({"role": "assistant", "content": null});
    for event in events {
        for (name, value) in event["choices"][0]["delta"].as_object().into_iter().flatten() {
            join(&mut message[name], value, name);
        }
    }
    json!({"choices": [{"message": message}]})
}

/// Joins a piece to what came before: strings end to end but for those that name something, lists by their indexes.
fn join(whole: &mut Value, piece: &Value, name: &str) {
    match piece {
        Value::Object(members) => {
            for (name, value) in members {
                join(&mut whole[name], value, name);
            }
        }
        Value::Array(pieces) => {
            let mut joined = list(whole);
            for piece in pieces {
                match joined.iter_mut().find(|known| known["index"] == piece["index"]) {
                    Some(known) => join(known, piece, ""),
                    None => joined.push(piece.clone()),
                }
            }
            *whole = Value::Array(joined);
        }
        Value::String(_) if !["role", "type", "id", "format"].contains(&name) => append(whole, piece),
        piece => *whole = piece.clone(),
    }
}

fn gemini(events: impl Iterator<Item = Value>) -> Value {
    let parts = events.flat_map(|event| list(&event["candidates"][0]["content"]["parts"]));
    let parts: Vec<Value> =
        parts.filter(|part| part["text"] != "" || part.get("thoughtSignature").is_some()).collect();
    json!({"candidates": [{"content": {"role": "model", "parts": parts}}]})
}
