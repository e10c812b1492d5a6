import type { Problem } from "../../bindings/api";
import { byCode } from "../../words/by-code";
import { t } from "../../words/words.svelte";

/** What a problem is, in a few words; its message tells the rest. */
export function problemTitle(problem: Problem): string {
  if (problem.code === "config_invalid") return t.overview.notice.configInvalid(problem.line);
  const title = byCode(t.problems, problem.code, t.codes.severities[problem.severity]);
  return problem.channel ? t.common.told(problem.channel, title) : title;
}
