import { expect, test } from "vitest";
import type { ChannelLine, KeyLine } from "../../bindings/api";
import { isLocal, standingOf, tightestLimit } from "./standing";

const NOW = Date.parse("2026-11-20T14:32:00.000Z");
const at = (seconds: number): string => new Date(NOW + seconds * 1_000).toISOString();
const key = (state: KeyLine["state"], variable: string | null = null): KeyLine => ({ state, variable }) as KeyLine;

const line = (more: Partial<ChannelLine>): ChannelLine =>
  ({ state: "healthy", host: "api.example.com", reason_code: null, reason: null, since: null, until: null, last_used: null, keys: [], benched_cells: [], rpm: -1, rpd: -1, usage: { rpm: 0, rpd: 0 }, limits: { rpm: -1, rpd: -1 }, ...more }) as ChannelLine;

test.each<[string, Partial<ChannelLine>, string, string, string | null]>([
  ["a healthy channel says since when", { since: at(0) }, "ok", "Healthy", null],
  ["a bench counts down", { state: "benched", reason_code: "rate_limit", since: at(-30), until: at(42) }, "bench", "Benched, back in 0:42", "probe"],
  ["a bench that is over waits for its probe", { state: "benched", since: at(-30), until: at(-1) }, "bench", "Benched, about to be tried", "probe"],
  ["a refused key needs its user", { state: "benched", reason_code: "credential", until: at(60) }, "bad", "Key refused", "new_key"],
  ["half-open counts its successes", { state: "probing", probes_passed: 1, probes_needed: 2 }, "half", "Half-open, 1 of 2 passed", null],
  ["a full channel says when it is free", { state: "full", reason_code: "rpm", until: at(9) }, "full", "Full, free in 0:09", null],
  ["a locked keychain can be unlocked", { state: "needs_key", keys: [key("locked")] }, "wait", "Keychain locked", "unlock"],
  ["an absent keychain leads to the settings", { state: "needs_key", keys: [key("unavailable")] }, "bad", "Keychain unavailable", "settings"],
  ["a key for another host is kept back", { state: "needs_key", keys: [key("origin_changed")] }, "bad", "Key kept back", "new_key"],
  ["no key at all asks for one", { state: "needs_key" }, "bad", "Needs a key", "new_key"],
  ["keys that are all refused ask for another", { state: "needs_key", keys: [key("ready")] }, "bad", "Key refused", "new_key"],
  ["a channel that is off says so", { state: "off" }, "off", "Off", null],
])("%s", (_claim, more, mark, word, remedy) => {
  expect(standingOf(line(more), NOW)).toMatchObject({ mark, word, remedy });
});

test("an unset variable is named", () => {
  expect(standingOf(line({ state: "needs_key", keys: [key("missing", "KIMI_KEY")] }), NOW).detail).toBe("KIMI_KEY is not set");
});

test("a benched model of a healthy channel is told", () => {
  const cell: ChannelLine["benched_cells"][number] = { key: "main", model: "k2", class: "quota", since: at(-5), until: at(65), probing: false };
  expect(standingOf(line({ benched_cells: [cell] }), NOW).detail).toBe("k2 benched, back in 1:05");
});

test("the pie of a bench shrinks from whole to nothing", () => {
  const left = (since: number, until: number): number => standingOf(line({ state: "benched", since: at(since), until: at(until) }), NOW).left;
  expect([left(0, 10), left(-5, 5), left(-10, 0)]).toEqual([1, 0.5, 0]);
});

test("the limit that is nearer to its end is shown", () => {
  expect(tightestLimit(line({}))).toBeNull();
  expect(tightestLimit(line({ usage: { rpm: 10, rpd: 90 }, limits: { rpm: 100, rpd: 100 } }))).toMatchObject({ text: "90 of 100 /day", part: 0.9 });
  expect(tightestLimit(line({ usage: { rpm: 9, rpd: 5 }, limits: { rpm: 3, rpd: -1 } }))).toMatchObject({ text: "9 of 3 /min", part: 1 });
});

test.each([
  ["localhost", true],
  ["127.0.0.1:11434", true],
  ["[::1]:8080", true],
  ["::1", true],
  ["localhost.example.com", false],
  ["10.0.0.1", false],
])("whether %s is this computer", (host, local) => expect(isLocal(host)).toBe(local));
