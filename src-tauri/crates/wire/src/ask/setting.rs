//! What a setting is called in each protocol.

use crate::Protocol;

/// A setting of a request, for notes and refusals that use the client's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// How daring tokens are chosen.
    Temperature,
    /// The share of likely tokens.
    TopP,
    /// The number of likely tokens.
    TopK,
    /// What makes an answer repeatable.
    Seed,
    /// Avoiding repeated words.
    FrequencyPenalty,
    /// Avoiding known topics.
    PresencePenalty,
    /// Texts that end the answer.
    Stop,
    /// The number of answers.
    Choices,
    /// The probability of each token.
    Logprobs,
    /// The most tokens of the answer.
    OutputMax,
    /// Calling several tools at once.
    ParallelCalls,
    /// Which tool must be called.
    Choice,
    /// The form of the answer.
    Format,
    /// How hard the model thinks.
    Effort,
    /// Whether and how long the model thinks.
    Thinking,
    /// How wordy the answer is.
    Verbosity,
    /// The client's user.
    User,
    /// What a prompt cache may go by.
    CacheKey,
    /// The speed and price class.
    Tier,
    /// Where a prompt is worth caching.
    CacheMark,
    /// Following a tool's schema exactly.
    StrictTools,
    /// Tools that a search must find first.
    DeferredTools,
    /// Tools that the provider runs.
    HostedTools,
    /// How closely an image is looked at.
    Detail,
    /// A provider's opaque note to itself.
    State,
    /// System messages in the midst of a conversation.
    LateSystem,
    /// Ids of tool calls.
    CallIds,
    /// Names of tools.
    ToolNames,
    /// The outcome of tool calls.
    Outcomes,
}

impl Setting {
    /// Returns its name in a protocol, or the nearest thing that such a client can say.
    pub const fn word(self, protocol: Protocol) -> &'static str {
        use Protocol::{Chat, Gemini, Messages, Responses};
        match (self, protocol) {
            (Self::Temperature, Chat | Responses | Messages) => "temperature",
            (Self::Temperature, Gemini) => "generationConfig.temperature",
            (Self::TopP, Chat | Responses | Messages) => "top_p",
            (Self::TopP, Gemini) => "generationConfig.topP",
            (Self::TopK, Chat | Responses | Messages) => "top_k",
            (Self::TopK, Gemini) => "generationConfig.topK",
            (Self::Seed, Chat | Responses | Messages) => "seed",
            (Self::Seed, Gemini) => "generationConfig.seed",
            (Self::FrequencyPenalty, Chat | Responses | Messages) => "frequency_penalty",
            (Self::FrequencyPenalty, Gemini) => "generationConfig.frequencyPenalty",
            (Self::PresencePenalty, Chat | Responses | Messages) => "presence_penalty",
            (Self::PresencePenalty, Gemini) => "generationConfig.presencePenalty",
            (Self::Stop, Chat | Responses) => "stop",
            (Self::Stop, Messages) => "stop_sequences",
            (Self::Stop, Gemini) => "generationConfig.stopSequences",
            (Self::Choices, Chat | Responses | Messages) => "n",
            (Self::Choices, Gemini) => "generationConfig.candidateCount",
            (Self::Logprobs, Chat | Messages) => "logprobs",
            (Self::Logprobs, Responses) => "top_logprobs",
            (Self::Logprobs, Gemini) => "generationConfig.responseLogprobs",
            (Self::OutputMax, Chat) => "max_completion_tokens",
            (Self::OutputMax, Responses) => "max_output_tokens",
            (Self::OutputMax, Messages) => "max_tokens",
            (Self::OutputMax, Gemini) => "generationConfig.maxOutputTokens",
            (Self::ParallelCalls, Chat | Responses | Gemini) => "parallel_tool_calls",
            (Self::ParallelCalls, Messages) => "tool_choice.disable_parallel_tool_use",
            (Self::Choice, Chat | Responses | Messages) => "tool_choice",
            (Self::Choice, Gemini) => "toolConfig.functionCallingConfig",
            (Self::Format, Chat) => "response_format",
            (Self::Format, Responses) => "text.format",
            (Self::Format, Messages) => "output_config.format",
            (Self::Format, Gemini) => "generationConfig.responseJsonSchema",
            (Self::Effort, Chat) => "reasoning_effort",
            (Self::Effort, Responses) => "reasoning.effort",
            (Self::Effort, Messages) => "output_config.effort",
            (Self::Effort, Gemini) => "generationConfig.thinkingConfig.thinkingLevel",
            (Self::Thinking, Chat) => "reasoning_effort",
            (Self::Thinking, Responses) => "reasoning",
            (Self::Thinking, Messages) => "thinking",
            (Self::Thinking, Gemini) => "generationConfig.thinkingConfig",
            (Self::Verbosity, Chat | Messages | Gemini) => "verbosity",
            (Self::Verbosity, Responses) => "text.verbosity",
            (Self::User, Chat | Responses) => "user",
            (Self::User, Messages) => "metadata.user_id",
            (Self::User, Gemini) => "labels",
            (Self::CacheKey, Chat | Responses | Messages) => "prompt_cache_key",
            (Self::CacheKey, Gemini) => "cachedContent",
            (Self::Tier, Chat | Responses | Messages) => "service_tier",
            (Self::Tier, Gemini) => "serviceTier",
            (Self::CacheMark, Chat | Responses) => "prompt_cache_breakpoint",
            (Self::CacheMark, Messages | Gemini) => "cache_control",
            (Self::StrictTools, Chat | Responses | Messages | Gemini) => "tools[].strict",
            (Self::DeferredTools, Chat | Responses | Messages | Gemini) => "tools[].defer_loading",
            (Self::HostedTools, Chat | Responses | Messages | Gemini) => "tools",
            (Self::Detail, Chat) => "image_url.detail",
            (Self::Detail, Responses) => "input_image.detail",
            (Self::Detail, Messages | Gemini) => "mediaResolution",
            (Self::State, Chat) => "reasoning_details",
            (Self::State, Responses) => "reasoning.encrypted_content",
            (Self::State, Messages) => "thinking.signature",
            (Self::State, Gemini) => "thoughtSignature",
            (Self::LateSystem, Chat | Messages | Gemini) => "messages[].role",
            (Self::LateSystem, Responses) => "input[].role",
            (Self::CallIds, Chat) => "tool_calls[].id",
            (Self::CallIds, Responses) => "call_id",
            (Self::CallIds, Messages) => "tool_use.id",
            (Self::CallIds, Gemini) => "functionCall.id",
            (Self::ToolNames, Chat | Responses | Messages) => "tools[].name",
            (Self::ToolNames, Gemini) => "functionDeclarations[].name",
            (Self::Outcomes, Chat) => "tool",
            (Self::Outcomes, Responses) => "function_call_output",
            (Self::Outcomes, Messages) => "tool_result",
            (Self::Outcomes, Gemini) => "functionResponse",
        }
    }
}
