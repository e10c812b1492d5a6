//! What is known of each vendor: where it speaks which protocol, and its peculiarities.
//!
//! First-party vendors only. Addresses and models were gathered in 2026 from the vendors' pages and from the presets of
//! other open programs; models age quickly, so those named here are examples and not lists. Pages for keys are those that
//! the vendors' guides link to.

use super::quirks::{self, ByModel};
use url::Url;
use wire::Protocol::{self, Chat, Gemini, Messages};

/// One vendor.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// A short name for files and commands.
    pub id: &'static str,
    /// The name that people know.
    pub name: &'static str,
    /// Where it speaks what; of several for one protocol the first is the usual one. Responses stand below the bases of
    /// Chat, see `responses`.
    pub bases: &'static [(Protocol, &'static str)],
    /// Whether it speaks Responses below its bases of Chat.
    pub responses: bool,
    /// The environment variable that usually holds its key; empty where none is needed.
    pub key_variable: &'static str,
    /// The vendor's page where a key is made; empty where none is needed.
    pub key_page: &'static str,
    /// Whether its Messages endpoint wants `Authorization: Bearer` instead of `x-api-key`.
    pub bearer_messages: bool,
    /// What its Chat wants otherwise than most do.
    pub quirks: ByModel,
    /// Names that its own host is known to serve without being asked.
    pub families: &'static [&'static str],
    /// Examples of its models.
    pub models: &'static [&'static str],
}

/// What most vendors have in common.
const COMMON: Preset = Preset {
    id: "",
    name: "",
    bases: &[],
    responses: false,
    key_variable: "",
    key_page: "",
    // Their guides for Claude Code set ANTHROPIC_AUTH_TOKEN, which is sent as a bearer token.
    bearer_messages: true,
    quirks: &[],
    families: &[],
    models: &[],
};

