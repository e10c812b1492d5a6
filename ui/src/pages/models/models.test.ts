import { expect, test } from "vitest";
import type { ChannelLine, Explained } from "../../bindings/api";
import { ruleOf } from "../../words/routing";
import { faultOfAlias } from "./aliases";
import { candidatesOf } from "./candidates";

const alias = (name: string) => ({ name, target: "x", resolves: true, first: null, target_disabled: false });

test.each([
  ["a new one", { name: "fast", target: "m" }, null, null],
  ["one without a name", { name: " ", target: "m" }, null, { field: "name", fault: "needsName" }],
  ["one without a target", { name: "fast", target: "" }, null, { field: "target", fault: "needsTarget" }],
  ["one for itself, whatever the case", { name: "Fast", target: "fast" }, null, { field: "target", fault: "itself" }],
  ["one whose name is taken", { name: "LOCAL", target: "m" }, null, { field: "name", fault: "taken" }],
  ["one that keeps its own name", { name: "local", target: "m" }, "local", null],
])("an alias is checked before it is sent: %s", (_, draft, original, fault) => {
  expect(faultOfAlias(draft, original, [alias("local")])).toEqual(fault);
});

const line = (name: string, priority: number): ChannelLine => ({ name, priority, weight: 1 }) as ChannelLine;
const explained: Explained = {
  asked: "m",
  protocol: "chat",
  rule: "the alias",
  matched: { rule: "alias", pattern: "m*", target: "big", then: { rule: "listed" } },
  order: [
    { candidate: 1, channel: "B", model: "m", rank: 0, eligible: true, reason: null, held: null, wait_ms: null },
    { candidate: 0, channel: "A", model: "own", rank: 1, eligible: true, reason: null, held: null, wait_ms: null },
    {
      candidate: 2, channel: "C", model: "m", rank: 1, eligible: false, reason: "is rate limited (model benched for 42 s)", wait_ms: 42_000,
      held: { code: "benched", scope: "model", class: "rate_limit" },
    },
  ],
  candidates: [
    { channel: "A", model: "own", rank: 1, stand_in: true },
    { channel: "B", model: "m", rank: 0, stand_in: false },
    { channel: "C", model: "m", rank: 1, stand_in: false },
  ],
  skipped: [{ channel: "D", reason: "is switched off", cause: { reason: "disabled" } }],
};

test("candidates are told in their order, with what holds the others", () => {
  const told = candidatesOf(explained, [line("A", 2), line("B", 1), line("C", 2)], 12_000);
  expect(told.map(({ channel, place, note }) => [channel, place, note])).toEqual([
    ["B", 1, "Next. Priority 1, weight 1"],
    ["A", 2, "Priority 2, weight 1. Answers with its own model"],
    ["C", null, "Skipped: benched for 0:30, rate limit"],
    ["D", null, "Left out: off"],
  ]);
});

test("a rule tells what it stands for and what that meant", () => {
  expect(ruleOf(explained)).toEqual({
    word: "Wildcard",
    name: "m*",
    note: "Stands for big. Channels list this name, map it or are known to serve it.",
  });
  expect(ruleOf({ matched: null })).toBeNull();
});
