//! What becomes of each keyword of a schema.

use super::Rules;

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is written.
    Keep,
    /// It is a constraint that the provider does not take: the description tells it.
    Tell,
    /// It constrains nothing.
    Skip,
}

/// Keywords that every provider with a list of its own takes. The sub-schemas in them have keywords again.
const COMMON: [&str; 13] = [
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "description",
    "enum",
    "items",
    "minItems",
    "oneOf",
    "properties",
    "required",
    "title",
    "type",
];

/// What Gemini's `parametersJsonSchema` and `responseJsonSchema` take beside those (the public `types.proto`).
const GEMINI: [&str; 8] =
    ["$anchor", "const", "format", "maxItems", "maximum", "minimum", "prefixItems", "propertyOrdering"];

/// What `OpenAI`'s strict mode takes beside those (the guide on structured outputs).
const STRICT: [&str; 9] = [
    "const",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maximum",
    "minimum",
    "multipleOf",
    "pattern",
];

/// What Anthropic's structured output takes beside those (the schema transform of its SDKs).
const OUTPUT: [&str; 2] = ["const", "format"];

/// Keywords that constrain an answer, or help a model to give a good one. All others are for programs.
const CONSTRAINTS: [&str; 37] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "uniqueItems",
];

/// Formats of strings that `OpenAI`'s strict mode and Anthropic's structured output know.
const FORMATS: [&str; 10] =
    ["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"];

/// Says what becomes of a keyword, whatever its value.
pub(super) fn fate(rules: Rules, keyword: &str) -> Fate {
    let listed: &[&str] = match rules {
        Rules::Input if keyword == "$schema" => return Fate::Skip,
        Rules::Open | Rules::Input => return Fate::Keep,
        Rules::Strict => &STRICT,
        Rules::Output => &OUTPUT,
        Rules::Gemini => &GEMINI,
    };
    if COMMON.contains(&keyword) || listed.contains(&keyword) {
        Fate::Keep
    } else if CONSTRAINTS.contains(&keyword) {
        Fate::Tell
    } else {
        Fate::Skip
    }
}

/// Tells whether a provider knows a format of strings.
pub(super) fn knows_format(rules: Rules, format: &str) -> bool {
    match rules {
        Rules::Open | Rules::Input | Rules::Gemini => true,
        Rules::Strict | Rules::Output => FORMATS.contains(&format),
    }
}
