import type { AttemptTrace, Happening, RoutingRule, SkippedChannel, Trace, Usage } from "../../src/bindings/api";
import { HostFault } from "../../src/host/host";
import type { OperationAnswers } from "../fixture";
import { at, inSeconds } from "./time";

const wildcard: RoutingRule = { rule: "alias", pattern: "claude-*", target: "coding", then: { rule: "tag", tag: "coding" } };
const listed: RoutingRule = { rule: "listed" };

const skipped: SkippedChannel[] = [
  { channel: "Gemini", reason: "does not list the model", cause: { reason: "does_not_list" } },
  { channel: "Zhipu GLM", reason: "is switched off", cause: { reason: "disabled" } },
];

const usage = (input: number, output: number, cached = 0, reasoning = 0): Usage => {
  return { input_uncached: input - cached, cache_read: cached, cache_write: 0, output, reasoning };
};

function attempt(channel: string, model: string, started_ms: number, more: Partial<AttemptTrace> = {}): AttemptTrace {
  return {
    channel,
    key: "main",
    protocol: "messages",
    model,
    started_ms,
    headers_ms: null,
    first_content_ms: null,
    ended_ms: null,
    status: 200,
    class: null,
    phase: null,
    error: null,
    verdict: null,
    maybe_billed: false,
    ...more,
  };
}

/** An attempt that answers: first content and end in milliseconds since the request began. */
const answer = (channel: string, model: string, first: number | null, end: number | null, began = 4): AttemptTrace =>
  attempt(channel, model, began, { headers_ms: first === null ? null : first - 40, first_content_ms: first, ended_ms: end });

/** An attempt in another protocol than the client's. */
const translated = (answered: AttemptTrace): AttemptTrace => ({
  ...answered,
  protocol: "chat",
  notes: [
    { loss: "drop", field: "cache_control", why: "no_word" },
    { loss: "drop", field: "thinking.signature", why: "foreign" },
  ],
});

let numbers = 0;

function trace(time: string, client: string | null, asked: string, attempts: AttemptTrace[], more: Partial<Trace> = {}): Trace {
  const end = attempts.at(-1);
  const protocol = asked.startsWith("claude") ? "messages" : "chat";
  numbers += 1;
  return {
    id: `0199d8c4-7${String(numbers).padStart(3, "0")}-7a2e-9c41-5f0d6b1e77${String(numbers % 90).padStart(2, "0")}`,
    started: at(time),
    client,
    protocol,
    operation: "generate",
    stream: true,
    asked,
    rule: "channels list the name, map it or are known to serve it",
    matched: asked.startsWith("claude") ? wildcard : listed,
    candidates: [...new Set(attempts.map(({ channel }) => channel))].map((channel, rank) => {
      return { channel, model: end?.model ?? asked, rank, stand_in: false };
    }),
    skipped: [],
    attempts: attempts.map((attempt) => (attempt.notes ? attempt : { ...attempt, protocol })),
    ending: "done",
    status: 200,
    usage: null,
    first_content_ms: attempts.find(({ first_content_ms }) => first_content_ms !== null)?.first_content_ms ?? null,
    total_ms: end?.ended_ms ?? 0,
    ...more,
  };
}

const overloaded: Partial<AttemptTrace> = {
  status: 529,
  class: "overloaded",
  phase: "p2",
  error: "overloaded_error: Overloaded",
};

/** The request that the overview's last problem is about. */
const rescued = trace(
  "14:31:48",
  "Claude Code",
  "claude-sonnet-5",
  [
    attempt("Anthropic", "claude-sonnet-5", 4, { ...overloaded, ended_ms: 460, verdict: "same channel again" }),
    attempt("Anthropic", "claude-sonnet-5", 850, { ...overloaded, ended_ms: 1_220, verdict: "try another" }),
    translated(attempt("DeepSeek", "deepseek-v4-pro", 1_240, { headers_ms: 1_500, first_content_ms: 1_810, ended_ms: 9_800, verdict: "delivered" })),
  ],
  {
    id: "01JD8X4Q7Z3RQ5V9M0T2B6C8K2",
    candidates: [
      { channel: "Anthropic", model: "claude-sonnet-5", rank: 0, stand_in: false },
      { channel: "DeepSeek", model: "deepseek-v4-pro", rank: 1, stand_in: true },
      { channel: "OpenRouter", model: "anthropic/claude-sonnet-5", rank: 1, stand_in: false },
      {
        channel: "Kimi", model: "kimi-k2.7-code", rank: 1, stand_in: true,
        excluded: "is rate limited (model benched for 42 s)",
        exclusion: { held: { code: "benched", scope: "model", class: "rate_limit" }, wait_ms: 42_000 },
      },
    ],
    skipped,
    first_content_ms: 1_810,
    usage: usage(47_904, 1_206, 0, 488),
  },
);

