import type { ChannelDetail, ChannelForm, ChannelLine, ImportPreview, Protocol, Step, TestReport } from "../../src/bindings/api";
import { HostFault } from "../../src/host/host";
import { moved } from "../../src/pages/channels/tiers";
import { blankForm } from "../../src/pages/channels/form";
import type { OperationAnswers } from "../fixture";
import { channelLines } from "./lines";
import { presets } from "./presets";
import { at } from "./time";

const PATHS: Record<Protocol, string> = { chat: "chat/completions", responses: "responses", messages: "v1/messages", gemini: "models/…:generateContent" };

const forms = new Map<string, ChannelForm>();

/** The form of a channel, as far as its line tells it. */
function formOf(line: ChannelLine): ChannelForm {
  const known = forms.get(line.id);
  if (known) return { ...known, name: line.name, priority: line.priority, enabled: line.enabled };
  return {
    ...blankForm(),
    id: line.id,
    name: line.name,
    type: line.type,
    base_url: line.base_url,
    keys: line.keys.map((key) => ({ original: key.name, name: key.name, source: key.source, variable: key.variable, enabled: key.enabled })),
    model: line.model,
    models: line.name === "Anthropic" ? ["claude-sonnet-5"] : null,
    model_map: line.name === "Anthropic" ? [{ asked: "claude-opus-*", sent: "claude-opus-5" }, { asked: "claude-haiku-*", sent: "claude-haiku-4-5" }] : [],
    params: line.name === "Anthropic" ? [{ name: "max_tokens", value: "32000" }] : [],
    enabled: line.enabled,
    weight: line.weight,
    priority: line.priority,
    tags: line.tags,
    timeout_ms: line.name === "Anthropic" ? 120_000 : null,
    proxy: line.proxy === "direct" || line.proxy === "system" ? { way: line.proxy } : { way: "named", name: line.proxy },
    rpm: line.rpm,
    rpd: line.rpd,
  };
}

function detailOf(line: ChannelLine): ChannelDetail {
  const endpoints = line.protocols.map((protocol) => ({ protocol, url: `${line.base_url}/${PATHS[protocol]}` }));
  return { form: formOf(line), line, endpoints };
}

const step = (name: Step["name"], ok: boolean, ms: number, detail = ""): Step => ({ name, ok, ms, detail });

