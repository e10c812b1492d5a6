//! What each vendor's Chat wants otherwise than most do, model by model.
//!
//! Every entry names where it was read; "refused" always means an error of the vendor's, seen or documented. What a
//! vendor passes over in silence is no entry, unless something that the client asked for would be lost with it.
//! Gathered in 2026.

use wire::quirks::{
    CallIds, Echo, Level, Levels, OutputLimit, Parameter, Parameters, Quirks as Wanted, ThinkingSwitch,
    Thoughts, ToolChoice,
};

use super::Preset;
use crate::document::Quirks;
use crate::pattern::Pattern;

/// Departures by the model's name without the vendor in front of it; those of every pattern that matches count, later
/// ones over earlier ones.
pub type ByModel = &'static [(&'static str, Quirks)];

const NONE: Quirks = Quirks::NONE;

/// What models are known to want whoever serves them: a relay passes on what it is asked.
///
/// `DeepSeek` (api-docs.deepseek.com, `guides/thinking_mode`) and Kimi (platform.kimi.ai, use-kimi-k2-thinking-model)
/// refuse a call in the history without the thoughts before it; Kimi also wants the ids back that its models made
/// (`functions.name:0`). Mistral's chat templates take ids of nine letters and digits.
const FAMILIES: ByModel = &[
    ("deepseek-v*", ECHOES),
    ("deepseek-chat*", ECHOES),
    ("deepseek-reasoner*", ECHOES),
    ("kimi*", Quirks { call_ids: Some(CallIds::Verbatim), ..ECHOES }),
    ("mimo*", ECHOES),
    ("mistral*", NINE_IDS),
    ("ministral*", NINE_IDS),
    ("magistral*", NINE_IDS),
    ("codestral*", NINE_IDS),
    ("devstral*", NINE_IDS),
    ("pixtral*", NINE_IDS),
];

const ECHOES: Quirks = Quirks { echo: Some(Echo::Required), ..NONE };
const NINE_IDS: Quirks = Quirks { call_ids: Some(CallIds::Nine), ..NONE };

/// `DeepSeek` (api-docs.deepseek.com: `guides/thinking_mode`, `guides/json_mode`, api/create-chat-completion). Refused:
/// the role `developer` ("unknown variant"), `image_url` outside of its vision models, `json_schema` (`This
/// response_format type is unavailable now`), `json_object` without the word in the prompt, forced calls while it
/// thinks (`Thinking mode does not support this tool_choice`), which it does unless told otherwise, and calls without
/// the thoughts before them.
pub(super) const DEEPSEEK: ByModel = &[
    (
        "*",
        Quirks {
            output_limit: Some(OutputLimit::MaxTokens),
            developer_role: Some(false),
            tool_choice: Some(ToolChoice::ForcedWithoutThinking),
            thinking: Some(ThinkingSwitch::Type),
            thinking_off: Some(true),
            efforts: Some(LOW_HIGH_MAX),
            echo: Some(Echo::Required),
            json_schema: Some(false),
            json_word: Some(true),
            images: Some(false),
            files: Some(false),
            ..NONE
        },
    ),
    ("*vision*", Quirks { images: Some(true), ..NONE }),
    // The first model that thought refused its own thoughts in the history (api-docs.deepseek.com, news of R1).
    ("deepseek-r1*", Quirks { echo: Some(Echo::Forbidden), ..NONE }),
];

const LOW_HIGH_MAX: Levels = Levels::of(&[Level::Low, Level::High, Level::Max]);

