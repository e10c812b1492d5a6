/** Rules and reasons of routing in the window's language. */

import type { Considered, Explained, Held, RoutingRule, SkippedChannel, Trace, Weighed } from "../bindings/api";
import { countdown, number } from "./format";
import { sentences } from "./sentences";
import { t } from "./words.svelte";

/** A rule as it is told: a word, the name that matched, and what it means. */
export interface RuleTold {
  word: string;
  name: string | null;
  note: string;
}

/** Tells the rule of a decision; nothing where none was tried. */
export function ruleOf({ matched }: Pick<Explained | Trace, "matched">): RuleTold | null {
  return matched && told(matched);
}

/** Why a channel is no candidate. */
export function causeOfSkip({ cause }: Pick<SkippedChannel, "cause">): string {
  const words = t.routing.cause;
  switch (cause.reason) {
    case "limit_zero":
      return words.limit_zero(cause.limit);
    case "protocol_not_spoken":
      return words.protocol_not_spoken(t.routing.protocol[cause.protocol]);
    default:
      return words[cause.reason]();
  }
}

/** Why a candidate cannot be asked now; nothing where it can. */
export function whyHeld({ held, wait_ms }: Pick<Weighed, "held" | "wait_ms">): string | null {
  return held && heldInWords(held, wait_ms);
}

/** The part of a list of candidates that could not be asked when their turn came, and why. Waits are as of then. */
export function excluded(candidates: Considered[]): { channel: string; reason: string }[] {
  return candidates.flatMap(({ channel, exclusion }) =>
    exclusion === undefined ? [] : [{ channel, reason: heldInWords(exclusion.held, exclusion.wait_ms) }],
  );
}

function heldInWords(held: Held, wait_ms: number | null): string {
  const words = t.routing.held;
  const wait = countdown(wait_ms ?? 0);
  switch (held.code) {
    case "limit_zero":
      return words.limit_zero(held.limit);
    case "full":
      return words.full(held.limit, number(held.most), wait);
    case "benched":
      return held.scope === "line" ? words.offline(wait) : words.benched(t.routing.class[held.class], wait);
    case "probing":
      return words.probing(t.routing.class[held.class]);
    default:
      return words[held.code]();
  }
}

function told(rule: RoutingRule): RuleTold {
  const words = t.routing.rule;
  switch (rule.rule) {
    case "alias": {
      const { word, note } = rule.pattern.includes("*") ? words.wildcard : words.alias;
      const then = told(rule.then);
      return { word, name: rule.pattern, note: sentences(note(rule.target), then.note) };
    }
    case "channel_model":
      return { word: words.channel_model.word, name: `${rule.channel},${rule.model}`, note: words.channel_model.note() };
    case "tag_model":
      return { word: words.tag_model.word, name: `${rule.tag},${rule.model}`, note: words.tag_model.note() };
    case "channel_name":
      return { word: words.channel_name.word, name: rule.channel, note: words.channel_name.note() };
    case "tag":
      return { word: words.tag.word, name: rule.tag, note: words.tag.note() };
    case "listed":
    case "any_name":
    case "auto":
    case "no_model":
    case "unknown_as_auto":
    case "unknown_refused":
      return { word: words[rule.rule].word, name: null, note: words[rule.rule].note() };
  }
}
