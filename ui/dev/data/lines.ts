import type { ChannelLine, Health, KeyLine } from "../../src/bindings/api";
import { at, inSeconds } from "./time";

type Hours = ChannelLine["hours"];

/** The hours of a strip, oldest first: `.` nothing, `o` answered, `r` rescued, `x` failed. */
const hours = (text: string): Hours =>
  [...text].map((letter) => ({ ".": null, o: "ok", r: "rescued", x: "failed" })[letter] as Hours[number]);

const key = (name: string, hint: string, uses: number): KeyLine => {
  return { name, source: "vault", variable: null, state: "ready", hint, enabled: true, uses };
};

interface Short extends Partial<ChannelLine> {
  name: string;
  host: string;
  priority: number;
  share: number;
  state: Health;
}

function line(short: Short): ChannelLine {
  return {
    id: short.name.toLowerCase().replaceAll(" ", "-"),
    type: "openai",
    preset: null,
    protocols: ["chat"],
    base_url: `https://${short.host}/v1`,
    relay: false,
    model: null,
    models: null,
    weight: 1,
    tags: [],
    proxy: "direct",
    enabled: short.state !== "off",
    needs_key: null,
    keys: [key("default", "sk-…9f2", 120)],
    rpm: -1,
    rpd: -1,
    reason_code: null,
    reason: null,
    since: at("09:04"),
    until: null,
    next_probe: null,
    probes_passed: 0,
    probes_needed: 2,
    in_flight: 0,
    usage: { rpm: 0, rpd: 0 },
    limits: { rpm: -1, rpd: -1 },
    uses: 0,
    errors: 0,
    last_used: null,
    last_error: null,
    first_content_median_ms: null,
    benched_cells: [],
    hours: hours("oooooooooooooooooooooooo"),
    last_test: null,
    ...short,
  };
}

/** Eight channels that agree with the overview's figures. */
export const channelLines: ChannelLine[] = [
  line({
    name: "Anthropic", host: "api.anthropic.com", type: "claude", preset: "anthropic", protocols: ["messages"],
    base_url: "https://api.anthropic.com", priority: 1, weight: 3, share: 58, state: "healthy", tags: ["coding"],
    keys: [key("personal", "sk-ant-…Q7c", 412), key("team", "sk-ant-…h2A", 333)],
    rpm: 60, rpd: 5000, limits: { rpm: 60, rpd: 5000 }, usage: { rpm: 15, rpd: 745 }, in_flight: 2, uses: 745, errors: 4,
    last_used: at("14:32"), last_error: { at: at("14:31"), class: "overloaded", message: "529 Overloaded" },
    first_content_median_ms: 840, hours: hours("ooooooooooooooooooooooor"), model: "claude-sonnet-5",
  }),
  line({
    name: "OpenAI", host: "api.openai.com", preset: "openai", protocols: ["chat", "responses"], priority: 1, weight: 1,
    share: 12, state: "healthy", rpm: 120, limits: { rpm: 120, rpd: -1 }, usage: { rpm: 6, rpd: 154 }, uses: 154, errors: 1,
    last_used: at("14:31"), first_content_median_ms: 620, model: "gpt-5.2",
  }),
  line({
    name: "DeepSeek", host: "api.deepseek.com", preset: "deepseek", priority: 2, weight: 2, share: 19, state: "healthy",
    since: at("14:06"), rpm: 100, limits: { rpm: 100, rpd: -1 }, usage: { rpm: 9, rpd: 244 }, uses: 244, errors: 3, in_flight: 1,
    last_used: at("14:32"), first_content_median_ms: 910, hours: hours("ooooooooooooooooooooooro"), model: "deepseek-chat",
  }),
  line({
    name: "Kimi", host: "api.moonshot.cn", preset: "kimi", priority: 2, weight: 1, share: 5, state: "benched",
    reason_code: "rate_limit", reason: "rate limited", since: at("14:31:18"), until: inSeconds(42), next_probe: inSeconds(12),
    rpm: 20, limits: { rpm: 20, rpd: -1 }, usage: { rpm: 20, rpd: 64 }, uses: 64, errors: 6, last_used: at("14:31"),
    last_error: { at: at("14:31"), class: "rate_limit", message: "429 Too Many Requests" }, first_content_median_ms: 1120,
    hours: hours("oooooooooooooooooorooooor".slice(0, 24)),
  }),
  line({
    name: "OpenRouter", host: "openrouter.ai", preset: "openrouter", base_url: "https://openrouter.ai/api/v1", priority: 2, weight: 1,
    share: 4, state: "probing", reason_code: "network", reason: "stream was cut", since: at("14:31"), probes_passed: 1,
    uses: 51, errors: 5, in_flight: 1, last_used: at("14:31"), first_content_median_ms: 1480, hours: hours("oooooooooooxooooooooooor"),
  }),
  line({
    name: "Gemini", host: "generativelanguage.googleapis.com", type: "gemini", preset: "gemini", protocols: ["gemini"],
    base_url: "https://generativelanguage.googleapis.com", priority: 2, weight: 1, share: 0, state: "benched",
    reason_code: "credential", reason: "API key expired", since: at("11:20"), uses: 0, errors: 9, last_used: at("11:20"),
    last_error: { at: at("11:20"), class: "credential", message: "API key expired. Please renew the API key." },
    hours: hours("........oooooooooooooxxx"),
  }),
  line({
    name: "Ollama", host: "127.0.0.1:11434", preset: "ollama", base_url: "http://127.0.0.1:11434/v1", priority: 3, weight: 1,
    share: 2, state: "healthy", keys: [], uses: 26, errors: 0, last_used: at("14:28"), first_content_median_ms: 380,
    hours: hours(".........ooooooooooooooo"),
  }),
  line({
    name: "Zhipu GLM", host: "open.bigmodel.cn", preset: "zhipu", base_url: "https://open.bigmodel.cn/api/paas/v4", priority: 3,
    weight: 1, share: 0, state: "off", since: "2026-11-18T10:00:00.000Z", hours: hours("........................"),
  }),
];
