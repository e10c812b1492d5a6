import type { Preset } from "../../bindings/api";
import type { Language } from "../../words/words.svelte";

/** The providers that the first page offers by name, by language: some have a site of their own in China. */
const offered: Record<Language, string[]> = {
  en: ["anthropic", "openai", "gemini", "deepseek", "moonshot", "zai", "openrouter", "ollama"],
  "zh-CN": ["deepseek", "moonshot-cn", "zhipu", "anthropic", "openai", "gemini", "openrouter", "ollama"],
};

/** The presets that the first page shows; those that the program does not know are left out. */
export const suggested = (presets: Preset[], language: Language): Preset[] =>
  offered[language].flatMap((id) => presets.filter((preset) => preset.id === id));
