import { expect, test } from "vitest";
import type { AttemptTrace, Class, Trace } from "../../bindings/api";
import { EVERYTHING, passing } from "./filter";
import { failures, outcomeOf } from "./outcome";
import { storyOf } from "./story";
import { arrived, scrollTo, sliceOf } from "./window";

const attempt = (channel: string, more: Partial<AttemptTrace> = {}): AttemptTrace => ({
  channel, key: "main", model: `${channel}-model`, protocol: "chat", started_ms: 0, headers_ms: null, first_content_ms: 10, ended_ms: 20,
  status: 200, class: null, phase: null, error: null, verdict: null, maybe_billed: false, ...more,
});
const failed = (channel: string, kind: Class = "overloaded"): AttemptTrace =>
  attempt(channel, { class: kind, status: 529, first_content_ms: null });

const trace = (attempts: AttemptTrace[], more: Partial<Trace> = {}): Trace => ({
  id: "0199", started: "2026-11-20T14:31:00Z", client: "Claude Code", protocol: "messages", operation: "generate", stream: true,
  asked: "claude-sonnet-5", rule: null, matched: null, candidates: [], skipped: [], attempts, ending: "done", status: 200, usage: null,
  first_content_ms: null, total_ms: 20, ...more,
});

test.each([
  ["DeepSeek answered after Anthropic was overloaded twice", trace([failed("Anthropic"), failed("Anthropic"), attempt("DeepSeek")])],
  ["Anthropic answered when asked again; first it was overloaded", trace([failed("Anthropic"), attempt("Anthropic")])],
  [
    "Ollama answered after Kimi was rate limited and OpenAI could not be reached",
    trace([failed("Kimi", "rate_limit"), failed("OpenAI", "network"), attempt("Ollama")]),
  ],
  ["Anthropic answered", trace([attempt("Anthropic")])],
  ["Waiting for Anthropic", trace([attempt("Anthropic", { first_content_ms: null })], { ending: "running" })],
  ["Anthropic is answering", trace([attempt("Anthropic")], { ending: "running" })],
  ["A channel is being chosen", trace([], { ending: "running" })],
  ["Refused with 429: Kimi was rate limited", trace([failed("Kimi", "rate_limit")], { ending: "error", status: 429 })],
  ["Refused with 503 before any channel was asked", trace([], { ending: "error", status: 503 })],
  ["The client left after 20 ms, before anything was answered", trace([], { ending: "client_left", status: 499 })],
])("tells: %s", (sentence, told) => {
  expect(storyOf(told, told.total_ms)).toBe(sentence);
});

test("the same failure in a row is told once, with its count", () => {
  expect(failures(trace([failed("A"), failed("A"), failed("B"), failed("A")]))).toEqual([
    { channel: "A", class: "overloaded", times: 2 },
    { channel: "B", class: "overloaded", times: 1 },
    { channel: "A", class: "overloaded", times: 1 },
  ]);
});

test("an answer after a failure is a rescue, an answer at once is none", () => {
  expect(outcomeOf(trace([failed("A"), attempt("B")]))).toBe("rescued");
  expect(outcomeOf(trace([attempt("B")]))).toBe("answered");
});

const list = [
  trace([attempt("Anthropic")], { id: "a" }),
  trace([failed("Anthropic"), attempt("DeepSeek")], { id: "b", client: "OpenCode" }),
  trace([failed("Kimi")], { id: "c", ending: "error", status: 429, asked: "kimi-k2" }),
  trace([attempt("Kimi")], { id: "d", ending: "client_left", status: 499 }),
];

test.each([
  ["everything", {}, ["a", "b", "c", "d"]],
  ["the rescued", { kind: "rescued" as const }, ["b"]],
  ["the refused, not those whose client left", { kind: "refused" as const }, ["c"]],
  ["a channel that was merely tried", { channel: "Anthropic" }, ["a", "b"]],
  ["a client", { client: "OpenCode" }, ["b"]],
  ["every word", { text: "KIMI 429" }, ["c"]],
  ["nothing where one word is not found", { text: "kimi 200 anthropic" }, []],
])("the filter shows %s", (_, filter, ids) => {
  expect(passing(list, { ...EVERYTHING, ...filter }).map(({ id }) => id)).toEqual(ids);
});

test("rows that are not drawn keep their room", () => {
  const { from, to, above, below } = sliceOf(500, 28, 2_800, 280);
  expect([from, to]).toEqual([92, 118]);
  expect(above + below + (to - from) * 28).toBe(500 * 28);
});

test("a list shorter than its window is drawn whole", () => {
  expect(sliceOf(3, 28, 0, 400)).toEqual({ from: 0, to: 3, above: 0, below: 0 });
  expect(sliceOf(0, 28, 0, 400)).toEqual({ from: 0, to: 0, above: 0, below: 0 });
});

test("a row in view is left where it is", () => {
  expect(scrollTo(5, 28, 0, 400, 29)).toBeUndefined();
  expect(scrollTo(0, 28, 100, 400, 29)).toBe(0);
  expect(scrollTo(50, 28, 0, 400, 29)).toBe(50 * 28 + 28 + 29 - 400);
});

test("new rows are counted above the row that was first", () => {
  const rows = [{ id: "c" }, { id: "b" }, { id: "a" }];
  expect(arrived(rows, "a")).toBe(2);
  expect(arrived(rows, "c")).toBe(0);
  expect(arrived(rows, "gone")).toBe(3);
  expect(arrived(rows, undefined)).toBe(0);
});
