/** The channels of a decision as a list: who is next, who would follow, who is passed over and why. */

import type { ChannelLine, Explained } from "../../bindings/api";
import { causeOfSkip, whyHeld } from "../../words/routing";
import { t } from "../../words/words.svelte";

interface Candidate {
  channel: string;
  /** The model it would be asked for; nothing where it is no candidate. */
  model: string | null;
  /** Its place among those that could be asked now, from 1. */
  place: number | null;
  note: string;
  line: ChannelLine | undefined;
}

/** Candidates that can be asked, then those held back, then channels that are none. `passed` ms lie since the answer. */
export function candidatesOf(explained: Explained, lines: ChannelLine[], passed: number): Candidate[] {
  const line = (channel: string) => lines.find(({ name }) => name === channel);
  let place = 0;
  const weighed = explained.order.map((entry): Candidate => {
    const base = { channel: entry.channel, model: entry.model, line: line(entry.channel) };
    if (!entry.eligible) {
      const wait_ms = entry.wait_ms === null ? null : Math.max(0, entry.wait_ms - passed);
      return { ...base, place: null, note: t.routing.skipped(whyHeld({ ...entry, wait_ms }) ?? t.common.none) };
    }
    place += 1;
    const standIn = explained.candidates[entry.candidate]?.stand_in ?? false;
    return { ...base, place, note: noteOf(place, base.line, standIn) };
  });
  const skipped = explained.skipped.map((entry): Candidate => {
    const note = t.routing.leftOut(causeOfSkip(entry));
    return { channel: entry.channel, model: null, place: null, note, line: line(entry.channel) };
  });
  return [...weighed, ...skipped];
}

/** What a change of would change the answer: a question is worth asking again when this differs. */
export function stateOf(lines: ChannelLine[]): string {
  return lines.map(({ id, state, until, priority, weight }) => [id, state, until, priority, weight].join()).join(";");
}

function noteOf(place: number, line: ChannelLine | undefined, standIn: boolean): string {
  const words = t.models.try;
  const rank = line ? words.priority(line.priority, line.weight) : "";
  const note = place === 1 ? words.next(rank) : rank;
  return standIn ? words.standIn(note) : note;
}