/// Moonshot's Kimi (platform.kimi.ai: api/models-overview, guide/use-thinking-effort, guide/kimi-k2-7-code). Refused:
/// the role `developer` (`ROLE_UNSPECIFIED`), sampling other than its own ("only 1 is allowed for this model"), forced
/// calls while it thinks ("incompatible with thinking enabled") but for K3, calls without the thoughts before them,
/// turning the thoughts of K2.7 and K3 off, and calls under other ids than its own.
pub(super) const KIMI: ByModel = &[
    (
        "*",
        Quirks {
            developer_role: Some(false),
            tool_choice: Some(ToolChoice::ForcedWithoutThinking),
            thinking: Some(ThinkingSwitch::Type),
            thinking_off: Some(true),
            efforts: Some(Levels::NONE),
            refused: Some(Parameters::of(&[
                Parameter::Temperature,
                Parameter::TopP,
                Parameter::Choices,
                Parameter::PresencePenalty,
                Parameter::FrequencyPenalty,
            ])),
            echo: Some(Echo::Required),
            call_ids: Some(CallIds::Verbatim),
            files: Some(false),
            ..NONE
        },
    ),
    ("kimi-k2.7*", Quirks { thinking_off: Some(false), ..NONE }),
    ("kimi-k2-thinking*", Quirks { thinking_off: Some(false), ..NONE }),
    ("kimi-k3*", KIMI_3),
    // What Kimi For Coding calls it.
    ("k3*", KIMI_3),
    (
        "moonshot-v1*",
        Quirks {
            tool_choice: Some(ToolChoice::Any),
            thinking: Some(ThinkingSwitch::Nothing),
            refused: Some(Parameters::NONE),
            temperature_max: Some(1.0),
            echo: Some(Echo::Forbidden),
            ..NONE
        },
    ),
];

const KIMI_3: Quirks = Quirks {
    tool_choice: Some(ToolChoice::Any),
    thinking: Some(ThinkingSwitch::Effort),
    thinking_off: Some(false),
    efforts: Some(LOW_HIGH_MAX),
    ..NONE
};

/// Qwen at `DashScope` (help.aliyun.com/zh/model-studio: qwen-api-reference, deep-thinking, json-mode). Refused: the
/// role `developer` ("is not one of"), forced calls while it thinks ("does not support being set to required or object
/// in thinking mode"), `json_object` without the word in the prompt, and thoughts of the open models in whole answers
/// (`enable_thinking must be set to false for non-streaming calls`).
pub(super) const QWEN: ByModel = &[
    (
        "*",
        Quirks {
            developer_role: Some(false),
            tool_choice: Some(ToolChoice::ForcedWithoutThinking),
            thinking: Some(ThinkingSwitch::Enable),
            thinking_off: Some(true),
            json_word: Some(true),
            files: Some(false),
            ..NONE
        },
    ),
    // The open models are named by their size: qwen3-32b, qwen3-235b-a22b.
    ("qwen3-*b", Quirks { thinks_whole: Some(false), ..NONE }),
    ("*thinking*", Quirks { thinking_off: Some(false), ..NONE }),
];

/// GLM at Zhipu and Z.ai (docs.z.ai: api-reference/llm/chat-completion, guides/capabilities/thinking-mode). Refused:
/// the role `developer` ("Incorrect role information"), temperatures above 1, more than one text that ends the answer,
/// every choice of a tool but `auto`, turning the thoughts of GLM-5.3 off. It knows `max_tokens` and no `json_schema`.
pub(super) const GLM: ByModel = &[
    (
        "*",
        Quirks {
            output_limit: Some(OutputLimit::MaxTokens),
            developer_role: Some(false),
            temperature_max: Some(1.0),
            stops_max: Some(1),
            tool_choice: Some(ToolChoice::Auto),
            thinking: Some(ThinkingSwitch::Type),
            thinking_off: Some(true),
            efforts: Some(Levels::NONE),
            echo: Some(Echo::Optional),
            json_schema: Some(false),
            files: Some(false),
            ..NONE
        },
    ),
    ("glm-5.2*", Quirks { efforts: Some(LOW_HIGH_MAX), ..NONE }),
    ("glm-5.3*", Quirks { efforts: Some(LOW_HIGH_MAX), thinking_off: Some(false), ..NONE }),
];

