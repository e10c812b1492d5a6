import { expect, test } from "vitest";
import { busiest, plot } from "./bars";

const hour = (from: string, answered: number, rescued = 0, refused = 0) => ({ from, answered, rescued, refused });
const frame = { left: 0, right: 240, top: 0, bottom: 90 };

test("the parts of an hour stand on each other", () => {
  const { bars } = plot([hour("a", 30, 30, 30)], frame);
  expect(bars[0]?.segments).toEqual([
    { part: "answered", y: 60, height: 30 },
    { part: "rescued", y: 30, height: 30 },
    { part: "refused", y: 0, height: 30 },
  ]);
});

test("one failure among thousands is still seen", () => {
  const { bars } = plot([hour("a", 9_000, 0, 1)], frame);
  expect(bars[0]?.segments.at(-1)).toMatchObject({ part: "refused", height: 2 });
});

test("without requests no hour is the busiest", () => {
  expect(busiest([hour("a", 0), hour("b", 0)])).toBeUndefined();
  expect(busiest([hour("a", 1), hour("b", 2, 1), hour("c", 2)])?.from).toBe("b");
});
