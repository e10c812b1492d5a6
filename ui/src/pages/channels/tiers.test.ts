import { describe, expect, test } from "vitest";
import type { ChannelLine } from "../../bindings/api";
import { moved, nextPriority, standsAt, stepDown, stepUp, tierShare, tiersOf } from "./tiers";

/** Lines from `a1 b1 c2`: a name and its priority each. */
function lines(text: string): ChannelLine[] {
  return text.split(" ").map((word) => ({ name: word[0]!, priority: Number(word.slice(1)), uses: Number(word.slice(1)) }) as ChannelLine);
}

const text = (list: ChannelLine[]): string =>
  tiersOf(list)
    .flatMap((tier) => tier.lines.map((line) => `${line.name}${line.priority}`))
    .join(" ");

describe("stepping a channel by the keyboard", () => {
  const rows: [string, string, "up" | "down", string][] = [
    ["passes its neighbour below", "a1 b1 c1", "down", "b1 a1 c1"],
    ["leaves the only tier for one of its own", "b1 a1", "down", "b1 a2"],
    ["goes from the end of a tier to the top of the next", "b1 a1 c2", "down", "b1 a2 c2"],
    ["leaves the last tier for one of its own", "b1 c2 a2", "down", "b1 c2 a3"],
    ["passes its neighbour above", "b1 a1", "up", "a1 b1"],
    ["goes from the top of a tier to the end of the one above", "b1 a2 c2", "up", "b1 a1 c2"],
    ["leaves the first tier upwards where there is room", "a3 b3", "up", "a2 b3"],
  ];
  test.each(rows)("%s", (_claim, before, way, after) => {
    const list = lines(before);
    const place = way === "up" ? stepUp(tiersOf(list), "a") : stepDown(tiersOf(list), "a");
    expect(place && text(moved(list, { name: "a", ...place }))).toBe(after);
  });

  test("ends where there is nowhere to go", () => {
    expect(stepUp(tiersOf(lines("a1 b1")), "a")).toBeNull();
    expect(stepDown(tiersOf(lines("b1 a2")), "a")).toBeNull();
    expect(stepUp(tiersOf(lines("a5")), "a")).toBeNull();
    expect(stepUp(tiersOf(lines("a1")), "unknown")).toBeNull();
  });

  test("a walk down and back up visits every place once and returns", () => {
    let list = lines("a1 b1 c2 d3");
    const seen = [text(list)];
    for (let place = stepDown(tiersOf(list), "a"); place; place = stepDown(tiersOf(list), "a")) {
      list = moved(list, { name: "a", ...place });
      seen.push(text(list));
    }
    expect(seen).toEqual(["a1 b1 c2 d3", "b1 a1 c2 d3", "b1 a2 c2 d3", "b1 c2 a2 d3", "b1 c2 a3 d3", "b1 c2 d3 a3", "b1 c2 d3 a4"]);
    for (let place = stepUp(tiersOf(list), "a"); place; place = stepUp(tiersOf(list), "a")) list = moved(list, { name: "a", ...place });
    expect(text(list)).toBe("a1 b1 c2 d3");
  });
});

test("tiers are sorted by priority and keep the order of the file within", () => {
  expect(text(lines("c2 a1 d2 b1"))).toBe("a1 b1 c2 d2");
  expect(nextPriority(tiersOf(lines("c2 a1")))).toBe(3);
  expect(nextPriority([])).toBe(1);
});

test("a place is told to be the one where the channel stands", () => {
  const tiers = tiersOf(lines("a1 b1 c2"));
  expect(standsAt(tiers, "a", { priority: 1, before: "b" })).toBe(true);
  expect(standsAt(tiers, "a", { priority: 1, before: "a" })).toBe(true);
  expect(standsAt(tiers, "b", { priority: 1, before: null })).toBe(true);
  expect(standsAt(tiers, "b", { priority: 2, before: null })).toBe(false);
  expect(standsAt(tiers, "c", { priority: 1, before: "a" })).toBe(false);
});

test("a move leaves an unknown channel and its own place alone", () => {
  const list = lines("a1 b1");
  expect(moved(list, { name: "x", priority: 1, before: null })).toBe(list);
  expect(moved(list, { name: "a", priority: 1, before: "a" })).toBe(list);
});

test("a tier's share is of all requests, and unknown before the first", () => {
  const list = lines("a1 b2");
  expect(tierShare(tiersOf(list)[1]!, list)).toBe(67);
  const unused = list.map((line) => ({ ...line, uses: 0 }));
  expect(tierShare(tiersOf(unused)[0]!, unused)).toBeNull();
});
