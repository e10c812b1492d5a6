//! The facts of a request beside its model, each read from a few top-level members.

use memchr::memmem;

use super::Head;
use crate::Protocol;
use crate::json::Raw;

impl Head {
    pub(super) fn read_facts(&mut self, body: &[u8]) {
        match self.protocol {
            Protocol::Chat => self.read_chat(body),
            Protocol::Responses => self.read_responses(body),
            Protocol::Messages => self.read_messages(body),
            Protocol::Gemini => self.read_gemini(body),
        }
        if !self.operation.is_answer() {
            self.stream = false;
        }
    }

    fn read_chat(&mut self, body: &[u8]) {
        self.stream = self.is_true(body, "stream");
        self.asks_usage = self.member(body, "stream_options").is_some_and(|options| {
            let [include_usage] = options.pick(["include_usage"]);
            include_usage.is_some_and(Raw::is_true)
        });
        self.session = self.string(body, "prompt_cache_key");
        // Beside OpenAI's own field: OpenRouter's `reasoning`, the `thinking` of GLM and Kimi, Qwen's `enable_thinking`.
        self.reasoning = self.member(body, "reasoning_effort").is_some_and(is_effort)
            || self.member(body, "reasoning").is_some_and(has_effort)
            || self.member(body, "thinking").is_some_and(thinks)
            || self.is_true(body, "enable_thinking");
        self.stateful = self.is_true(body, "store") || names_file(body);
    }

    fn read_responses(&mut self, body: &[u8]) {
        self.stream = self.is_true(body, "stream");
        self.session = self.string(body, "prompt_cache_key");
        self.reasoning = self.member(body, "reasoning").is_some_and(has_effort);
        // `store` is on upstream by default, but a client that does not mention it does not rely on it.
        self.stateful = self.is_true(body, "store")
            || self.is_true(body, "background")
            || self.is_given(body, "previous_response_id")
            || self.is_given(body, "conversation")
            || names_file(body);
    }

    fn read_messages(&mut self, body: &[u8]) {
        self.stream = self.is_true(body, "stream");
        self.session = self
            .member(body, "metadata")
            .and_then(|metadata| metadata.pick(["user_id"])[0]?.filled_str().map(Into::into));
        self.reasoning = self.member(body, "thinking").is_some_and(thinks);
        self.stateful = self.is_given(body, "container")
            || self.member(body, "thread").is_some_and(|thread| type_is(thread, "continue"))
            || names_file(body);
    }

    fn read_gemini(&mut self, body: &[u8]) {
        self.reasoning = ["generationConfig", "generation_config"].into_iter().any(|name| {
            self.member(body, name).is_some_and(|config| {
                let [camel, snake] = config.pick(["thinkingConfig", "thinking_config"]);
                camel.or(snake).is_some_and(thinks_as_gemini)
            })
        });
        let is_upload = |value: &[u8]| memmem::find(value, b"/files/").is_some();
        self.stateful = self.is_given(body, "cachedContent")
            || self.is_given(body, "cached_content")
            || names_value(body, b"\"fileUri\"", is_upload)
            || names_value(body, b"\"file_uri\"", is_upload);
    }

    /// Returns the last top-level member of this name.
    fn member<'b>(&self, body: &'b [u8], name: &str) -> Option<Raw<'b>> {
        let spot = self.spots.iter().rev().find(|spot| spot.is(body, name))?;
        Some(Raw::at(body, spot.value.clone()))
    }

    fn is_true(&self, body: &[u8], name: &str) -> bool {
        self.member(body, name).is_some_and(Raw::is_true)
    }

    fn is_given(&self, body: &[u8], name: &str) -> bool {
        self.member(body, name).is_some_and(Raw::is_filled)
    }

    fn string(&self, body: &[u8], name: &str) -> Option<String> {
        self.member(body, name)?.filled_str().map(Into::into)
    }
}

fn is_effort(value: Raw<'_>) -> bool {
    value.filled_str().is_some_and(|effort| effort != "none")
}

fn has_effort(reasoning: Raw<'_>) -> bool {
    reasoning.pick(["effort"])[0].is_some_and(is_effort)
}

/// Reads Anthropic's `thinking`, which some Chat vendors have taken over.
fn thinks(thinking: Raw<'_>) -> bool {
    ["enabled", "adaptive", "between_tools"].into_iter().any(|kind| type_is(thinking, kind))
}

fn thinks_as_gemini(config: Raw<'_>) -> bool {
    let [camel, snake] = config.pick(["thinkingBudget", "thinking_budget"]);
    config.is_object() && camel.or(snake).is_none_or(|budget| budget.text() != b"0")
}

fn type_is(object: Raw<'_>, expected: &str) -> bool {
    object.pick(["type"])[0].and_then(Raw::str).is_some_and(|kind| kind == expected)
}

/// Tells whether an uploaded file is named by its id, which is known to one account only.
fn names_file(body: &[u8]) -> bool {
    names_value(body, b"\"file_id\"", |value| value.starts_with(b"file"))
}

/// Tells whether a string member of this quoted key, at any depth, has a value that `matches`.
///
/// The quotes make sure that the key is not part of a text: there they would be escaped.
fn names_value(body: &[u8], quoted_key: &[u8], matches: impl Fn(&[u8]) -> bool) -> bool {
    memmem::find_iter(body, quoted_key).any(|at| {
        let behind = body[at + quoted_key.len()..].trim_ascii_start();
        let Some(value) = behind.strip_prefix(b":").map(<[u8]>::trim_ascii_start) else { return false };
        let Some(value) = value.strip_prefix(b"\"") else { return false };
        matches(&value[..memchr::memchr(b'"', value).unwrap_or(value.len())])
    })
}
