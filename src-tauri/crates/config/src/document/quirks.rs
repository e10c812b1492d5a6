//! Departures of one upstream from what most do, as files and the table of vendors state them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use wire::quirks::{
    CallIds, Echo, Levels, OutputLimit, Parameters, ThinkingSwitch, Thoughts, ToolChoice, Word,
};

use crate::snapshot::Counting;

/// Departures from what is known of the vendor. Each counts for itself, and replaces what the table of vendors says.
#[derive(Debug, Clone, Copy, Default, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Quirks {
    /// Whether it accepts `stream_options.include_usage`.
    pub include_usage: Option<bool>,
    /// Who counts tokens: `auto`, `upstream` or `local`; true is `auto` and false `local`.
    #[schemars(default, schema_with = "counting_schema")]
    pub count_tokens: Option<Counting>,
    /// Whether what another provider's model thought is passed on as text.
    pub reasoning_as_text: Option<bool>,
    /// Whether its answers begin with reasoning between `<think>` and `</think>`.
    pub think_tags: Option<bool>,
    /// What it calls the most tokens of an answer.
    #[schemars(default, schema_with = "words::<OutputLimit>")]
    pub output_limit: Option<OutputLimit>,
    /// The most tokens that may be asked for.
    #[schemars(range(min = 1))]
    pub output_max: Option<u32>,
    /// Parameters that it refuses, instead of those that the vendor is known to refuse.
    #[schemars(default, schema_with = "list_of_words::<wire::quirks::Parameter>")]
    pub refused: Option<Parameters>,
    /// The least temperature that it takes.
    #[schemars(range(min = 0, max = 2))]
    pub temperature_min: Option<f64>,
    /// The highest temperature that it takes.
    #[schemars(range(min = 0, max = 2))]
    pub temperature_max: Option<f64>,
    /// The most texts that may end an answer.
    #[schemars(range(min = 1, max = 100))]
    pub stops_max: Option<u32>,
    /// Whether it takes messages of the role `developer`.
    pub developer_role: Option<bool>,
    /// Whether it takes system messages behind the first message.
    pub late_system: Option<bool>,
    /// Which choices of a tool it takes.
    #[schemars(default, schema_with = "words::<ToolChoice>")]
    pub tool_choice: Option<ToolChoice>,
    /// What turns thinking on and off.
    #[schemars(default, schema_with = "words::<ThinkingSwitch>")]
    pub thinking: Option<ThinkingSwitch>,
    /// Whether thinking can be turned off.
    pub thinking_off: Option<bool>,
    /// Whether it thinks in answers that do not come as a stream.
    pub thinks_whole: Option<bool>,
    /// The efforts that it knows.
    #[schemars(default, schema_with = "list_of_words::<wire::quirks::Level>")]
    pub efforts: Option<Levels>,
    /// Where the thoughts of earlier turns stand.
    #[schemars(default, schema_with = "words::<Thoughts>")]
    pub thoughts: Option<Thoughts>,
    /// Whether it wants them back beside the calls that followed them.
    #[schemars(default, schema_with = "words::<Echo>")]
    pub echo: Option<Echo>,
    /// What ids of calls must look like.
    #[schemars(default, schema_with = "words::<CallIds>")]
    pub call_ids: Option<CallIds>,
    /// Whether it can hold an answer to a JSON schema.
    pub json_schema: Option<bool>,
    /// Whether it can be asked for any JSON object.
    pub json_object: Option<bool>,
    /// Whether it wants JSON spoken of where JSON is asked for.
    pub json_word: Option<bool>,
    /// Whether it sees images.
    pub images: Option<bool>,
    /// Whether it takes documents.
    pub files: Option<bool>,
}

impl Quirks {
    /// No departure.
    pub(crate) const NONE: Self = Self {
        include_usage: None,
        count_tokens: None,
        reasoning_as_text: None,
        think_tags: None,
        output_limit: None,
        output_max: None,
        refused: None,
        temperature_min: None,
        temperature_max: None,
        stops_max: None,
        developer_role: None,
        late_system: None,
        tool_choice: None,
        thinking: None,
        thinking_off: None,
        thinks_whole: None,
        efforts: None,
        thoughts: None,
        echo: None,
        call_ids: None,
        json_schema: None,
        json_object: None,
        json_word: None,
        images: None,
        files: None,
    };

    /// Returns `known` with these departures from it.
    pub(crate) fn over(&self, known: wire::quirks::Quirks) -> wire::quirks::Quirks {
        wire::quirks::Quirks {
            output_limit: self.output_limit.unwrap_or(known.output_limit),
            output_max: self.output_max.map(u64::from).or(known.output_max),
            refused: self.refused.unwrap_or(known.refused),
            temperature_min: self.temperature_min.or(known.temperature_min),
            temperature_max: self.temperature_max.or(known.temperature_max),
            stops_max: self.stops_max.map_or(known.stops_max, |most| most as usize),
            include_usage: self.include_usage.unwrap_or(known.include_usage),
            developer_role: self.developer_role.unwrap_or(known.developer_role),
            late_system: self.late_system.unwrap_or(known.late_system),
            tool_choice: self.tool_choice.unwrap_or(known.tool_choice),
            thinking: self.thinking.unwrap_or(known.thinking),
            thinking_off: self.thinking_off.unwrap_or(known.thinking_off),
            thinks_whole: self.thinks_whole.unwrap_or(known.thinks_whole),
            efforts: self.efforts.unwrap_or(known.efforts),
            thoughts: self.thoughts.unwrap_or(known.thoughts),
            echo: self.echo.unwrap_or(known.echo),
            call_ids: self.call_ids.unwrap_or(known.call_ids),
            json_schema: self.json_schema.unwrap_or(known.json_schema),
            json_object: self.json_object.unwrap_or(known.json_object),
            json_word: self.json_word.unwrap_or(known.json_word),
            images: self.images.unwrap_or(known.images),
            files: self.files.unwrap_or(known.files),
            think_tags: self.think_tags.unwrap_or(known.think_tags),
            reasoning_as_text: self.reasoning_as_text.unwrap_or(known.reasoning_as_text),
        }
    }
}

/// Who counts tokens, in a word or as the yes or no of older files.
fn counting_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["auto", "upstream", "local", true, false] })
}

fn words<W: Word>(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": W::WORDS })
}

fn list_of_words<W: Word>(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "enum": W::WORDS } })
}
