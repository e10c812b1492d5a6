import { afterEach, expect, test } from "vitest";
import type { Considered, Held } from "../bindings/api";
import { excluded } from "./routing";
import { words } from "./words.svelte";

afterEach(() => {
  words.language = "en";
});

const candidate = (channel: string, more: Partial<Considered> = {}): Considered => ({ channel, model: "m", rank: 0, stand_in: false, ...more });
const held = (channel: string, why: Held, wait_ms: number | null): Considered =>
  candidate(channel, { excluded: "the program's own words", exclusion: { held: why, wait_ms } });

const candidates = [
  candidate("Asked"),
  held("Benched", { code: "benched", scope: "model", class: "rate_limit" }, 42_000),
  held("Full", { code: "full", limit: "rpm", most: 15 }, 9_000),
  held("Late", { code: "budget_spent" }, null),
];

test.each([
  ["en", ["benched for 0:42, rate limit", "rpm of 15 used up, free in 0:09", "not asked, the request had used up its attempts or its time"]],
  ["zh-CN", ["冷却中，剩余 0:42，限流", "rpm 上限 15 已用完，0:09 后可用", "未询问，本次请求的尝试次数或时间已用完"]],
] as const)("candidates that were not asked are told in the window's language: %s", (language, reasons) => {
  words.language = language;
  expect(excluded(candidates)).toEqual([
    { channel: "Benched", reason: reasons[0] },
    { channel: "Full", reason: reasons[1] },
    { channel: "Late", reason: reasons[2] },
  ]);
});
