/** What happened to a request, in a sentence of the window's language. */

import type { AttemptTrace, Class, Trace } from "../../bindings/api";
import { byCode } from "../../words/by-code";
import { duration } from "../../words/format";
import { t } from "../../words/words.svelte";
import { failures, last, outcomeOf, type Failure } from "./outcome";

/** The story of a request. `elapsed` is its age in milliseconds. */
export function storyOf(trace: Trace, elapsed: number): string {
  const attempt = last(trace);
  const words = t.traffic.story;
  const met = failures(trace);
  switch (outcomeOf(trace)) {
    case "waiting":
      if (!attempt) return words.choosing;
      if (attempt.class !== null) return words.choosing;
      return met.length === 0 ? words.waiting(attempt.channel) : words.waitingAfter(attempt.channel, chain(met));
    case "streaming":
      if (!attempt) return words.choosing;
      return met.length === 0 ? words.streaming(attempt.channel) : words.streamingAfter(attempt.channel, chain(met));
    case "answered":
      return attempt ? words.answered(attempt.channel) : words.answeredByNobody;
    case "rescued":
      return attempt ? rescued(attempt, met) : words.answeredByNobody;
    case "left":
      return left(attempt, duration(elapsed));
    case "silent":
      return attempt ? words.silent(attempt.channel, duration(elapsed)) : words.refusedAtOnce(trace.status);
    case "cut":
      return attempt ? words.cut(attempt.channel, duration(elapsed)) : words.refusedAtOnce(trace.status);
    case "refused":
      return met.length === 0 ? words.refusedAtOnce(trace.status) : words.refusedAfter(trace.status, chain(met));
  }
}

/** The result of a request in the few characters of its cell. */
export function resultOf(trace: Trace): string {
  const outcome = outcomeOf(trace);
  if (outcome === "answered") return String(trace.status);
  if (outcome !== "refused") return t.traffic.outcome[outcome];
  const attempt = last(trace);
  return attempt?.class == null ? String(trace.status) : t.traffic.refusedWith(trace.status, causeOf(attempt.class));
}

/** A class of failure as a cause. */
function causeOf(kind: Class): string {
  return t.routing.class[kind];
}

/** What was decided after each failure, in order; equal decisions about equal failures are told once. */
export function verdictsOf(trace: Trace): string[] {
  const told = trace.attempts.flatMap((attempt) => {
    if (attempt.class === null || attempt.verdict === null) return [];
    return [t.traffic.verdictOf(causeOf(attempt.class), byCode(t.traffic.verdict, attempt.verdict, attempt.verdict))];
  });
  return [...new Set(told)];
}

function rescued(attempt: AttemptTrace, met: Failure[]): string {
  const words = t.traffic.story;
  const [only] = met;
  if (met.length === 1 && only && only.channel === attempt.channel) {
    return words.answeredItself(attempt.channel, words.again(whatFailed(only), only.times));
  }
  return words.answeredAfter(attempt.channel, chain(met));
}

function left(attempt: AttemptTrace | undefined, time: string): string {
  const words = t.traffic.story;
  if (!attempt || attempt.first_content_ms === null) return words.leftBefore(time);
  return words.leftWhile(time, attempt.channel);
}

function chain(met: Failure[]): string {
  const told = met.map((failure) => t.traffic.story.failure(failure.channel, whatFailed(failure), failure.times));
  return told.reduce((before, after) => t.traffic.story.and(before, after));
}

function whatFailed(failure: Failure): string {
  return t.traffic.story.failed[failure.class];
}
