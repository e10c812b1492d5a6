import type { ChannelLine } from "../../bindings/api";
import { needsUser } from "../../parts/marks";
import { countdown } from "../../words/format";
import { t } from "../../words/words.svelte";

/** A channel's state with its figure, short enough for a column: `Benched, 0:42`. Nothing where a word is all. */
export function nowWord(line: ChannelLine, now: number): string | null {
  if (needsUser(line)) return null;
  if (line.state === "benched" && line.until) return t.overview.now.benched(countdown(Math.max(0, Date.parse(line.until) - now)));
  if (line.state === "probing") return t.overview.now.halfOpen(line.probes_passed, line.probes_needed);
  return null;
}
