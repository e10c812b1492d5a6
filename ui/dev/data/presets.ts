import type { Preset, Protocol } from "../../src/bindings/api";

const preset = (id: string, name: string, variable: string, bases: Partial<Record<Protocol, string>>, models: string[], more: Partial<Preset> = {}): Preset => ({
  id,
  name,
  type: bases.gemini ? "gemini" : bases.chat ? "openai" : "claude",
  protocols: Object.entries(bases).map(([protocol, base_url]) => ({ protocol: protocol as Protocol, base_url })),
  key_variable: variable,
  keyless: false,
  models,
  key_page: "https://example.com/keys",
  local: false,
  ...more,
});

/** Some of the program's presets. */
export const presets: Preset[] = [
  preset("anthropic", "Anthropic", "ANTHROPIC_API_KEY", { messages: "https://api.anthropic.com" }, ["claude-opus-5", "claude-sonnet-5"]),
  preset("openai", "OpenAI", "OPENAI_API_KEY", { chat: "https://api.openai.com/v1" }, ["gpt-5.6-sol", "gpt-5.6-luna"]),
  preset("gemini", "Google Gemini", "GEMINI_API_KEY", { gemini: "https://generativelanguage.googleapis.com/v1beta" }, ["gemini-3.6-flash"]),
  preset("deepseek", "DeepSeek", "DEEPSEEK_API_KEY", { chat: "https://api.deepseek.com/v1", messages: "https://api.deepseek.com/anthropic" }, ["deepseek-v4-pro", "deepseek-v4-flash"]),
  preset("moonshot-cn", "Moonshot Kimi (CN)", "MOONSHOT_API_KEY", { chat: "https://api.moonshot.cn/v1" }, ["kimi-k2.7-code"]),
  preset("moonshot", "Moonshot Kimi", "MOONSHOT_API_KEY", { chat: "https://api.moonshot.ai/v1" }, ["kimi-k2.7-code"]),
  preset("zhipu", "Zhipu GLM", "ZHIPUAI_API_KEY", { chat: "https://open.bigmodel.cn/api/paas/v4" }, ["glm-5.2", "glm-5.1"]),
  preset("zai", "Z.ai", "ZAI_API_KEY", { chat: "https://api.z.ai/api/coding/paas/v4" }, ["glm-5.2", "glm-5.1"]),
  preset("minimax", "MiniMax", "MINIMAX_API_KEY", { chat: "https://api.minimax.io/v1" }, ["MiniMax-M3"]),
  preset("dashscope", "Alibaba Bailian", "DASHSCOPE_API_KEY", { chat: "https://dashscope.aliyuncs.com/compatible-mode/v1" }, ["qwen3-coder-plus"]),
  preset("volcengine", "Volcengine Ark", "ARK_API_KEY", { chat: "https://ark.cn-beijing.volces.com/api/v3" }, ["doubao-seed-2-1-pro-260628"]),
  preset("mimo-plan-sgp", "Xiaomi MiMo token plan (Singapore)", "MIMO_API_KEY", { chat: "https://token-plan-sgp.xiaomimimo.com/v1" }, ["mimo-v2.5-pro"]),
  preset("xai", "xAI", "XAI_API_KEY", { chat: "https://api.x.ai/v1" }, ["grok-4.5"]),
  preset("mistral", "Mistral", "MISTRAL_API_KEY", { chat: "https://api.mistral.ai/v1" }, []),
  preset("openrouter", "OpenRouter", "OPENROUTER_API_KEY", { chat: "https://openrouter.ai/api/v1" }, ["anthropic/claude-sonnet-5"]),
  preset("siliconflow", "SiliconFlow", "SILICONFLOW_API_KEY", { chat: "https://api.siliconflow.com/v1" }, ["Pro/MiniMaxAI/MiniMax-M2.5"]),
  preset("ollama", "Ollama", "", { chat: "http://127.0.0.1:11434/v1" }, [], { keyless: true, local: true, key_page: null }),
  preset("lmstudio", "LM Studio", "", { chat: "http://127.0.0.1:1234/v1" }, [], { keyless: true, local: true, key_page: null }),
];
