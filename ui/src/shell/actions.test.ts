import { expect, test } from "vitest";
import { matching, type Action } from "./actions";

const action = (label: string): Action => ({ suggested: false, icon: "plus", label, run: () => {} });
const all = ["Add channel", "Open Kimi", "Probe Kimi now", "Test all channels"].map(action);

test.each([
  ["", ["Add channel", "Open Kimi", "Probe Kimi now", "Test all channels"]],
  ["kimi", ["Open Kimi", "Probe Kimi now"]],
  ["now kimi", ["Probe Kimi now"]],
  ["nothing", []],
])("“%s” finds %j", (text, labels) => {
  expect(matching(all, text).map(({ label }) => label)).toEqual(labels);
});
