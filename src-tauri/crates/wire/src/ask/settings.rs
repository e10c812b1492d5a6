//! How a model should answer.

use crate::json::{Text, Value};

/// How tokens are chosen. Numbers stay as they were written.
#[derive(Debug, Clone, Default)]
pub struct Sampling<'a> {
    /// How daring the choice is; 0 to 2, and 0 to 1 in Messages.
    pub temperature: Option<&'a str>,
    /// The share of likely tokens to choose from, 0 to 1.
    pub top_p: Option<&'a str>,
    /// The number of likely tokens to choose from.
    pub top_k: Option<&'a str>,
    /// What makes the choice repeatable.
    pub seed: Option<&'a str>,
    /// How much repeated words are avoided, −2 to 2.
    pub frequency_penalty: Option<&'a str>,
    /// How much known topics are avoided, −2 to 2.
    pub presence_penalty: Option<&'a str>,
    /// What ends the answer when the model writes it.
    pub stop: Vec<Text<'a>>,
    /// How many answers there should be.
    pub choices: Option<u64>,
    /// Whether the answer should tell the probability of each token.
    pub logprobs: bool,
}

/// Whether and how much a model thinks.
#[derive(Debug, Clone, Default)]
pub struct Reasoning<'a> {
    /// Whether it thinks at all.
    pub switch: Option<Switch>,
    /// How hard it thinks.
    pub effort: Option<Effort<'a>>,
    /// How many tokens it may think.
    pub budget: Option<u64>,
    /// Whether the client wants to read it.
    pub shown: Option<bool>,
}

/// Whether a model thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switch {
    /// It does not.
    Off,
    /// It does.
    On,
    /// It decides by itself.
    Adaptive,
}

/// How hard a model thinks, from least to most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effort<'a> {
    /// Not at all.
    None,
    /// As little as possible.
    Minimal,
    /// Little.
    Low,
    /// As usual.
    Medium,
    /// Much.
    High,
    /// Very much.
    Xhigh,
    /// As much as possible.
    Max,
    /// A word that we do not know; only the protocols of `OpenAI` get it.
    Other(Text<'a>),
}

impl<'a> Effort<'a> {
    /// Reads the word that `OpenAI`, Anthropic and Gemini share, in any case.
    pub fn read(word: &Text<'a>) -> Self {
        match &*word.plain().to_ascii_lowercase() {
            "none" => Self::None,
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::Xhigh,
            "max" => Self::Max,
            _ => Self::Other(word.clone()),
        }
    }

    /// Finds the effort that a budget of this many tokens stands for.
    pub const fn of_budget(tokens: u64) -> Self {
        match tokens {
            0 => Self::None,
            1..=512 => Self::Minimal,
            513..=1024 => Self::Low,
            1025..=8192 => Self::Medium,
            8193..=24_576 => Self::High,
            24_577..=32_768 => Self::Xhigh,
            32_769.. => Self::Max,
        }
    }

    /// Returns the budget in tokens that stands for this effort; none for a word that we do not know.
    pub const fn budget(&self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Minimal => Some(512),
            Self::Low => Some(1024),
            Self::Medium => Some(8192),
            Self::High => Some(24_576),
            Self::Xhigh => Some(32_768),
            Self::Max => Some(64_000),
            Self::Other(_) => None,
        }
    }

    /// Returns the word.
    pub fn word(&self) -> Text<'_> {
        match self {
            Self::None => Text::of("none"),
            Self::Minimal => Text::of("minimal"),
            Self::Low => Text::of("low"),
            Self::Medium => Text::of("medium"),
            Self::High => Text::of("high"),
            Self::Xhigh => Text::of("xhigh"),
            Self::Max => Text::of("max"),
            Self::Other(word) => word.borrowed(),
        }
    }
}

/// The form of an answer.
#[derive(Debug, Clone, Default)]
pub enum Format<'a> {
    /// Free text.
    #[default]
    Text,
    /// Any JSON object.
    Json,
    /// JSON that follows a schema.
    Schema {
        /// What the schema is called.
        name: Option<Text<'a>>,
        /// What it is for.
        description: Option<Text<'a>>,
        /// The schema.
        schema: Schema<'a>,
        /// Whether it must be followed exactly.
        strict: Option<bool>,
    },
}

/// A schema of arguments or answers.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    /// The schema.
    pub value: Value<'a>,
    /// Whose words it uses.
    pub words: SchemaWords,
}

/// Whose words a schema uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SchemaWords {
    /// JSON Schema.
    JsonSchema,
    /// Gemini's older subset of `OpenAPI`: types in upper case, `nullable`.
    OpenApi,
}

/// How the client wants its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a client may want; none depends on another"
)]
pub struct Wanted {
    /// Whether the answer should come as a stream.
    pub stream: bool,
    /// Whether a Chat stream should tell its usage.
    pub usage_chunk: bool,
    /// Whether a Chat client uses the old `functions` rather than `tools`.
    pub old_functions: bool,
    /// Whether thinking stays out of the client's sight.
    pub thinking_hidden: bool,
    /// Whether a Responses client asked for encrypted reasoning.
    pub encrypted: bool,
    /// What tells the last turn from others: a digest.
    pub asked: String,
    /// Whether a Responses client runs a search for tools, which the upstream knows as a function.
    pub tool_search: bool,
    /// Whether a Responses client wants the conversation compacted rather than an answer.
    pub compaction: bool,
    /// What ends the answer's text.
    pub stops: Vec<String>,
    /// What a Responses answer repeats of its request: members of the response object, as JSON without braces.
    pub echo: String,
}
