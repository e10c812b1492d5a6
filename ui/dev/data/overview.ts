import type { Hour, Overview } from "../../src/bindings/api";
import type { OperationAnswers } from "../fixture";
import { channelLines } from "./lines";
import { at, inSeconds, now } from "./time";

const answered = [96, 104, 88, 67, 59, 63, 44, 31, 22, 12, 4, 3, 2, 0, 0, 2, 2, 14, 78, 136, 160, 150, 155, 72];
const rescued: Record<number, number> = { 3: 3, 10: 2, 18: 3, 19: 5, 20: 3, 22: 17, 23: 20 };
const refused: Record<number, number> = { 10: 2, 18: 4, 20: 5, 23: 4 };

const hours: Hour[] = answered.map((count, index) => ({
  from: new Date(Date.parse(at("14:00")) - (23 - index) * 3_600_000).toISOString(),
  answered: count,
  rescued: rescued[index] ?? 0,
  refused: refused[index] ?? 0,
}));

const friday: Overview = {
  version: "1.0.0",
  state: "degraded",
  addresses: ["127.0.0.1:7584"],
  endpoint: "http://127.0.0.1:7584",
  paused: false,
  demo: false,
  config_file: "/home/user/.config/sluice/config.toml",
  editable: true,
  client_keys_required: true,
  client_key_hint: "sk-sluice-7Qk…4c1",
  vault: { kind: "keychain", state: "ready", name: "Secret Service", message: null, waiting: 0 },
  problems: [],
  last_problem: {
    at: at("14:31"),
    request: "01JD8X4Q7Z3RQ5V9M0T2B6C8K2",
    client: "Claude Code",
    channel: "Anthropic",
    class: "overloaded",
    status: 529,
    message: "Overloaded",
    answered_by: "DeepSeek",
    attempts: 3,
    waited_ms: 1_800,
  },
  port_conflict: null,
  counters: {
    requests_today: 1_284,
    in_flight: 3,
    answered: 1_248,
    rescued: 31,
    refused: 5,
    input_tokens: 9_190_000,
    cached_tokens: 7_080_000,
    output_tokens: 430_000,
    first_content_median_ms: 790,
    first_content_p95_ms: 2_900,
  },
  hours,
  flow: {
    clients: [
      { name: "Claude Code", requests: 61 },
      { name: "OpenCode", requests: 24 },
      { name: "Continue", requests: 9 },
      { name: "nightly-eval", requests: 6 },
    ],
    channels: [
      { name: "Anthropic", requests: 58 },
      { name: "OpenAI", requests: 12 },
      { name: "DeepSeek", requests: 19 },
      { name: "Kimi", requests: 5 },
      { name: "OpenRouter", requests: 4 },
      { name: "Ollama", requests: 2 },
    ],
  },
  channels: channelLines,
  started: inSeconds(-86_400),
  timestamp: now,
  refused_callers: [],
};

const nothing: Overview["counters"] = {
  requests_today: 0,
  in_flight: 0,
  answered: 0,
  rescued: 0,
  refused: 0,
  input_tokens: 0,
  cached_tokens: 0,
  output_tokens: 0,
  first_content_median_ms: null,
  first_content_p95_ms: null,
};

/** What a state changes of the Friday. */
const states: Record<string, Partial<Overview>> = {
  empty: {
    state: "down",
    channels: [],
    flow: { clients: [], channels: [] },
    hours: hours.map((hour) => ({ ...hour, answered: 0, rescued: 0, refused: 0 })),
    counters: nothing,
    last_problem: null,
  },
  quiet: {
    state: "ok",
    channels: channelLines.slice(0, 3).map((line) => ({ ...line, hours: line.hours.map(() => null), in_flight: 0 })),
    flow: { clients: [], channels: [] },
    hours: hours.map((hour) => ({ ...hour, answered: 0, rescued: 0, refused: 0 })),
    counters: nothing,
    last_problem: null,
  },
  healthy: {
    state: "ok",
    channels: channelLines.filter((line) => line.state === "healthy"),
    last_problem: null,
  },
  down: {
    state: "stopped",
    addresses: [],
    counters: { ...friday.counters, in_flight: 0 },
    port_conflict: { address: "127.0.0.1:7584", owner: "node", pid: 4_120, free: 7_585 },
  },
  open: {
    addresses: ["0.0.0.0:7584"],
    client_keys_required: false,
    refused_callers: [
      { kind: "host", value: "studio.local", at: at("14:20"), count: 3 },
      { kind: "origin", value: "https://playground.example.com", at: at("13:58"), count: 1 },
    ],
  },
  paused: { state: "paused", paused: true },
  locked: {
    vault: { kind: "keychain", state: "locked", name: "Secret Service", message: null, waiting: 5 },
  },
  vaultless: {
    vault: { kind: "keychain", state: "missing", name: "Secret Service", message: "no D-Bus session", waiting: 2 },
  },
  closed: {
    vault: { kind: "file", state: "closed", name: "/home/user/.config/sluice/vault.age", message: null, waiting: 5 },
  },
  faulty: {
    problems: [
      {
        code: "config_invalid",
        severity: "error",
        message: "Unknown field “modles” in channel Kimi. Did you mean “models”?",
        file: "config.toml",
        line: 14,
        column: 1,
        path: "channel[3].modles",
        channel: "Kimi",
      },
    ],
  },
};

export function overviewAnswers(state: string): OperationAnswers {
  let paused = state === "paused";
  return {
    overview: () => {
      const overview = { ...friday, ...states[state] };
      return paused === overview.paused ? overview : { ...overview, paused, state: paused ? "paused" : "degraded" };
    },
    set_paused: (request, tell) => {
      paused = request.paused;
      tell({ kind: "gateway" });
      return {};
    },
    retry_listening: {},
  };
}
