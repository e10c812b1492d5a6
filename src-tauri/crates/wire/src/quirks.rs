//! What an upstream that speaks Chat wants otherwise than most do.
//!
//! Vendors took `OpenAI`'s Chat over and changed it, each in its own way. What a vendor needs is a value here and an
//! entry in the table of vendors; nothing else in this crate knows a vendor's name. The encoder of Chat reads it where a
//! request is translated ([`crate::dialect`]), [`crate::splice`] where a client's own bytes would be refused.

mod words;

pub use words::Word;

use crate::ask::Effort;
use words::words;

/// What an upstream's Chat wants otherwise. The default is a server that takes what most take, and was told nothing of.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that a file may state")]
pub struct Quirks {
    /// What the most tokens of an answer are called.
    pub output_limit: OutputLimit,
    /// The most tokens that may be asked for; more is refused.
    pub output_max: Option<u64>,
    /// Parameters that are refused, or that pin the model to another value than was asked for.
    pub refused: Parameters,
    /// The least temperature that is taken.
    pub temperature_min: Option<f64>,
    /// The highest temperature that is taken; `OpenAI`'s goes to 2.
    pub temperature_max: Option<f64>,
    /// The most texts that may end an answer; `OpenAI` takes four.
    pub stops_max: usize,
    /// Whether `stream_options` are taken, with `include_usage` in them.
    pub include_usage: bool,
    /// Whether messages of the role `developer` are taken; else they are `system`.
    pub developer_role: bool,
    /// Whether a system message may stand behind the first one; else the user says it.
    pub late_system: bool,
    /// Which choices of a tool are taken.
    pub tool_choice: ToolChoice,
    /// What turns thinking on and off.
    pub thinking: ThinkingSwitch,
    /// Whether that can turn it off.
    pub thinking_off: bool,
    /// Whether the model thinks in answers that do not come as a stream; else it must be told not to.
    pub thinks_whole: bool,
    /// The efforts that are known; with none, only on and off are.
    pub efforts: Levels,
    /// Where the thoughts of earlier turns stand.
    pub thoughts: Thoughts,
    /// Whether they are wanted back beside the calls that followed them.
    pub echo: Echo,
    /// What ids of calls must look like.
    pub call_ids: CallIds,
    /// Whether an answer can be held to a JSON schema; else it is asked to keep to it.
    pub json_schema: bool,
    /// Whether an answer can be asked to be any JSON object; else its schema is one that all objects keep to.
    pub json_object: bool,
    /// Whether `json_object` is refused where no message speaks of JSON.
    pub json_word: bool,
    /// Whether the model sees images.
    pub images: bool,
    /// Whether documents are taken as `file` parts.
    pub files: bool,
    /// Whether answers begin with their thoughts between `<think>` and `</think>` instead of in a field of their own.
    pub think_tags: bool,
    /// Whether thoughts that another provider's model had are kept as text where they would be left out.
    pub reasoning_as_text: bool,
}

impl Quirks {
    /// A server that takes what most take.
    pub const DEFAULT: Self = Self {
        output_limit: OutputLimit::Either,
        output_max: None,
        refused: Parameters::NONE,
        temperature_min: None,
        temperature_max: None,
        stops_max: 4,
        include_usage: true,
        developer_role: true,
        late_system: true,
        tool_choice: ToolChoice::Any,
        thinking: ThinkingSwitch::Effort,
        thinking_off: false,
        thinks_whole: true,
        efforts: Levels::of(&[Level::None, Level::Low, Level::Medium, Level::High]),
        thoughts: Thoughts::ReasoningContent,
        echo: Echo::Forbidden,
        call_ids: CallIds::Any,
        json_schema: true,
        json_object: true,
        json_word: false,
        images: true,
        files: true,
        think_tags: false,
        reasoning_as_text: false,
    };

    /// Returns the nearest temperature that is taken, where the wanted one, which is JSON, is not.
    pub fn nearest_temperature(&self, wanted: &str) -> Option<f64> {
        let wanted: f64 = wanted.parse().ok()?;
        let least = self.temperature_min.filter(|least| wanted < *least);
        least.or(self.temperature_max.filter(|most| wanted > *most))
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::DEFAULT
    }
}

words! {
    /// What the most tokens of an answer are called in a request.
    OutputLimit {
        /// `max_tokens` or `max_completion_tokens`.
        Either = "either",
        /// `max_tokens`; the other name is refused, or does nothing.
        MaxTokens = "max_tokens",
        /// `max_completion_tokens`; the other name is refused, or does nothing.
        MaxCompletionTokens = "max_completion_tokens",
    }
}