/// Every vendor that is known.
pub const PRESETS: &[Preset] = &[
    Preset {
        id: "openai",
        name: "OpenAI",
        bases: &[(Chat, "https://api.openai.com/v1")],
        responses: true,
        key_variable: "OPENAI_API_KEY",
        key_page: "https://platform.openai.com/api-keys",
        families: &["gpt-*", "o*", "text-embedding-*"],
        models: &["gpt-5.6-sol", "gpt-5.6-luna"],
        ..COMMON
    },
    Preset {
        id: "anthropic",
        name: "Anthropic",
        bases: &[(Messages, "https://api.anthropic.com")],
        key_variable: "ANTHROPIC_API_KEY",
        key_page: "https://platform.claude.com/settings/keys",
        bearer_messages: false,
        families: &["claude-*"],
        models: &["claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5-20251001"],
        ..COMMON
    },
    Preset {
        id: "gemini",
        name: "Google Gemini",
        bases: &[
            (Gemini, "https://generativelanguage.googleapis.com/v1beta"),
            (Chat, "https://generativelanguage.googleapis.com/v1beta/openai"),
        ],
        key_variable: "GEMINI_API_KEY",
        key_page: "https://aistudio.google.com/apikey",
        families: &["gemini-*"],
        models: &["gemini-3.6-flash"],
        quirks: quirks::GOOGLE,
        ..COMMON
    },
    Preset {
        id: "deepseek",
        name: "DeepSeek",
        bases: &[(Chat, "https://api.deepseek.com/v1"), (Messages, "https://api.deepseek.com/anthropic")],
        key_variable: "DEEPSEEK_API_KEY",
        key_page: "https://platform.deepseek.com/api_keys",
        models: &["deepseek-v4-pro", "deepseek-v4-flash"],
        quirks: quirks::DEEPSEEK,
        ..COMMON
    },
    Preset {
        id: "moonshot-cn",
        name: "Moonshot Kimi (CN)",
        bases: &[(Chat, "https://api.moonshot.cn/v1"), (Messages, "https://api.moonshot.cn/anthropic")],
        key_variable: "MOONSHOT_API_KEY",
        key_page: "https://platform.moonshot.cn/console/api-keys",
        models: &["kimi-k2.7-code"],
        quirks: quirks::KIMI,
        ..COMMON
    },
    Preset {
        id: "moonshot",
        name: "Moonshot Kimi",
        bases: &[(Chat, "https://api.moonshot.ai/v1")],
        key_variable: "MOONSHOT_API_KEY",
        key_page: "https://platform.moonshot.ai/console/api-keys",
        models: &["kimi-k2.7-code"],
        quirks: quirks::KIMI,
        ..COMMON
    },
    Preset {
        id: "kimi-coding",
        name: "Kimi For Coding",
        bases: &[(Chat, "https://api.kimi.com/coding/v1"), (Messages, "https://api.kimi.com/coding")],
        key_variable: "KIMI_API_KEY",
        key_page: "https://www.kimi.com/code/console",
        models: &["kimi-for-coding"],
        quirks: quirks::KIMI,
        ..COMMON
    },
    Preset {
        id: "zhipu",
        name: "Zhipu GLM",
        bases: &[
            (Chat, "https://open.bigmodel.cn/api/paas/v4"),
            (Chat, "https://open.bigmodel.cn/api/coding/paas/v4"),
            (Messages, "https://open.bigmodel.cn/api/anthropic"),
        ],
        key_variable: "ZHIPUAI_API_KEY",
        key_page: "https://open.bigmodel.cn/usercenter/apikeys",
        models: &["glm-5.2", "glm-5.1", "glm-4.7", "glm-4.5-air"],
        quirks: quirks::GLM,
        ..COMMON
    },
    Preset {
        id: "zai",
        name: "Z.ai",
        bases: &[(Chat, "https://api.z.ai/api/coding/paas/v4"), (Messages, "https://api.z.ai/api/anthropic")],
        key_variable: "ZAI_API_KEY",
        key_page: "https://z.ai/manage-apikey/apikey-list",
        models: &["glm-5.2", "glm-5.1", "glm-4.7", "glm-4.5-air"],
        quirks: quirks::GLM,
        ..COMMON
    },
    Preset {
        id: "minimax-cn",
        name: "MiniMax (CN)",
        bases: &[(Chat, "https://api.minimaxi.com/v1"), (Messages, "https://api.minimaxi.com/anthropic")],
        responses: true,
        key_variable: "MINIMAX_API_KEY",
        key_page: "https://platform.minimaxi.com/user-center/basic-information/interface-key",
        models: &["MiniMax-M3", "MiniMax-M2.7"],
        quirks: quirks::MINIMAX,
        ..COMMON
    },
    Preset {
        id: "minimax",
        name: "MiniMax",
        bases: &[(Chat, "https://api.minimax.io/v1"), (Messages, "https://api.minimax.io/anthropic")],
        responses: true,
        key_variable: "MINIMAX_API_KEY",
        key_page: "https://platform.minimax.io/user-center/basic-information/interface-key",
        models: &["MiniMax-M3", "MiniMax-M2.7"],
        quirks: quirks::MINIMAX,
        ..COMMON
    },
    Preset {
        id: "dashscope",
        name: "Alibaba Bailian",
        bases: &[
            (Chat, "https://dashscope.aliyuncs.com/compatible-mode/v1"),
            (Messages, "https://dashscope.aliyuncs.com/apps/anthropic"),
        ],
        responses: true,
        key_variable: "DASHSCOPE_API_KEY",
        key_page: "https://bailian.console.aliyun.com/?tab=model#/api-key",
        models: &["qwen3-coder-plus"],
        quirks: quirks::QWEN,
        ..COMMON
    },
    Preset {
        id: "dashscope-coding",
        name: "Alibaba Bailian coding plan",
        bases: &[(Messages, "https://coding.dashscope.aliyuncs.com/apps/anthropic")],
        key_variable: "DASHSCOPE_API_KEY",
        key_page: "https://bailian.console.aliyun.com/?tab=plan#/efm/subscription/coding-plan",
        models: &["qwen3-coder-plus"],
        ..COMMON
    },
    Preset {
        id: "volcengine",
        name: "Volcengine Ark",
        bases: &[
            (Chat, "https://ark.cn-beijing.volces.com/api/v3"),
            (Chat, "https://ark.cn-beijing.volces.com/api/coding/v3"),
            (Chat, "https://ark.cn-beijing.volces.com/api/plan/v3"),
            (Messages, "https://ark.cn-beijing.volces.com/api/compatible"),
            (Messages, "https://ark.cn-beijing.volces.com/api/coding"),
            (Messages, "https://ark.cn-beijing.volces.com/api/plan"),
        ],
        responses: true,
        key_variable: "ARK_API_KEY",
        key_page: "https://console.volcengine.com/ark/region:ark+cn-beijing/apiKey",
        models: &["doubao-seed-2-1-pro-260628", "ark-code-latest"],
        quirks: quirks::DOUBAO,
        ..COMMON
    },
    Preset {
        id: "byteplus",
        name: "BytePlus",
        bases: &[
            (Chat, "https://ark.ap-southeast.bytepluses.com/api/coding/v3"),
            (Messages, "https://ark.ap-southeast.bytepluses.com/api/coding"),
        ],
        responses: true,
        key_variable: "ARK_API_KEY",
        key_page: "https://console.byteplus.com/ark/region:ark+ap-southeast-1/apiKey",
        models: &["ark-code-latest"],
        quirks: quirks::DOUBAO,
        ..COMMON
    },
    Preset {
        id: "qianfan",
        name: "Baidu Qianfan",
        bases: &[
            (Chat, "https://qianfan.baidubce.com/v2/coding"),
            (Messages, "https://qianfan.baidubce.com/anthropic/coding"),
            (Messages, "https://qianfan.baidubce.com/anthropic/tokenplan/personal"),
        ],
        key_variable: "QIANFAN_API_KEY",
        key_page: "https://console.bce.baidu.com/qianfan/ais/console/apiKey",
        models: &["qianfan-code-latest"],
        ..COMMON
    },
    Preset {
        id: "hunyuan",
        name: "Tencent Hunyuan",
        bases: &[(Chat, "https://tokenhub.tencentmaas.com/v1")],
        responses: true,
        key_variable: "HUNYUAN_API_KEY",
        key_page: "https://console.cloud.tencent.com/tokenhub",
        models: &["hy3"],
        ..COMMON
    },
    Preset {
        id: "stepfun-cn",
        name: "StepFun (CN)",
        bases: &[
            (Chat, "https://api.stepfun.com/step_plan/v1"),
            (Messages, "https://api.stepfun.com/step_plan"),
        ],
        key_variable: "STEP_API_KEY",
        key_page: "https://platform.stepfun.com/interface-key",
        models: &["step-3.7-flash"],
        ..COMMON
    },
    Preset {
        id: "stepfun",
        name: "StepFun",
        bases: &[
            (Chat, "https://api.stepfun.ai/step_plan/v1"),
            (Messages, "https://api.stepfun.ai/step_plan"),
        ],
        key_variable: "STEP_API_KEY",
        key_page: "https://platform.stepfun.ai/interface-key",
        models: &["step-3.7-flash"],
        ..COMMON
    },
    Preset {
        id: "mimo",
        name: "Xiaomi MiMo",
        bases: &[(Chat, "https://api.xiaomimimo.com/v1"), (Messages, "https://api.xiaomimimo.com/anthropic")],
        responses: true,
        key_variable: "MIMO_API_KEY",
        key_page: "https://platform.xiaomimimo.com/#/console/api-keys",
        models: &["mimo-v2.5-pro", "mimo-v2.5"],
        quirks: quirks::MIMO,
        ..COMMON
    },
    Preset {
        id: "mimo-plan-cn",
        name: "Xiaomi MiMo token plan (CN)",
        bases: &[
            (Chat, "https://token-plan-cn.xiaomimimo.com/v1"),
            (Messages, "https://token-plan-cn.xiaomimimo.com/anthropic"),
        ],
        responses: true,
        key_variable: "MIMO_API_KEY",
        key_page: "https://platform.xiaomimimo.com/#/console/plan-manage",
        models: &["mimo-v2.5-pro", "mimo-v2.5"],
        quirks: quirks::MIMO,
        ..COMMON
    },
    Preset {
        id: "mimo-plan-sgp",
        name: "Xiaomi MiMo token plan (Singapore)",
        bases: &[
            (Chat, "https://token-plan-sgp.xiaomimimo.com/v1"),
            (Messages, "https://token-plan-sgp.xiaomimimo.com/anthropic"),
        ],
        responses: true,
        key_variable: "MIMO_API_KEY",
        key_page: "https://platform.xiaomimimo.com/#/console/plan-manage",
        models: &["mimo-v2.5-pro", "mimo-v2.5"],
        quirks: quirks::MIMO,
        ..COMMON
    },
    Preset {
        id: "longcat",
        name: "LongCat",
        bases: &[
            (Chat, "https://api.longcat.chat/openai/v1"),
            (Messages, "https://api.longcat.chat/anthropic"),
        ],
        responses: true,
        key_variable: "LONGCAT_API_KEY",
        key_page: "https://longcat.chat/platform/api_keys",
        models: &["LongCat-2.0"],
        ..COMMON
    },
    Preset {
        id: "bailing",
        name: "BaiLing",
        bases: &[(Chat, "https://api.tbox.cn/api/llm/v1"), (Messages, "https://api.tbox.cn/api/anthropic")],
        key_variable: "TBOX_API_KEY",
        key_page: "https://ling.tbox.cn/open",
        models: &["Ling-2.6-1T"],
        ..COMMON
    },
    Preset {
        id: "modelscope",
        name: "ModelScope",
        bases: &[
            (Chat, "https://api-inference.modelscope.cn/v1"),
            (Messages, "https://api-inference.modelscope.cn"),
        ],
        key_variable: "MODELSCOPE_API_KEY",
        key_page: "https://modelscope.cn/my/myaccesstoken",
        models: &["ZhipuAI/GLM-5.2"],
        ..COMMON
    },
    Preset {
        id: "xai",
        name: "xAI",
        bases: &[(Chat, "https://api.x.ai/v1")],
        responses: true,
        key_variable: "XAI_API_KEY",
        key_page: "https://console.x.ai",
        models: &["grok-4.5"],
        quirks: quirks::XAI,
        ..COMMON
    },
    Preset {
        id: "mistral",
        name: "Mistral",
        bases: &[(Chat, "https://api.mistral.ai/v1")],
        key_variable: "MISTRAL_API_KEY",
        key_page: "https://console.mistral.ai/api-keys",
        quirks: quirks::MISTRAL,
        ..COMMON
    },
    Preset {
        id: "groq",
        name: "Groq",
        bases: &[(Chat, "https://api.groq.com/openai/v1")],
        key_variable: "GROQ_API_KEY",
        key_page: "https://console.groq.com/keys",
        models: &["openai/gpt-oss-120b"],
        quirks: quirks::GROQ,
        ..COMMON
    },
    Preset {
        id: "cerebras",
        name: "Cerebras",
        bases: &[(Chat, "https://api.cerebras.ai/v1")],
        key_variable: "CEREBRAS_API_KEY",
        key_page: "https://cloud.cerebras.ai",
        models: &["gpt-oss-120b"],
        quirks: quirks::CEREBRAS,
        ..COMMON
    },
    Preset {
        id: "nvidia",
        name: "NVIDIA NIM",
        bases: &[(Chat, "https://integrate.api.nvidia.com/v1")],
        key_variable: "NVIDIA_API_KEY",
        key_page: "https://build.nvidia.com/settings/api-keys",
        models: &["moonshotai/kimi-k2.5"],
        ..COMMON
    },
    Preset {
        id: "openrouter",
        name: "OpenRouter",
        bases: &[(Chat, "https://openrouter.ai/api/v1"), (Messages, "https://openrouter.ai/api")],
        responses: true,
        key_variable: "OPENROUTER_API_KEY",
        key_page: "https://openrouter.ai/settings/keys",
        models: &["anthropic/claude-sonnet-5"],
        quirks: quirks::OPENROUTER,
        ..COMMON
    },
    Preset {
        id: "siliconflow-cn",
        name: "SiliconFlow (CN)",
        bases: &[(Chat, "https://api.siliconflow.cn/v1"), (Messages, "https://api.siliconflow.cn")],
        key_variable: "SILICONFLOW_API_KEY",
        key_page: "https://cloud.siliconflow.cn/account/ak",
        models: &["Pro/MiniMaxAI/MiniMax-M2.5"],
        ..COMMON
    },
    Preset {
        id: "siliconflow",
        name: "SiliconFlow",
        bases: &[(Chat, "https://api.siliconflow.com/v1"), (Messages, "https://api.siliconflow.com")],
        key_variable: "SILICONFLOW_API_KEY",
        key_page: "https://cloud.siliconflow.com/account/ak",
        models: &["Pro/MiniMaxAI/MiniMax-M2.5"],
        ..COMMON
    },
    Preset {
        id: "novita",
        name: "Novita",
        bases: &[(Chat, "https://api.novita.ai/openai/v1"), (Messages, "https://api.novita.ai/anthropic")],
        key_variable: "NOVITA_API_KEY",
        key_page: "https://novita.ai/settings/key-management",
        models: &["zai-org/glm-5.1"],
        ..COMMON
    },
    Preset {
        id: "ollama",
        name: "Ollama",
        bases: &[(Chat, "http://127.0.0.1:11434/v1"), (Messages, "http://127.0.0.1:11434")],
        quirks: quirks::OLLAMA,
        ..COMMON
    },
    Preset {
        id: "lm-studio",
        name: "LM Studio",
        bases: &[(Chat, "http://127.0.0.1:1234/v1"), (Messages, "http://127.0.0.1:1234")],
        responses: true,
        quirks: quirks::LM_STUDIO,
        ..COMMON
    },
    Preset {
        id: "llama-cpp",
        name: "llama.cpp",
        bases: &[(Chat, "http://127.0.0.1:8080/v1")],
        quirks: quirks::LLAMA_CPP,
        ..COMMON
    },
    Preset {
        id: "vllm",
        name: "vLLM",
        bases: &[(Chat, "http://127.0.0.1:8000/v1")],
        quirks: quirks::VLLM,
        ..COMMON
    },
    Preset {
        id: "jan",
        name: "Jan",
        bases: &[(Chat, "http://127.0.0.1:1337/v1")],
        quirks: quirks::LLAMA_CPP,
        ..COMMON
    },
];

