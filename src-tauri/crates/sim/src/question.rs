//! What a generating request asks, read loosely: a simulator that refuses is of no use to a test of something else.

use serde_json::Value;

use crate::endpoint::Dialect;

/// A generating request in the few words that the simulator needs.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the request, independent of the others")]
pub(crate) struct Question {
    pub dialect: Dialect,
    pub model: String,
    pub stream: bool,
    /// Chat: whether the stream ends with a usage chunk.
    pub wants_usage: bool,
    pub reasoning: bool,
    /// Messages, Gemini: whether thoughts are kept from the client, but for their notes.
    pub hides_thoughts: bool,
    /// Responses: whether the client takes encrypted reasoning.
    pub wants_encrypted: bool,
    /// The last text of the user.
    pub prompt: String,
    /// Whether the conversation ends with a tool's result.
    pub after_tool: bool,
    pub offers_tools: bool,
    /// Responses: tools whose input is free text instead of JSON.
    pub free_form_tools: Vec<String>,
    /// The most output tokens the client wants.
    pub limit: Option<usize>,
    /// Estimated at four bytes a token.
    pub input_tokens: u64,
}

impl Question {
    pub(crate) fn of_chat(body: &Value) -> Self {
        let turns = array(&body["messages"]);
        Self {
            wants_usage: body["stream_options"]["include_usage"] == true,
            reasoning: body["reasoning_effort"].as_str().is_some_and(|effort| effort != "none"),
            prompt: last_user_text(turns, "content"),
            after_tool: turns.last().is_some_and(|turn| turn["role"] == "tool"),
            limit: limit(&body["max_completion_tokens"]).or_else(|| limit(&body["max_tokens"])),
            ..Self::common(Dialect::Chat, body)
        }
    }

    pub(crate) fn of_responses(body: &Value) -> Self {
        let items = array(&body["input"]);
        let last_kind = items.last().and_then(|item| item["type"].as_str());
        Self {
            reasoning: body["reasoning"]["effort"].as_str().is_some_and(|effort| effort != "none"),
            wants_encrypted: array(&body["include"]).iter().any(|wish| wish == "reasoning.encrypted_content"),
            prompt: body["input"].as_str().map_or_else(|| last_user_text(items, "content"), str::to_owned),
            after_tool: matches!(last_kind, Some("function_call_output" | "custom_tool_call_output")),
            offers_tools: offers(body) || items.iter().any(|item| item["type"] == "additional_tools"),
            free_form_tools: free_form_tools(body),
            limit: limit(&body["max_output_tokens"]),
            ..Self::common(Dialect::Responses, body)
        }
    }

    pub(crate) fn of_messages(body: &Value) -> Self {
        let turns = array(&body["messages"]);
        let last_user = turns.iter().rev().find(|turn| turn["role"] == "user");
        let has_result = |turn: &Value| array(&turn["content"]).iter().any(|b| b["type"] == "tool_result");
        Self {
            reasoning: matches!(body["thinking"]["type"].as_str(), Some("enabled" | "adaptive")),
            hides_thoughts: body["thinking"]["display"] == "omitted",
            prompt: last_user_text(turns, "content"),
            after_tool: last_user.is_some_and(has_result),
            limit: limit(&body["max_tokens"]),
            ..Self::common(Dialect::Messages, body)
        }
    }

    /// Gemini names the model and the streaming in the path.
    pub(crate) fn of_gemini(body: &Value, model: &str, stream: bool) -> Self {
        let turns = array(&body["contents"]);
        let has_result =
            |turn: &Value| array(&turn["parts"]).iter().any(|part| part.get("functionResponse").is_some());
        let config = &body["generationConfig"];
        Self {
            model: model.to_owned(),
            stream,
            reasoning: config["thinkingConfig"].is_object(),
            hides_thoughts: config["thinkingConfig"]["includeThoughts"] == false,
            prompt: last_user_text(turns, "parts"),
            after_tool: turns.last().is_some_and(has_result),
            limit: limit(&config["maxOutputTokens"]),
            ..Self::common(Dialect::Gemini, body)
        }
    }