/** The requests of the Friday, newest first. */
function friday(): Trace[] {
  return [
    trace("14:31:57", "Claude Code", "claude-sonnet-5", [answer("Anthropic", "claude-sonnet-5", 790, null)], {
      ending: "running",
      usage: usage(48_100, 212, 47_200),
      total_ms: 3_100,
    }),
    trace("14:31:56", "OpenCode", "fast", [answer("DeepSeek", "deepseek-v4-flash", 440, 2_000)], { usage: usage(6_200, 318, 5_100) }),
    trace("14:31:54", "Claude Code", "claude-haiku-4-5", [answer("Anthropic", "claude-haiku-4-5", 380, 900)], { usage: usage(1_100, 24) }),
    trace("14:31:52", "Continue", "embed", [answer("OpenAI", "text-embedding-3-small", 210, 214)], {
      operation: "embed",
      stream: false,
      usage: usage(3_800, 0),
    }),
    rescued,
    trace("14:31:40", "nightly-eval", "gpt-5.6-luna", [answer("OpenAI", "gpt-5.6-luna", 660, 4_400)], { usage: usage(2_700, 611, 0, 320) }),
    trace(
      "14:31:22",
      "OpenCode",
      "claude-sonnet-5",
      [
        attempt("OpenRouter", "anthropic/claude-sonnet-5", 6, {
          headers_ms: 900,
          first_content_ms: 1_300,
          ended_ms: 6_000,
          class: "malformed",
          phase: "p4",
          error: "the stream ended before message_stop",
          verdict: "ended with an error event",
          maybe_billed: true,
        }),
      ],
      { ending: "cut", usage: usage(18_400, 402), skipped },
    ),
    trace(
      "14:31:03",
      "nightly-eval",
      "kimi-k2.7-code",
      [
        attempt("Kimi", "kimi-k2.7-code", 3, {
          status: 429,
          class: "rate_limit",
          phase: "p2",
          ended_ms: 140,
          error: "rate_limit_reached_error: Your account reached max organization RPM: 20, please try again after 1 minute",
          verdict: "refuse",
        }),
      ],
      { ending: "error", status: 429, total_ms: 142, refusal: "every channel that serves kimi-k2.7-code is rate limited; Kimi: free in 70 s" },
    ),
    trace("14:30:57", "Claude Code", "claude-opus-5", [answer("Anthropic", "claude-opus-5", 1_120, 21_600)], {
      usage: { input_uncached: 1_400, cache_read: 49_300, cache_write: 1_300, output: 2_940, reasoning: 1_020 },
    }),
    trace("14:30:41", "Continue", "local", [answer("Ollama", "qwen3-coder", 350, 1_700)], { usage: usage(900, 96) }),
    trace("14:30:32", "OpenCode", "fast", [answer("DeepSeek", "deepseek-v4-flash", 410, 1_800)], { usage: usage(5_900, 280, 4_800) }),
    trace("14:30:20", null, "gpt-6", [], {
      ending: "error",
      status: 404,
      matched: { rule: "unknown_refused" },
      refusal: "no channel serves this model; close: gpt-5.6-luna",
      total_ms: 1,
    }),
    trace("14:30:11", "Claude Code", "claude-sonnet-5", [answer("Anthropic", "claude-sonnet-5", 820, 2_100)], {
      ending: "client_left",
      status: 499,
      usage: usage(46_000, 90, 45_000),
    }),
  ];
}

const clients = ["Claude Code", "OpenCode", "Continue", "nightly-eval"];
const channels: [string, string][] = [
  ["Anthropic", "claude-sonnet-5"],
  ["DeepSeek", "deepseek-v4-flash"],
  ["OpenAI", "gpt-5.6-luna"],
  ["Ollama", "qwen3-coder"],
];

/** A full list, to see how it scrolls. */
function many(): Trace[] {
  return Array.from({ length: 500 }, (_, index) => {
    const [channel, model] = channels[index % channels.length] ?? ["Anthropic", "claude-sonnet-5"];
    const one = trace("14:30", clients[index % clients.length] ?? null, model, [answer(channel, model, 300 + (index % 7) * 90, 1_200 + index)]);
    return { ...one, started: inSeconds(-2 - index * 3), usage: usage(1_000 + index * 17, 50 + index) };
  });
}

/** Requests that keep coming while somebody looks. */
function flowing(tell: (happening: Happening) => void, every: number): void {
  let count = 0;
  setInterval(() => {
    count += 1;
    const [channel, model] = channels[count % channels.length] ?? ["Anthropic", "claude-sonnet-5"];
    const begun: Trace = {
      ...trace("14:32", clients[count % clients.length] ?? null, model, [attempt(channel, model, 4)]),
      started: new Date().toISOString(),
      ending: "running",
    };
    tell({ kind: "request", trace: begun });
    setTimeout(() => tell({ kind: "request", trace: { ...begun, attempts: [answer(channel, model, 400, 1_400)], ending: "done", first_content_ms: 400, total_ms: 1_400, usage: usage(1_200, 80) } }), 1_400);
  }, every);
}

/** `state=many` has 500 requests, `flowing` a new one every second, `busy` 50 a second, `empty` and `quiet` none. */
export function trafficAnswers(state: string): OperationAnswers {
  let begun = false;
  const kept = state === "empty" || state === "quiet" ? [] : state === "many" || state === "busy" ? many() : friday();
  return {
    traces: (_, tell) => {
      if ((state === "flowing" || state === "busy") && !begun) flowing(tell, state === "busy" ? 20 : 900);
      begun = true;
      return kept;
    },
    why: ({ id }) => {
      const found = kept.find((one) => one.id === id);
      if (!found) throw new HostFault({ code: "not_found", message: `no request ${id} is kept` });
      return found;
    },
  };
}
