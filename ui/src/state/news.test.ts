import { expect, test } from "vitest";
import type { Trace } from "../bindings/api";
import { withNews } from "./news";

const trace = (id: string, status = 0): Trace => ({ id, status }) as Trace;
const news = (...traces: Trace[]): Map<string, Trace> => new Map(traces.map((one) => [one.id, one]));

test("a new request comes first, a known one keeps its place", () => {
  const told = withNews([trace("b"), trace("a")], news(trace("a", 200), trace("c"), trace("d")));
  expect(told.map(({ id, status }) => [id, status])).toEqual([
    ["d", 0],
    ["c", 0],
    ["b", 0],
    ["a", 200],
  ]);
});

test("without news nothing moves", () => {
  const list = [trace("b"), trace("a")];
  expect(withNews(list, new Map())).toEqual(list);
});