    /// Chat: whether the vendor tells thoughts in detail and signs them. Routers name models by their makers.
    pub(crate) fn wants_details(&self) -> bool {
        self.dialect == Dialect::Chat && self.model.contains('/')
    }

    fn common(dialect: Dialect, body: &Value) -> Self {
        Self {
            dialect,
            model: body["model"].as_str().unwrap_or("sim-large").to_owned(),
            stream: body["stream"] == true,
            wants_usage: false,
            reasoning: false,
            hides_thoughts: false,
            wants_encrypted: false,
            prompt: String::new(),
            after_tool: false,
            offers_tools: offers(body),
            free_form_tools: Vec::new(),
            limit: None,
            input_tokens: tokens_of(body),
        }
    }
}

/// Estimates the tokens of a request from the text in it, wherever it stands.
pub(crate) fn tokens_of(body: &Value) -> u64 {
    fn letters(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(letters).sum(),
            Value::Object(members) => members.values().map(letters).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }
    (letters(body) / 4).max(1) as u64
}

/// Finds the last text a user wrote; `content` is the member that holds a turn's text or parts.
fn last_user_text(turns: &[Value], content: &str) -> String {
    let users = turns.iter().rev().filter(|turn| turn["role"] == "user" || turn.get("role").is_none());
    users.map(|turn| last_text(&turn[content])).find(|text| !text.is_empty()).unwrap_or_default()
}

fn last_text(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let mut texts = array(content).iter().filter_map(|part| part["text"].as_str());
    texts.rfind(|text| !text.is_empty()).unwrap_or_default().to_owned()
}

/// Tells whether tools stand in the request. Some clients write Gemini's `tools` as one object.
fn offers(body: &Value) -> bool {
    match &body["tools"] {
        Value::Array(tools) => !tools.is_empty(),
        Value::Object(tools) => !tools.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn free_form_tools(body: &Value) -> Vec<String> {
    let custom = array(&body["tools"]).iter().filter(|tool| tool["type"] == "custom");
    custom.filter_map(|tool| tool["name"].as_str()).map(str::to_owned).collect()
}

fn limit(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|limit| usize::try_from(limit).ok())
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_prompt_is_the_last_text_of_the_user_in_every_dialect() {
        let chat = json!({"messages": [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "no"},
            {"role": "user", "content": [{"type": "text", "text": "last"}, {"type": "image_url"}]}]});
        assert_eq!(Question::of_chat(&chat).prompt, "last");
        assert_eq!(Question::of_messages(&chat).prompt, "last");
        let responses =
            json!({"input": [{"role": "user", "content": [{"type": "input_text", "text": "last"}]}]});
        assert_eq!(Question::of_responses(&responses).prompt, "last");
        assert_eq!(Question::of_responses(&json!({"input": "last"})).prompt, "last");
        let gemini = json!({"contents": [{"parts": [{"text": "last"}]}]});
        assert_eq!(Question::of_gemini(&gemini, "g", false).prompt, "last");
    }

    #[test]
    fn a_tool_result_at_the_end_is_seen_in_every_dialect() {
        let chat = json!({"messages": [{"role": "user", "content": "x"}, {"role": "tool", "content": "r"}]});
        assert!(Question::of_chat(&chat).after_tool);
        let messages = json!({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]});
        assert!(Question::of_messages(&messages).after_tool);
        let responses = json!({"input": [{"type": "function_call_output", "output": "r"}]});
        assert!(Question::of_responses(&responses).after_tool);
        let gemini = json!({"contents": [{"role": "user", "parts": [{"functionResponse": {}}]}]});
        assert!(Question::of_gemini(&gemini, "g", false).after_tool);
    }
}
