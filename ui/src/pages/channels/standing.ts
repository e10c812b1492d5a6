/** How a channel stands, as its row says it: a mark, a word, a second line and the one thing to do about it. */

import type { ChannelLine, KeyLine } from "../../bindings/api";
import type { Mark } from "../../parts/marks";
import { byCode } from "../../words/by-code";
import { countdown, moment, number } from "../../words/format";
import { t } from "../../words/words.svelte";

/** What a row offers to do about its state. */
export type Remedy = "probe" | "new_key" | "unlock" | "settings";

interface Standing {
  mark: Mark;
  word: string;
  detail: string;
  remedy: Remedy | null;
  /** The part of a bench's time that is left, from 1 to 0. */
  left: number;
}

const DAY_MS = 86_400_000;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$|^::1$/;

/** How a channel stands at a moment, in milliseconds since the epoch. */
export function standingOf(line: ChannelLine, now: number): Standing {
  switch (line.state) {
    case "healthy":
      return { mark: "ok", word: t.channels.state.healthy, detail: healthyDetail(line, now), remedy: null, left: 0 };
    case "benched":
      return line.reason_code === "credential" ? keyRefused(line, now) : benched(line, now);
    case "probing":
      return halfOpen(line, now);
    case "full":
      return full(line, now);
    case "needs_key":
      return needsKey(line, now);
    case "off":
      return { mark: "off", word: t.channels.state.off, detail: offDetail(line, now), remedy: null, left: 0 };
  }
}

/** A channel's state as one word, for places that are too small for more. */
export function stateWord(line: ChannelLine, now: number): string {
  switch (line.state) {
    case "benched":
      return line.reason_code === "credential" ? t.channels.state.keyRefused : t.channels.state.benchedShort;
    case "probing":
      return t.channels.state.halfOpenShort;
    case "full":
      return t.channels.state.fullShort;
    case "healthy":
    case "needs_key":
    case "off":
      return standingOf(line, now).word;
  }
}

/** Whether a host is this computer. */
export const isLocal = (host: string): boolean => LOOPBACK.test(host);

/** The time until a moment: `0:42`, `1:02:00`, or that it is long. */
export function timeLeft(until: string, now: number): string {
  const left = Math.max(0, Date.parse(until) - now);
  return left > DAY_MS ? t.channels.state.overDay : countdown(left);
}

/** The class of a failure in a few words. */
export function classWord(code: string | null, fallback: string | null): string {
  return byCode(t.failures.class, code, fallback ?? code ?? t.common.none);
}

/** The limit that is nearest to its end, and how much of it is used; nothing where there is none. */
export function tightestLimit(line: ChannelLine): { text: string; part: number } | null {
  const minute = { used: line.usage.rpm, limit: line.limits.rpm, words: t.channels.perMinute };
  const day = { used: line.usage.rpd, limit: line.limits.rpd, words: t.channels.perDay };
  const [tightest] = [minute, day]
    .filter(({ limit }) => limit > 0)
    .sort((one, other) => other.used / other.limit - one.used / one.limit);
  if (!tightest) return null;
  const { used, limit, words } = tightest;
  return { text: words(number(used), number(limit)), part: Math.min(1, used / limit) };
}

function healthyDetail(line: ChannelLine, now: number): string {
  const [cell] = line.benched_cells;
  if (cell) return t.channels.state.partly(cell.model ?? cell.key, timeLeft(cell.until, now));
  if (isLocal(line.host)) return t.channels.state.local;
  if (line.since) return t.channels.state.since(moment(line.since, now));
  return line.last_used ? t.channels.state.used(moment(line.last_used, now)) : t.channels.state.unused;
}

function benched(line: ChannelLine, now: number): Standing {
  const { state } = t.channels;
  const over = line.until !== null && Date.parse(line.until) <= now;
  const word = line.until === null ? state.benchedShort : over ? state.backSoon : state.benched(timeLeft(line.until, now));
  return { mark: "bench", word, detail: sinceDetail(line, now), remedy: "probe", left: partLeft(line, now) };
}

function keyRefused(line: ChannelLine, now: number): Standing {
  const detail = line.since ? t.channels.state.since(moment(line.since, now)) : "";
  return { mark: "bad", word: t.channels.state.keyRefused, detail, remedy: "new_key", left: 0 };
}

function halfOpen(line: ChannelLine, now: number): Standing {
  const word = t.channels.state.halfOpen(line.probes_passed, line.probes_needed);
  const reason = classWord(line.reason_code, line.reason);
  const detail = line.since ? t.channels.state.reasonAt(reason, moment(line.since, now)) : reason;
  return { mark: "half", word, detail, remedy: null, left: 0 };
}

function full(line: ChannelLine, now: number): Standing {
  const { state } = t.channels;
  const word = line.until === null ? state.fullShort : state.full(timeLeft(line.until, now));
  return { mark: "full", word, detail: byCode(state.fullReason, line.reason_code, line.reason ?? ""), remedy: null, left: 0 };
}

function needsKey(line: ChannelLine, now: number): Standing {
  const { state } = t.channels;
  const has = (wanted: KeyLine["state"]): KeyLine | undefined => line.keys.find((key) => key.state === wanted);
  const say = (mark: Mark, word: string, detail: string, remedy: Remedy | null): Standing => ({ mark, word, detail, remedy, left: 0 });
  if (has("locked")) return say("wait", state.locked, state.lockedDetail, "unlock");
  if (has("unavailable")) return say("bad", state.vaultAway, state.vaultAwayDetail, "settings");
  if (has("origin_changed")) return say("bad", state.originChanged, state.originChangedDetail, "new_key");
  if (has("ready")) return keyRefused(line, now);
  const variable = has("missing")?.variable;
  return say("bad", state.needsKey, variable ? state.variableMissing(variable) : state.keyMissing, "new_key");
}

function offDetail(line: ChannelLine, now: number): string {
  if (line.rpm === 0 || line.rpd === 0) return t.channels.state.offLimit;
  return line.since ? t.channels.state.since(moment(line.since, now)) : t.channels.state.offDetail;
}

function sinceDetail(line: ChannelLine, now: number): string {
  const reason = classWord(line.reason_code, line.reason);
  return line.since ? t.channels.state.reasonSince(reason, moment(line.since, now)) : reason;
}

function partLeft(line: ChannelLine, now: number): number {
  if (!line.since || !line.until) return 1;
  const [since, until] = [Date.parse(line.since), Date.parse(line.until)];
  return until <= since ? 0 : Math.min(1, Math.max(0, (until - now) / (until - since)));
}
