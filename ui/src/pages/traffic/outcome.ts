/** What became of a request, in one word and as a story. Pure: words are chosen elsewhere. */

import type { AttemptTrace, Class, Trace } from "../../bindings/api";

/** One word for a request's outcome. */
export type Outcome = "waiting" | "streaming" | "answered" | "rescued" | "left" | "silent" | "cut" | "refused";

/** The outcome of a request. A rescue is an answer after at least one failed attempt. */
export function outcomeOf(trace: Trace): Outcome {
  switch (trace.ending) {
    case "running":
      return last(trace)?.first_content_ms == null ? "waiting" : "streaming";
    case "done":
      return trace.attempts.some(hasFailed) ? "rescued" : "answered";
    case "client_left":
      return "left";
    case "idle":
      return "silent";
    case "cut":
      return "cut";
    case "error":
      return "refused";
  }
}

/** Whether the client got no whole answer through a fault that is not its own. */
export function isRefused(outcome: Outcome): boolean {
  return outcome === "refused" || outcome === "cut" || outcome === "silent";
}

/** The attempt that answers, or that was made last. */
export function last(trace: Trace): AttemptTrace | undefined {
  return trace.attempts.at(-1);
}

/** The same failure of the same channel, `times` in a row. */
export interface Failure {
  channel: string;
  class: Class;
  times: number;
}

/** The failures on the way, in their order; a repeated one is told once. */
export function failures(trace: Trace): Failure[] {
  const told: Failure[] = [];
  for (const attempt of trace.attempts) {
    if (attempt.class === null) continue;
    const before = told.at(-1);
    if (before && before.channel === attempt.channel && before.class === attempt.class) before.times += 1;
    else told.push({ channel: attempt.channel, class: attempt.class, times: 1 });
  }
  return told;
}

/** What an upstream said about its failure; the same words of the same channel stand once. */
interface Saying {
  channel: string;
  status: number | null;
  text: string;
  times: number;
  /** Whether the upstream may have worked, and billed, for nothing. */
  billed: boolean;
}

/** What the upstreams said, in order. */
export function whatWasSaid(trace: Trace): Saying[] {
  const said: Saying[] = [];
  for (const { channel, status, error, maybe_billed } of trace.attempts) {
    if (error === null) continue;
    const same = said.find((other) => other.channel === channel && other.text === error && other.status === status);
    if (same) {
      same.times += 1;
      same.billed ||= maybe_billed;
    } else said.push({ channel, status, text: error, times: 1, billed: maybe_billed });
  }
  return said;
}

/** Milliseconds that a running request has taken at `now`; a finished one keeps its own figure. */
export function elapsed(trace: Trace, now: number): number {
  return trace.ending === "running" ? Math.max(trace.total_ms, now - Date.parse(trace.started)) : trace.total_ms;
}

function hasFailed(attempt: AttemptTrace): boolean {
  return attempt.class !== null;
}
