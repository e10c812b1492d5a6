import { expect, test } from "vitest";
import type { AttemptTrace, Class, Trace } from "../bindings/api";
import { lay } from "./waterfall";

function attempt(channel: string, started_ms: number, more: Partial<AttemptTrace>): AttemptTrace {
  return {
    channel, key: "main", model: "m", protocol: "chat", started_ms, headers_ms: null, first_content_ms: null, ended_ms: null, status: null,
    class: null, phase: null, error: null, verdict: null, maybe_billed: false, ...more,
  };
}

const traceOf = (...attempts: AttemptTrace[]) => ({ attempts }) as Trace;

test("attempts share one axis", () => {
  const { axis, lanes } = lay(
    traceOf(
      attempt("A", 0, { ended_ms: 500, class: "overloaded" }),
      attempt("A", 900, { ended_ms: 1_200, class: "overloaded" }),
      attempt("B", 1_210, { first_content_ms: 2_000, ended_ms: 10_000 }),
    ),
    10_000,
  );
  expect(axis.top).toBe(10_000);
  expect(lanes.map(({ stretches }) => stretches.map(({ shade }) => shade))).toEqual([
    ["wait", "fail"],
    ["pause", "wait", "fail"],
    ["wait", "stream"],
  ]);
  expect(lanes[2]?.first).toBe(0.2);
});

test("only the same channel, key and model is the same again", () => {
  const failed = { ended_ms: 10, class: "overloaded" as Class };
  const { lanes } = lay(
    traceOf(
      attempt("A", 0, failed),
      attempt("A", 400, failed),
      attempt("A", 800, { ...failed, key: "other" }),
      attempt("B", 1_200, failed),
    ),
    1_300,
  );
  expect(lanes.map(({ again }) => again)).toEqual([false, true, false, false]);
  expect(lanes[1]?.paused_ms).toBe(390);
});

test("a running attempt reaches to now", () => {
  const { lanes } = lay(traceOf(attempt("A", 0, { first_content_ms: 800 })), 4_000);
  expect(lanes[0]?.took_ms).toBe(4_000);
  expect(lanes[0]?.stretches.at(-1)).toMatchObject({ shade: "stream", to: 1 });
});
