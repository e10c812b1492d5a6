import { afterEach, expect, test } from "vitest";
import { compact, countdown, day, duration, list, moment, percent, secondsValue } from "./format";
import { words } from "./words.svelte";

afterEach(() => {
  words.language = "en";
});

test.each([
  [0, "0"],
  [1_284, "1,284"],
  [9_999, "9,999"],
  [48_100, "48.1k"],
  [412_000, "412k"],
  [9_620_000, "9.62M"],
  [3_100_000_000, "3.10B"],
])("a count of %d is %s", (count, text) => {
  expect(compact(count)).toBe(text);
});

test.each([
  [0, "0%"],
  [0.58, "58%"],
  [0.9961, "99.6%"],
  [1, "100%"],
])("a share of %d is %s", (share, text) => {
  expect(percent(share)).toBe(text);
});

test.each([
  [38, "38 ms"],
  [842, "842 ms"],
  [1_120, "1.12 s"],
  [2_900, "2.9 s"],
  [59_960, "60 s"],
  [125_000, "2:05"],
])("a span of %d ms is %s", (span, text) => {
  expect(duration(span)).toBe(text);
});

test.each([
  [790, "0.79"],
  [2_900, "2.9"],
  [75_000, "75"],
])("%d ms are %s seconds", (span, text) => {
  expect(secondsValue(span)).toBe(text);
});

test.each([
  [0, "0:00"],
  [41_001, "0:42"],
  [725_000, "12:05"],
  [3_720_000, "1:02:00"],
])("%d ms count down as %s", (span, text) => {
  expect(countdown(span)).toBe(text);
});

test("a moment of another day is told by its day", () => {
  const now = new Date(2026, 10, 20, 14, 32).getTime();
  expect(moment(new Date(2026, 10, 20, 9, 4).toISOString(), now)).toBe("09:04");
  expect(moment(new Date(2026, 10, 18, 9, 4).toISOString(), now)).toBe("18 November");
});

test("Chinese stands apart from Latin and figures, but within a name nothing changes", () => {
  words.language = "zh-CN";
  expect(list(["Kimi", "公司Relay", "本机"])).toBe("Kimi、公司Relay 和本机");
  expect(day(new Date(2026, 10, 18).toISOString())).toBe("11 月 18 日");
});
