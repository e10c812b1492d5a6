//! Schemas of tools and answers, in the words that a provider accepts.

mod keywords;
mod lower;
mod node;
mod types;
mod writing;

use crate::ask::{Schema, compact};
use lower::Lowering;

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

/// What stands for a schema that is missing: a tool without one takes no arguments.
const EMPTY_OBJECT: &str = r#"{"type":"object","properties":{}}"#;
/// The same in strict mode and for structured output.
const EMPTY_CLOSED_OBJECT: &str =
    r#"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#;

/// Appends a schema in the words that `rules` allow. Returns whether a constraint was left out or moved into a description.
///
/// Property names are never taken for keywords, and properties keep their order.
pub fn write(schema: Option<Schema<'_>>, rules: Rules, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let says_something = |schema: &Schema<'_>| schema.value.is_object() && !schema.value.is_empty();
    let lost = schema.filter(says_something).is_some_and(|schema| Lowering::new(schema, rules).write(out));
    if out.len() > start && &out[start..] != b"{}" {
        return lost;
    }
    out.truncate(start);
    let empty = match rules {
        Rules::Open | Rules::Input | Rules::Gemini => EMPTY_OBJECT,
        Rules::Strict | Rules::Output => EMPTY_CLOSED_OBJECT,
    };
    out.extend_from_slice(empty.as_bytes());
    lost
}

/// Tells whether a schema already follows `OpenAI`'s strict rules, so that asking for strictness changes nothing.
pub fn is_strict(schema: Schema<'_>) -> bool {
    let mut strict = Vec::new();
    let lost = write(Some(schema), Rules::Strict, &mut strict);
    !lost && compact(schema.value.raw()).as_bytes() == strict
}

#[cfg(test)]
mod tests;