impl Preset {
    /// Finds a vendor by its short name.
    pub fn named(id: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.id == id)
    }

    /// Finds the vendor that a host belongs to. Programs on this machine are told apart by their port.
    pub fn of_host(host: &str, port: Option<u16>) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.bases.iter().any(|(_, base)| same_place(base, host, port)))
    }

    /// Where it speaks `protocol`; of several places the one whose path is most like `like`.
    pub fn base(&self, protocol: Protocol, like: &str) -> Option<&'static str> {
        let protocol = match protocol {
            Protocol::Responses if self.responses => Protocol::Chat,
            Protocol::Responses => return None,
            Protocol::Chat | Protocol::Messages | Protocol::Gemini => protocol,
        };
        let mut best: Option<(&'static str, usize)> = None;
        for (spoken, base) in self.bases {
            let alike = base.bytes().zip(like.bytes()).take_while(|(one, other)| one == other).count();
            if *spoken == protocol && best.is_none_or(|(_, most)| alike > most) {
                best = Some((base, alike));
            }
        }
        best.map(|(base, _)| base)
    }

    /// The protocol of the base that `url` is, or stands below: of several the longest. An origin alone stands for the
    /// vendor's usual protocol, for people paste it whatever they mean.
    pub fn protocol_at(&self, url: &Url) -> Option<Protocol> {
        let path: Vec<&str> = path_parts(url.path()).collect();
        let mut found = self.bases.first().map(|(protocol, _)| *protocol)?;
        let mut longest = 0;
        for (protocol, base) in self.bases {
            let own: Vec<&str> = path_parts(base).skip(2).collect();
            if own.len() > longest && path.starts_with(&own) {
                (found, longest) = (*protocol, own.len());
            }
        }
        Some(found)
    }

    /// Tells whether it is a program on this machine.
    pub fn is_local(&self) -> bool {
        let hosts = self.bases.iter().filter_map(|(_, base)| Url::parse(base).ok());
        hosts.into_iter().all(|url| url.host_str().is_some_and(super::is_loopback))
    }

    /// Tells whether it asks for no key.
    pub fn is_keyless(&self) -> bool {
        self.key_variable.is_empty()
    }
}

fn path_parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn same_place(base: &str, host: &str, port: Option<u16>) -> bool {
    let authority = base.split('/').nth(2).unwrap_or_default();
    match authority.split_once(':') {
        Some((_, own_port)) => {
            super::is_loopback(host) && port.is_some_and(|port| own_port == port.to_string())
        }
        None => authority.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests;