/// `MiniMax` (platform.minimax.io: api-reference/text-openai-api). Temperatures are in (0, 1], others refused. Thoughts
/// stand between tags in the content, and must be left there in the history; only M3 can do without them.
pub(super) const MINIMAX: ByModel = &[
    (
        "*",
        Quirks {
            temperature_min: Some(0.01),
            temperature_max: Some(1.0),
            thinking: Some(ThinkingSwitch::Nothing),
            think_tags: Some(true),
            thoughts: Some(Thoughts::ThinkTags),
            echo: Some(Echo::Optional),
            files: Some(false),
            ..NONE
        },
    ),
    (
        "minimax-m3*",
        Quirks {
            thinking: Some(ThinkingSwitch::TypeAdaptive),
            thinking_off: Some(true),
            efforts: Some(Levels::NONE),
            ..NONE
        },
    ),
];

/// Xiaomi `MiMo` (platform.xiaomimimo.com): `thinking` as `DeepSeek` has it, and the thoughts before calls back.
pub(super) const MIMO: ByModel = &[(
    "*",
    Quirks {
        thinking: Some(ThinkingSwitch::Type),
        thinking_off: Some(true),
        efforts: Some(Levels::NONE),
        echo: Some(Echo::Required),
        ..NONE
    },
)];

/// Doubao at Volcengine and `BytePlus` (volcengine.com/docs/82379, deep thinking): `thinking` with efforts beside it.
pub(super) const DOUBAO: ByModel = &[(
    "*",
    Quirks {
        thinking: Some(ThinkingSwitch::Type),
        thinking_off: Some(true),
        efforts: Some(Levels::of(&[Level::Minimal, Level::Low, Level::Medium, Level::High])),
        echo: Some(Echo::Optional),
        files: Some(false),
        ..NONE
    },
)];

/// xAI (docs.x.ai: model-capabilities/text/reasoning, and its models' `capabilities`). Refused: both penalties, and
/// `stop` by models that think ("does not support parameter presencePenalty"); `reasoning_effort` by those that publish
/// no list.
pub(super) const XAI: ByModel = &[
    (
        "*",
        Quirks {
            refused: Some(Parameters::of(&[
                Parameter::PresencePenalty,
                Parameter::FrequencyPenalty,
                Parameter::Stop,
            ])),
            efforts: Some(Levels::of(&[Level::Low, Level::Medium, Level::High, Level::Xhigh])),
            files: Some(false),
            ..NONE
        },
    ),
    ("grok-3-mini*", Quirks { efforts: Some(Levels::of(&[Level::Low, Level::High])), ..NONE }),
    (
        "grok-4.3*",
        Quirks {
            efforts: Some(Levels::of(&[Level::None, Level::Low, Level::Medium, Level::High, Level::Xhigh])),
            thinking_off: Some(true),
            ..NONE
        },
    ),
    ("grok-4", XAI_WITHOUT_EFFORT),
    ("grok-4-*", XAI_WITHOUT_EFFORT),
    ("grok-4.20*", XAI_WITHOUT_EFFORT),
    ("grok-code*", XAI_WITHOUT_EFFORT),
    ("grok-build*", XAI_WITHOUT_EFFORT),
    (
        "*non-reasoning*",
        Quirks {
            refused: Some(Parameters::of(&[
                Parameter::PresencePenalty,
                Parameter::FrequencyPenalty,
                Parameter::ReasoningEffort,
            ])),
            ..NONE
        },
    ),
];

const XAI_WITHOUT_EFFORT: Quirks = Quirks {
    refused: Some(Parameters::of(&[
        Parameter::PresencePenalty,
        Parameter::FrequencyPenalty,
        Parameter::Stop,
        Parameter::ReasoningEffort,
    ])),
    thinking: Some(ThinkingSwitch::Nothing),
    ..NONE
};

