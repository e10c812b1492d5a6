import { expect, test } from "vitest";
import { sentences } from "./sentences";

test.each([
  [["Direct.", "Always."], "Direct. Always."],
  [["直连。", "始终如此。"], "直连。始终如此。"],
  [["", "Alone."], "Alone."],
])("%j in a row are %j", (all, text) => {
  expect(sentences(...all)).toBe(text);
});