words! {
    /// Parameters of a request.
    Parameters in
    /// A parameter of a request, which can be left out without changing what was asked.
    Parameter {
        /// How daring tokens are chosen.
        Temperature = "temperature",
        /// The share of likely tokens.
        TopP = "top_p",
        /// The number of likely tokens.
        TopK = "top_k",
        /// What makes an answer repeatable.
        Seed = "seed",
        /// Texts that end the answer.
        Stop = "stop",
        /// The number of answers.
        Choices = "n",
        /// Avoiding repeated words.
        FrequencyPenalty = "frequency_penalty",
        /// Avoiding known topics.
        PresencePenalty = "presence_penalty",
        /// Making single tokens likelier.
        LogitBias = "logit_bias",
        /// The probability of each token.
        Logprobs = "logprobs",
        /// The probability of the likeliest tokens.
        TopLogprobs = "top_logprobs",
        /// Calling several tools at once.
        ParallelToolCalls = "parallel_tool_calls",
        /// How hard the model thinks.
        ReasoningEffort = "reasoning_effort",
        /// How wordy the answer is.
        Verbosity = "verbosity",
        /// The client's user.
        User = "user",
        /// The client's user, by `OpenAI`'s newer name.
        SafetyIdentifier = "safety_identifier",
        /// Whether the answer is kept.
        Store = "store",
        /// Notes that are kept with the answer.
        Metadata = "metadata",
        /// The speed and price class.
        ServiceTier = "service_tier",
        /// Text that the answer probably repeats.
        Prediction = "prediction",
        /// What a prompt cache may go by.
        PromptCacheKey = "prompt_cache_key",
        /// How long a prompt is cached.
        PromptCacheRetention = "prompt_cache_retention",
        /// Whether the answer is written or spoken.
        Modalities = "modalities",
        /// A search of the provider's own.
        WebSearchOptions = "web_search_options",
    }
}

words! {
    /// Which choices of a tool are taken.
    ToolChoice {
        /// All of them.
        Any = "any",
        /// The model must be left to decide while it thinks; a forced call turns thinking off.
        ForcedWithoutThinking = "forced_without_thinking",
        /// The model must be left to decide, or be told to call none.
        Unforced = "unforced",
        /// The model must be left to decide; to have none called, none is offered.
        Auto = "auto",
    }
}

words! {
    /// What turns thinking on and off.
    ThinkingSwitch {
        /// `reasoning_effort`, as `OpenAI` does.
        Effort = "reasoning_effort",
        /// `thinking: {"type": "enabled"}`, with `reasoning_effort` beside it where efforts are known.
        Type = "thinking",
        /// The same with `adaptive` for on.
        TypeAdaptive = "thinking_adaptive",
        /// `enable_thinking` and `thinking_budget`.
        Enable = "enable_thinking",
        /// `reasoning: {"effort": …}`, or `max_tokens` in it.
        Reasoning = "reasoning",
        /// `chat_template_kwargs: {"enable_thinking": …}`, with `reasoning_effort` beside it.
        TemplateKwargs = "chat_template_kwargs",
        /// Nothing does.
        Nothing = "none",
    }
}

words! {
    /// Efforts that a model knows.
    Levels in
    /// How hard a model thinks, from least to most.
    Level {
        /// Not at all.
        None = "none",
        /// As little as possible.
        Minimal = "minimal",
        /// Little.
        Low = "low",
        /// As usual.
        Medium = "medium",
        /// Much.
        High = "high",
        /// Very much.
        Xhigh = "xhigh",
        /// As much as possible.
        Max = "max",
    }
}

words! {
    /// Where the thoughts of earlier turns stand.
    Thoughts {
        /// In `reasoning_content` of the message.
        ReasoningContent = "reasoning_content",
        /// In `reasoning` of the message.
        Reasoning = "reasoning",
        /// In front of its content, between `<think>` and `</think>`.
        ThinkTags = "think_tags",
    }
}

words! {
    /// Whether the model gets back what it thought before it called a tool.
    Echo {
        /// It must: without, the request is refused. Thoughts that are not known any more are empty.
        Required = "required",
        /// It gets what is known.
        Optional = "optional",
        /// It never does.
        Forbidden = "forbidden",
    }
}

words! {
    /// What ids of calls must look like.
    CallIds {
        /// As `OpenAI` takes them: up to 40 bytes.
        Any = "any",
        /// Exactly nine letters and digits.
        Nine = "nine",
        /// As the vendor's own model made them, however long.
        Verbatim = "verbatim",
    }
}

impl Levels {
    /// Returns the efforts, from least to most.
    pub fn efforts(self) -> Vec<Effort<'static>> {
        self.members().map(Level::effort).collect()
    }
}

impl Level {
    const fn effort(self) -> Effort<'static> {
        match self {
            Self::None => Effort::None,
            Self::Minimal => Effort::Minimal,
            Self::Low => Effort::Low,
            Self::Medium => Effort::Medium,
            Self::High => Effort::High,
            Self::Xhigh => Effort::Xhigh,
            Self::Max => Effort::Max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        CallIds, Echo, Level, Levels, OutputLimit, Parameter, Parameters, ThinkingSwitch, Thoughts,
        ToolChoice, Word,
    };

    fn words_are_told_apart<W: Word>() {
        let words: std::collections::HashSet<&str> = W::ALL.iter().map(|each| each.word()).collect();
        assert_eq!(words.len(), W::ALL.len());
        assert!(W::ALL.iter().map(|each| each.word()).eq(W::WORDS.iter().copied()));
    }

    #[test]
    fn every_word_means_one_thing() {
        words_are_told_apart::<OutputLimit>();
        words_are_told_apart::<Parameter>();
        words_are_told_apart::<ToolChoice>();
        words_are_told_apart::<ThinkingSwitch>();
        words_are_told_apart::<Level>();
        words_are_told_apart::<Thoughts>();
        words_are_told_apart::<Echo>();
        words_are_told_apart::<CallIds>();
    }

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        let set = Parameters::of(&[Parameter::User, Parameter::Temperature]);
        assert!(set.has(Parameter::User) && set.has(Parameter::Temperature) && !set.has(Parameter::TopP));
        assert!(set.members().eq([Parameter::Temperature, Parameter::User]));
        assert!(Levels::NONE.is_empty() && Levels::NONE.efforts().is_empty());
    }
}