/// Mistral (docs.mistral.ai: api/endpoint/chat, inference/conversations/reasoning). Every field that it does not know
/// is refused with 422 ("Extra inputs are not permitted"), `stream_options` among them, and so are the role `developer`
/// and ids of calls that are not nine letters and digits. The last chunk of a stream always holds the usage.
pub(super) const MISTRAL: ByModel = &[
    (
        "*",
        Quirks {
            include_usage: Some(false),
            output_limit: Some(OutputLimit::MaxTokens),
            refused: Some(MISTRAL_REFUSES.with(Parameter::ReasoningEffort)),
            temperature_max: Some(1.5),
            developer_role: Some(false),
            thinking: Some(ThinkingSwitch::Nothing),
            call_ids: Some(CallIds::Nine),
            files: Some(false),
            ..NONE
        },
    ),
    ("mistral-small*", MISTRAL_THINKS),
    ("mistral-medium*", MISTRAL_THINKS),
    ("mistral-large*", MISTRAL_THINKS),
];

const MISTRAL_REFUSES: Parameters = Parameters::of(&[
    Parameter::TopK,
    // It is called `random_seed` there.
    Parameter::Seed,
    Parameter::LogitBias,
    Parameter::Logprobs,
    Parameter::TopLogprobs,
    Parameter::Verbosity,
    Parameter::User,
    Parameter::SafetyIdentifier,
    Parameter::Store,
    Parameter::ServiceTier,
    Parameter::PromptCacheRetention,
    Parameter::Modalities,
    Parameter::WebSearchOptions,
]);

const MISTRAL_THINKS: Quirks = Quirks {
    refused: Some(MISTRAL_REFUSES),
    thinking: Some(ThinkingSwitch::Effort),
    thinking_off: Some(true),
    efforts: Some(Levels::of(&[Level::None, Level::High])),
    ..NONE
};

/// Groq (console.groq.com/docs: openai, reasoning, structured-outputs). Refused: probabilities and biases of tokens,
/// and `reasoning_effort` by models that do not know it; `json_object` without the word in the prompt.
pub(super) const GROQ: ByModel = &[
    (
        "*",
        Quirks {
            refused: Some(GROQ_REFUSES.with(Parameter::ReasoningEffort)),
            thinking: Some(ThinkingSwitch::Nothing),
            thoughts: Some(Thoughts::Reasoning),
            json_word: Some(true),
            files: Some(false),
            ..NONE
        },
    ),
    // It knows `none` and `default` only, which are no efforts.
    ("qwen*", Quirks { refused: Some(GROQ_REFUSES), ..NONE }),
    (
        "gpt-oss*",
        Quirks {
            refused: Some(GROQ_REFUSES),
            thinking: Some(ThinkingSwitch::Effort),
            efforts: Some(Levels::of(&[Level::Low, Level::Medium, Level::High])),
            ..NONE
        },
    ),
];

const GROQ_REFUSES: Parameters =
    Parameters::of(&[Parameter::LogitBias, Parameter::Logprobs, Parameter::TopLogprobs]);

/// Cerebras (inference-docs.cerebras.ai: resources/openai). Refused: penalties, biases, `service_tier`, calls at once,
/// and the role `developer` but for gpt-oss; temperatures go to 1.5.
pub(super) const CEREBRAS: ByModel = &[
    (
        "*",
        Quirks {
            refused: Some(Parameters::of(&[
                Parameter::FrequencyPenalty,
                Parameter::PresencePenalty,
                Parameter::LogitBias,
                Parameter::ParallelToolCalls,
                Parameter::ServiceTier,
            ])),
            temperature_max: Some(1.5),
            developer_role: Some(false),
            thoughts: Some(Thoughts::Reasoning),
            files: Some(false),
            ..NONE
        },
    ),
    ("gpt-oss*", Quirks { developer_role: Some(true), ..NONE }),
];