/** Gemini's key has expired, OpenRouter is slow, all others pass. */
function testOf(name: string, host: string): TestReport {
  const found = [step("proxy", true, 4, "socks5h://10.20.0.4:1080"), step("tls", true, 61, `TLS 1.3, ${host}`)];
  if (name === "Gemini") {
    const steps = [...found, step("auth", false, 188)];
    return {
      channel: name, ok: false, at: at("14:32"), protocol: "gemini", model: "gemini-3.6-flash", steps, total_ms: 253,
      error: "HTTP 400 INVALID_ARGUMENT\nAPI key expired. Please renew the API key.", fix_code: "check_key", fix: "check the key",
    };
  }
  const slow = name === "OpenRouter" ? 6_100 : 895;
  const steps = [...found, step("auth", true, 142), step("model", true, 21, "claude-haiku-4-5-20251001"), step("first_token", true, slow)];
  const total_ms = steps.reduce((total, one) => total + one.ms, 0);
  return { channel: name, ok: true, at: at("14:32"), protocol: "chat", model: "claude-haiku-4-5-20251001", steps, total_ms, error: null, fix_code: null, fix: null };
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const preview: ImportPreview = {
  name: "channels.yaml",
  format: "channels YAML",
  token: "1",
  items: [
    { at: 0, what: "channel", name: "Mistral", new_name: null, detail: "openai · api.mistral.ai · mistral-large", host: "api.mistral.ai", keys: 1, outcome: "add", note: null },
    { at: 1, what: "channel", name: "DeepSeek", new_name: "DeepSeek 2", detail: "openai · relay.example.com · deepseek-chat", host: "relay.example.com", keys: 2, outcome: "rename", note: "A relay: neither the vendor’s own host nor on this computer." },
    { at: 2, what: "channel", name: "OpenAI", new_name: null, detail: "openai · api.openai.com", host: "api.openai.com", keys: 1, outcome: "same", note: null },
    { at: 3, what: "channel", name: "Bedrock", new_name: null, detail: "type bedrock", host: null, keys: 0, outcome: "cannot", note: "The type is not known." },
    { at: 4, what: "proxy", name: "office", new_name: null, detail: "socks5 · 10.20.0.4:1080", host: "10.20.0.4", keys: 0, outcome: "add", note: null },
    { at: 5, what: "alias", name: "gpt-4", new_name: null, detail: "gpt-5.6-sol", host: null, keys: 0, outcome: "add", note: null },
  ],
  problems: [{ code: "other", severity: "warning", message: "unknown field “modles” in channel Bedrock; did you mean “models”?", file: "channels.yaml", line: 31, column: 5, path: "channels[3].modles", channel: "Bedrock" }],
};

/** The channels of the Friday, changed by what the window does; `state=empty` has none. */
export function channelAnswers(state: string): OperationAnswers {
  // In place: the overview hands out the same lines.
  const lines: ChannelLine[] = state === "empty" ? [] : channelLines;
  const gone = new Map<string, { line: ChannelLine; before: string | null }>();
  const find = (name: string): ChannelLine => {
    const line = lines.find((known) => known.name === name);
    if (!line) throw new HostFault({ code: "not_found", message: `no channel is called ${name}` });
    return line;
  };
  const put = (line: ChannelLine): ChannelLine => {
    const known = lines.findIndex((other) => other.id === line.id);
    if (known < 0) lines.push(line);
    else lines[known] = line;
    return line;
  };
  const refuse = (): void => {
    if (state === "refusing") throw new HostFault({ code: "stale", message: "config.toml was written by another program at 14:31" });
  };
  return {
    list_channels: () => lines,
    channel: ({ name }) => detailOf(find(name)),
    presets,
    set_channel_enabled: ({ name, enabled }) => {
      refuse();
      return put({ ...find(name), enabled, state: enabled ? "healthy" : "off" });
    },
    move_channel: (move) => {
      refuse();
      lines.splice(0, lines.length, ...moved(lines, move));
      return lines;
    },
    remove_channel: ({ name }) => {
      const at = lines.indexOf(find(name));
      const [line] = lines.splice(at, 1);
      if (line) gone.set(name, { line, before: lines[at]?.name ?? null });
      return { name, undo: name };
    },
    undo: ({ undo }) => {
      const removed = gone.get(undo);
      if (!removed) return {};
      const at = lines.findIndex((line) => line.name === removed.before);
      lines.splice(at < 0 ? lines.length : at, 0, removed.line);
      return {};
    },
    duplicate_channel: ({ name }) => put({ ...find(name), id: `${find(name).id}-2`, name: `${name} 2` }),
    save_channel: ({ original, form }) => {
      refuse();
      if (form.name === "") throw new HostFault({ code: "invalid", field: "name", message: "a channel needs a name" });
      if (form.name !== original && lines.some((line) => line.name === form.name)) throw new HostFault({ code: "name_taken", field: "name", message: "another channel has this name" });
      const model = original === null ? { ...channelLines[0]!, id: form.name, uses: 0, errors: 0, last_used: null, last_error: null, share: 0 } : find(original);
      const keys = form.keys.map((key) => ({ name: key.name, source: key.source, variable: key.variable ?? null, state: "ready" as const, hint: "sk-…new", enabled: key.enabled, uses: 0 }));
      const line = put({ ...model, name: form.name, base_url: form.base_url ?? "", tags: form.tags, priority: form.priority, weight: form.weight, enabled: form.enabled, keys });
      forms.set(line.id, { ...form, id: line.id, keys: form.keys.map((key) => ({ ...key, original: key.name, secret: undefined })) });
      return detailOf(line);
    },
    test_channel: async ({ name, form }, tell) => {
      const channel = name ?? form?.name ?? "";
      const report = testOf(channel, lines.find((line) => line.name === channel)?.host ?? "api.example.com");
      for (const one of report.steps) {
        await pause(250);
        tell({ kind: "test_step", channel, step: one });
      }
      return report;
    },
    probe_channel: () => pause(600).then(() => ({})),
    fetch_models: () => pause(500).then(() => ({ models: ["claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5-20251001", "claude-sonnet-4-6", "claude-opus-4-7"] })),
    guess_key: ({ secret }) => ({ presets: secret.startsWith("sk-ant-") ? ["anthropic"] : secret.startsWith("sk-") ? ["openai", "deepseek", "moonshot"] : [] }),
    preview_import: preview,
    apply_import: { added: ["Mistral", "DeepSeek 2", "office", "gpt-4"], secrets: 3, notes: ["Bedrock was left out: its type is not known."] },
  };
}
