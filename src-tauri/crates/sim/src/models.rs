//! Model lists in three shapes.

use serde_json::{Value, json};

/// Whose list shape a GET asks for; one path serves all three providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    OpenAi,
    Anthropic,
    Gemini,
}

impl Shape {
    /// Tells by the headers and the path's version, as a client of each provider has them.
    pub(crate) fn of(path: &str, query: Option<&str>, headers: &http::HeaderMap) -> Self {
        let has = |name: &str| headers.contains_key(name);
        let google = has("x-goog-api-key") || has("x-goog-api-client");
        if google || path.contains("/v1beta/") || query.is_some_and(|query| query.contains("key=")) {
            return Self::Gemini;
        }
        if has("anthropic-version") || has("x-api-key") { Self::Anthropic } else { Self::OpenAi }
    }
}

pub(crate) fn list(shape: Shape, names: &[String]) -> Value {
    let models: Vec<Value> = names.iter().map(|name| one(shape, name)).collect();
    match shape {
        Shape::OpenAi => json!({"object": "list", "data": models}),
        Shape::Anthropic => json!({"data": models, "has_more": false,
            "first_id": names.first(), "last_id": names.last()}),
        Shape::Gemini => json!({"models": models}),
    }
}

pub(crate) fn one(shape: Shape, name: &str) -> Value {
    match shape {
        Shape::OpenAi => json!({"id": name, "object": "model", "created": 1_763_600_000, "owned_by": "sim"}),
        Shape::Anthropic => json!({"id": name, "type": "model", "display_name": name,
            "created_at": "2025-11-20T00:53:20Z", "lifecycle": "active"}),
        Shape::Gemini => json!({"name": format!("models/{name}"), "baseModelId": name, "version": "1",
            "displayName": name, "inputTokenLimit": 200_000, "outputTokenLimit": 64_000,
            "supportedGenerationMethods": ["generateContent", "countTokens", "embedContent"]}),
    }
}
