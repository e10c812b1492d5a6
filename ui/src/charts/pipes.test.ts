import { expect, test } from "vitest";
import { along, draw, pathOf } from "./pipes";

const question = {
  width: 184,
  height: 192,
  row: 24,
  shut: false,
  inlets: [
    { name: "one", requests: 60 },
    { name: "two", requests: 40 },
  ],
  outlets: [
    { name: "open", requests: 90, water: "open" as const },
    { name: "quiet", requests: 0, water: "open" as const },
    { name: "held", requests: 10, water: "held" as const },
    { name: "off", requests: 0, water: "none" as const },
  ],
};

test("water divides by requests", () => {
  const { inlets } = draw(question);
  expect(inlets.map(({ width }) => width)).toEqual([18, 12]);
});

test("a channel that answered nothing and waits for nothing has no pipe", () => {
  expect(draw(question).outlets.map(({ name }) => name)).toEqual(["open", "held"]);
});

test("the water fits the gate", () => {
  const { posts, throat } = draw(question);
  const [above, below] = posts;
  const opening = (below?.y ?? 0) - ((above?.y ?? 0) + (above?.height ?? 0));
  expect(throat?.width).toBe(30);
  expect(opening).toBeGreaterThan(30);
});

test("a shut gate meets in the middle and lets nothing through", () => {
  const { posts, throat } = draw({ ...question, shut: true });
  expect(throat).toBeNull();
  expect((posts[0]?.y ?? 0) + (posts[0]?.height ?? 0)).toBe(posts[1]?.y);
});

test("a drop begins and ends where its pipe does", () => {
  const curve = { x1: 0, y1: 24, x2: 90, y2: 96 };
  expect(along(curve, 0)).toEqual({ x: 0, y: 24 });
  expect(along(curve, 1)).toEqual({ x: 90, y: 96 });
  expect(along(curve, 0.5)).toEqual({ x: 45, y: 60 });
  expect(pathOf(curve)).toBe("M0 24C45 24 45 96 90 96");
});
