/** A test as lines: the steps that were taken, the one that runs, and those that were not reached. */

import type { StepName, TestReport } from "../../bindings/api";
import type { StepLine } from "../../parts/steps";
import { duration } from "../../words/format";
import { t } from "../../words/words.svelte";

/** The steps of a channel's test, in their order. */
export const STEPS: StepName[] = ["proxy", "tls", "auth", "model", "first_token"];

/** From these times on, in milliseconds, a step is told to be slow. */
const SLOW_MS: Record<string, number> = { proxy: 1_000, tls: 1_500, auth: 3_000, model: 3_000, first_token: 5_000, resolve: 500, connect: 1_000, reach: 3_000 };

interface Taken<Name extends string> {
  name: Name;
  ok: boolean;
  ms: number;
  detail: string;
}

/** Lines for all steps of a test, whether it has begun or not. */
export function stepLines<Name extends string>(
  names: readonly Name[],
  words: Record<Name, string>,
  steps: Taken<Name>[],
  running: boolean,
): StepLine[] {
  const failed = steps.some((step) => !step.ok);
  const next = running && !failed ? names.find((name) => !steps.some((step) => step.name === name)) : undefined;
  return names.map((name) => {
    const step = steps.find((taken) => taken.name === name);
    if (step) return takenLine(words[name], step, running);
    if (name === next) return { name: words[name], state: "running", time: t.test.running };
    if (failed || (steps.length > 0 && !running)) return { name: words[name], state: "skipped", time: t.test.notReached };
    return { name: words[name], state: "waiting" };
  });
}

/** A step that was taken. Once the report is there, the words of a failure stand below it and not twice. */
function takenLine(name: string, step: Taken<string>, running: boolean): StepLine {
  const slow = step.ok && step.ms >= (SLOW_MS[step.name] ?? Infinity);
  const time = slow ? `${t.test.slow}, ${duration(step.ms)}` : duration(step.ms);
  return { name, state: !step.ok ? "bad" : slow ? "slow" : "ok", time, detail: step.ok || running ? step.detail || null : null };
}

/** Whether a test passed, and in what time or at which step it did not. */
export function outcome(report: TestReport): string {
  if (report.ok) return t.test.passed(duration(report.total_ms));
  const failed = report.steps.find((step) => !step.ok);
  return t.test.failed(failed ? t.codes.steps[failed.name] : t.common.none);
}

interface Told {
  at: string;
  steps: Taken<string>[];
  error: string | null;
  fix: string | null;
}

/** A report as plain text, for a bug report or a vendor's support. Holds no secret: upstreams' words arrive masked. */
export function reportText(title: string, report: Told): string {
  const steps = report.steps.map((step) => `${step.ok ? "ok  " : "FAIL"} ${step.name} ${Math.round(step.ms)} ms ${step.detail}`.trimEnd());
  return [`${title}, ${report.at}`, ...steps, report.error, report.fix].filter(Boolean).join("\n");
}
