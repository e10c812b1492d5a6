import { words } from "./words.svelte";

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = words.language + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.NumberFormat(words.language, options);
  formats.set(key, known);
  return known;
}

/** `1,284` */
export const number = (value: number): string => numberFormat({}).format(value);

/** A value with few digits: `0.84`, `2.9`, `48.1`. */
const short = (value: number, digits: number): string =>
  numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** `58%`; from 99 on with one digit, for there it matters: `99.6%`. */
export function percent(share: number): string {
  return `${percentValue(share)}%`;
}

/** The figure of {@link percent} without its sign. */
export function percentValue(share: number): string {
  const value = share * 100;
  return short(value, value > 99 && value < 100 ? 1 : 0);
}

const steps = [
  { from: 1e9, mark: "B" },
  { from: 1e6, mark: "M" },
  { from: 1e4, mark: "k" },
] as const;

/** A large count as figure and mark: `9.62` and `M`, `48.1` and `k`, `1,284` and nothing. */
export function compactParts(value: number): { figure: string; mark: string } {
  const step = steps.find(({ from }) => value >= from);
  if (!step) return { figure: number(value), mark: "" };
  const scaled = value / (step.mark === "k" ? 1e3 : step.from);
  return { figure: short(scaled, scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2), mark: step.mark };
}

/** `9.62M`, `48.1k`, `1,284` */
export function compact(value: number): string {
  const { figure, mark } = compactParts(value);
  return figure + mark;
}

/** A span in seconds, without the unit: `0.84`, `2.9`, `75`. */
export function secondsValue(ms: number): string {
  const seconds = ms / 1_000;
  return short(seconds, seconds < 2 ? 2 : seconds < 60 ? 1 : 0);
}

/** A span: `38 ms`, `840 ms`, `1.12 s`, `2.9 s`, `2:05`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${number(Math.round(ms))} ms`;
  if (ms < 60_000) return `${numberFormat({ maximumFractionDigits: ms < 2_000 ? 2 : 1 }).format(ms / 1_000)} s`;
  return countdown(ms);
}

/** A countdown: `0:42`, `12:05`, `1:02:00`. */
export function countdown(ms: number): string {
  const all = Math.ceil(ms / 1_000);
  const [hours, minutes, seconds] = [Math.floor(all / 3_600), Math.floor(all / 60) % 60, all % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(words.language, options);
}

/** `14:32` */
export const clockTime = (timestamp: string): string =>
  dateFormat({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(timestamp));

/** `14:32:07` */
export const exactTime = (timestamp: string): string =>
  dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(new Date(timestamp));

/** `18 November`, `11 月 18 日` */
export function day(timestamp: string): string {
  const language = words.language === "en" ? "en-GB" : words.language;
  return joined(new Intl.DateTimeFormat(language, { day: "numeric", month: "long" }).formatToParts(new Date(timestamp)));
}

/** The time where it is of the same day as `now` (milliseconds), else the day. */
export function moment(timestamp: string, now: number): string {
  const same = new Date(timestamp).toDateString() === new Date(now).toDateString();
  return same ? clockTime(timestamp) : day(timestamp);
}

/** `Kimi, Gemini and Ollama`, `Kimi、Gemini 和 Ollama` */
export const list = (names: string[]): string => joined(new Intl.ListFormat(words.language, { type: "conjunction" }).formatToParts(names));

/** Parts in a row, with the space between Chinese and Latin that `Intl` leaves out; names stay as they are. */
function joined(parts: { value: string }[]): string {
  return parts.reduce((before, { value }) => before + (meet(before, value) ? " " : "") + value, "");
}

/** Whether Chinese characters meet Latin letters or figures. */
function meet(before: string, after: string): boolean {
  const [latin, han] = [/[\p{sc=Latn}\d]/u, /\p{sc=Han}/u];
  const [last, first] = [before.at(-1) ?? "", after.at(0) ?? ""];
  return (latin.test(last) && han.test(first)) || (han.test(last) && latin.test(first));
}