/// `OpenRouter` (openrouter.ai/docs: use-cases/reasoning-tokens): one object says effort, budget and neither.
pub(super) const OPENROUTER: ByModel = &[(
    "*",
    Quirks {
        thinking: Some(ThinkingSwitch::Reasoning),
        thinking_off: Some(true),
        efforts: Some(Levels::of(&[
            Level::None,
            Level::Minimal,
            Level::Low,
            Level::Medium,
            Level::High,
            Level::Xhigh,
        ])),
        thoughts: Some(Thoughts::Reasoning),
        ..NONE
    },
)];

/// Google's Chat beside Gemini (ai.google.dev/gemini-api/docs/openai): whatever it does not know is refused ("Unknown
/// name … Cannot find field").
pub(super) const GOOGLE: ByModel = &[(
    "*",
    Quirks {
        refused: Some(Parameters::of(&[
            Parameter::FrequencyPenalty,
            Parameter::PresencePenalty,
            Parameter::Seed,
            Parameter::LogitBias,
            Parameter::TopK,
            Parameter::Store,
            Parameter::Metadata,
            Parameter::SafetyIdentifier,
            Parameter::Verbosity,
            Parameter::Prediction,
            Parameter::PromptCacheKey,
            Parameter::PromptCacheRetention,
            Parameter::WebSearchOptions,
        ])),
        ..NONE
    },
)];

/// Ollama (docs.ollama.com: openai, thinking).
pub(super) const OLLAMA: ByModel = &[(
    "*",
    Quirks { thinking_off: Some(true), thoughts: Some(Thoughts::Reasoning), files: Some(false), ..NONE },
)];

/// LM Studio (lmstudio.ai/docs: app/api/structured-output). Refused: `json_object` (`must be 'json_schema' or 'text'`),
/// and by the templates of many models a system message behind the first message.
pub(super) const LM_STUDIO: ByModel =
    &[("*", Quirks { json_object: Some(false), late_system: Some(false), files: Some(false), ..NONE })];

/// llama.cpp's server and what is built on it (tools/server/README.md): templates decide about thinking, and those of
/// many models refuse a system message behind the first message ("System message must be at the beginning").
pub(super) const LLAMA_CPP: ByModel = &[(
    "*",
    Quirks {
        late_system: Some(false),
        thinking: Some(ThinkingSwitch::TemplateKwargs),
        thinking_off: Some(true),
        files: Some(false),
        ..NONE
    },
)];

/// vLLM (docs.vllm.ai: `features/reasoning_outputs`): as llama.cpp, with its newer name for thoughts.
pub(super) const VLLM: ByModel = &[(
    "*",
    Quirks {
        late_system: Some(false),
        thinking: Some(ThinkingSwitch::TemplateKwargs),
        thinking_off: Some(true),
        thoughts: Some(Thoughts::Reasoning),
        files: Some(false),
        ..NONE
    },
)];

/// What is known of one channel's Chat: of families of models, of its vendor, and what its file says, later over
/// earlier.
#[derive(Debug, Clone)]
pub struct ChannelQuirks {
    by_model: Vec<(Pattern, Quirks)>,
    own: Quirks,
}

impl ChannelQuirks {
    /// Puts together what is known of a vendor's models and what a file says.
    pub(crate) fn new(vendor: Option<&Preset>, own: Option<&Quirks>) -> Self {
        let vendors = vendor.map_or(&[][..], |vendor| vendor.quirks);
        let by_model =
            FAMILIES.iter().chain(vendors).map(|(models, quirks)| (Pattern::new(models), *quirks)).collect();
        Self { by_model, own: own.copied().unwrap_or(NONE) }
    }

    /// Returns what the channel wants for a model of this name, in its own words.
    pub fn of(&self, model: &str) -> Wanted {
        let name = model.rsplit('/').next().unwrap_or(model).to_lowercase();
        let matching = self.by_model.iter().filter(|(models, _)| models.matches_lower(&name));
        let known = matching.fold(Wanted::DEFAULT, |known, (_, quirks)| quirks.over(known));
        self.own.over(known)
    }
}
