import { expect, test } from "vitest";
import { axis, countAxis } from "./scale";

test.each([
  [9_800, 5, [0, 2_000, 4_000, 6_000, 8_000, 10_000]],
  [1_234, 5, [0, 250, 500, 750, 1_000, 1_250]],
  [10_000, 5, [0, 2_000, 4_000, 6_000, 8_000, 10_000]],
  [0, 5, [0, 1]],
])("an axis to %d has round steps", (most, parts, ticks) => {
  expect(axis(most, parts).ticks).toEqual(ticks);
});

test.each([
  [173, [0, 60, 120, 180]],
  [2, [0, 1, 2]],
  [0, [0, 1]],
  [1, [0, 1]],
  [901, [0, 400, 800, 1_200]],
])("an axis of counts to %d has whole steps and holds it", (most, ticks) => {
  expect(countAxis(most, 3).ticks).toEqual(ticks);
  expect(countAxis(most, 3).top).toBeGreaterThanOrEqual(most);
});
