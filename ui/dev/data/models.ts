import type { AliasLine, Explained, ModelLine, ModelsView, RouteQuestion } from "../../src/bindings/api";
import { HostFault } from "../../src/host/host";
import type { OperationAnswers } from "../fixture";
import { channelLines } from "./lines";

const aliases: AliasLine[] = [
  { name: "claude-*", target: "coding", resolves: true, first: { channel: "Anthropic", model: "claude-sonnet-5" }, target_disabled: false },
  { name: "fast", target: "DeepSeek,deepseek-v4-flash", resolves: true, first: { channel: "DeepSeek", model: "deepseek-v4-flash" }, target_disabled: false },
  { name: "gpt-5.6*", target: "gpt-5.6-luna", resolves: true, first: { channel: "OpenAI", model: "gpt-5.6-luna" }, target_disabled: false },
  { name: "embed", target: "text-embedding-3-small", resolves: true, first: { channel: "OpenAI", model: "text-embedding-3-small" }, target_disabled: false },
  { name: "local", target: "Ollama", resolves: true, first: { channel: "Ollama", model: "qwen3-coder" }, target_disabled: false },
  { name: "glm", target: "Zhipu GLM", resolves: false, first: null, target_disabled: true },
  { name: "vision", target: "gemini-3.6-flash", resolves: false, first: null, target_disabled: false },
];

function model(id: string, ...served: [channel: string, sent?: string][]): ModelLine {
  return {
    id,
    channels: served.map(([name, sent]) => {
      const line = channelLines.find((known) => known.name === name);
      return { name, sent: sent ?? id, enabled: line?.enabled ?? true, state: line?.state ?? "healthy" };
    }),
  };
}

const models: ModelLine[] = [
  model("claude-haiku-4-5", ["Anthropic"], ["OpenRouter", "anthropic/claude-haiku-4-5"]),
  model("claude-opus-5", ["Anthropic"], ["OpenRouter", "anthropic/claude-opus-5"]),
  model("claude-sonnet-5", ["Anthropic"], ["OpenRouter", "anthropic/claude-sonnet-5"]),
  model("deepseek-v4-flash", ["DeepSeek"]),
  model("deepseek-v4-pro", ["DeepSeek"], ["OpenRouter", "deepseek/deepseek-v4-pro"]),
  model("gemini-3.6-flash", ["Gemini"]),
  model("glm-5.2", ["Zhipu GLM"]),
  model("gpt-5.6-luna", ["OpenAI"], ["OpenRouter", "openai/gpt-5.6-luna"]),
  model("kimi-k2.7-code", ["Kimi"]),
  model("qwen3-coder", ["Ollama"]),
  model("text-embedding-3-small", ["OpenAI"]),
];

/** What a Claude name comes to on the Friday: one of everything that can be said of a channel. */
function sonnet(asked: string): Explained {
  return {
    asked,
    protocol: "messages",
    rule: 'the alias "claude-*" stands for "coding"; the name is the tag "coding"',
    matched: { rule: "alias", pattern: "claude-*", target: "coding", then: { rule: "tag", tag: "coding" } },
    order: [
      { candidate: 0, channel: "Anthropic", model: asked, rank: 0, eligible: true, reason: null, held: null, wait_ms: null },
      { candidate: 1, channel: "DeepSeek", model: "deepseek-v4-pro", rank: 1, eligible: true, reason: null, held: null, wait_ms: null },
      {
        candidate: 2, channel: "OpenRouter", model: `anthropic/${asked}`, rank: 1, eligible: false, wait_ms: 500,
        reason: "sent a reply that cannot be read (model being tried by another request)",
        held: { code: "probing", scope: "cell", class: "malformed" },
      },
      {
        candidate: 3, channel: "Kimi", model: "kimi-k2.7-code", rank: 1, eligible: false, wait_ms: 42_000,
        reason: "is rate limited (model benched for 42 s)", held: { code: "benched", scope: "model", class: "rate_limit" },
      },
    ],
    candidates: [
      { channel: "Anthropic", model: asked, rank: 0, stand_in: false },
      { channel: "DeepSeek", model: "deepseek-v4-pro", rank: 1, stand_in: true },
      { channel: "OpenRouter", model: `anthropic/${asked}`, rank: 1, stand_in: false },
      { channel: "Kimi", model: "kimi-k2.7-code", rank: 1, stand_in: true },
    ],
    skipped: [
      { channel: "OpenAI", reason: "does not list the model", cause: { reason: "does_not_list" } },
      { channel: "Ollama", reason: "does not list the model", cause: { reason: "does_not_list" } },
      { channel: "Gemini", reason: "needs a key: refused", cause: { reason: "needs_key", why: "refused" } },
      { channel: "Zhipu GLM", reason: "is switched off", cause: { reason: "disabled" } },
    ],
  };
}

function explain({ model: asked, protocol }: RouteQuestion): Explained {
  if (asked.startsWith("claude")) return sonnet(asked);
  const served = models.find(({ id }) => id === asked)?.channels ?? [];
  const auto = asked === "" || asked === "auto";
  const found = auto ? channelLines.filter(({ state }) => state === "healthy").map(({ name, model: own }) => ({ name, sent: own ?? "qwen3-coder" })) : served;
  return {
    asked: asked || "auto",
    protocol,
    rule: "channels list the name, map it or are known to serve it",
    matched: auto ? { rule: "auto" } : found.length > 0 ? { rule: "listed" } : { rule: "unknown_refused" },
    ...(found.length > 0 ? {} : { refusal: "no channel serves this model", close: ["gpt-5.6-luna", "claude-opus-5"] }),
    order: found.map(({ name, sent }, candidate) => ({ candidate, channel: name, model: sent, rank: candidate, eligible: true, reason: null, held: null, wait_ms: null })),
    candidates: found.map(({ name, sent }, rank) => ({ channel: name, model: sent, rank, stand_in: false })),
    skipped: channelLines
      .filter(({ name }) => !found.some((other) => other.name === name))
      .map(({ name }) => ({ channel: name, reason: "does not list the model", cause: { reason: "does_not_list" } })),
  };
}

/** `state=empty` has neither aliases nor models. */
export function modelAnswers(state: string): OperationAnswers {
  let kept = state === "empty" ? [] : aliases;
  let before = kept;
  const view = (): ModelsView => ({
    aliases: kept,
    models: state === "empty" ? [] : models,
    auto: state === "empty" ? null : { channel: "Anthropic", model: "claude-sonnet-5" },
    unknown_models: "default",
    strategy: "weighted",
    fallback: true,
  });
  return {
    models: view,
    route_model: (question) => (state === "empty" ? { ...explain(question), order: [], candidates: [], skipped: [] } : explain(question)),
    save_alias: ({ original, name, target }) => {
      if (kept.some((alias) => alias.name === name && name !== original)) {
        throw new HostFault({ code: "name_taken", message: `there is an alias ${name}`, field: "name" });
      }
      const saved: AliasLine = { name, target, resolves: true, first: { channel: "Anthropic", model: target }, target_disabled: false };
      kept = original === null ? [...kept, saved] : kept.map((alias) => (alias.name === original ? saved : alias));
      return saved;
    },
    remove_alias: ({ name }) => {
      before = kept;
      kept = kept.filter((alias) => alias.name !== name);
      return { name, undo: "alias" };
    },
    undo: () => {
      kept = before;
      return {};
    },
  };
}
