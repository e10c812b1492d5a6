/** How a request's attempts are drawn on one time axis. Positions are parts of 1. */

import type { AttemptTrace, Trace } from "../bindings/api";
import { axis, type Axis } from "./scale";

type Shade = "wait" | "stream" | "fail" | "pause";

interface Stretch {
  shade: Shade;
  from: number;
  to: number;
}

export interface Lane {
  attempt: AttemptTrace;
  /** Milliseconds between the end of the attempt before and the start of this one. */
  paused_ms: number;
  /** Whether it asks what the attempt before asked: same channel, key and model. */
  again: boolean;
  failed: boolean;
  /** Milliseconds it took, or has taken so far. */
  took_ms: number;
  stretches: Stretch[];
  /** Where its first content came. */
  first: number | null;
}

export interface Waterfall {
  /** Milliseconds at the end of the axis. */
  axis: Axis;
  lanes: Lane[];
}

/** A red end, however short the attempt was. */
const MARK = 0.006;
/** A pause shorter than this is the gateway's own doing and is not shown. */
const PAUSE_MS = 30;

/** Lays out the attempts of a request. `elapsed_ms` is its age where it still runs. */
export function lay(trace: Trace, elapsed_ms: number): Waterfall {
  const end = Math.max(elapsed_ms, ...trace.attempts.map((attempt) => attempt.ended_ms ?? 0), 1);
  const time = axis(end, 5);
  const part = (ms: number) => Math.min(1, Math.max(0, ms / time.top));
  const lanes = trace.attempts.map((attempt, index) => lane(attempt, trace.attempts[index - 1], end, part));
  return { axis: time, lanes };
}

function lane(attempt: AttemptTrace, before: AttemptTrace | undefined, now: number, part: (ms: number) => number): Lane {
  const ended = attempt.ended_ms ?? now;
  const failed = attempt.class !== null;
  const paused = before ? Math.max(0, attempt.started_ms - (before.ended_ms ?? attempt.started_ms)) : 0;
  const content = attempt.first_content_ms;
  const stretches: Stretch[] = [];
  if (paused >= PAUSE_MS) stretches.push({ shade: "pause", from: part(attempt.started_ms - paused), to: part(attempt.started_ms) });
  stretches.push({ shade: "wait", from: part(attempt.started_ms), to: part(content ?? ended) });
  if (content !== null) stretches.push({ shade: "stream", from: part(content), to: part(ended) });
  if (failed) stretches.push({ shade: "fail", from: part(ended), to: part(ended) + MARK });
  return {
    attempt,
    paused_ms: paused >= PAUSE_MS ? paused : 0,
    again: before !== undefined && asksTheSame(before, attempt),
    failed,
    took_ms: ended - attempt.started_ms,
    stretches,
    first: content === null ? null : part(content),
  };
}

function asksTheSame(one: AttemptTrace, other: AttemptTrace): boolean {
  return one.channel === other.channel && one.model === other.model && one.key === other.key;
}
