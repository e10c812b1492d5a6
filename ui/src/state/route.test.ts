import { expect, test } from "vitest";
import { linkTo, placeOf } from "./route.svelte";

test.each([
  ["", "overview", [], ""],
  ["#overview", "overview", [], ""],
  ["#channels/Zhipu%20GLM", "channels", ["Zhipu GLM"], ""],
  ["#channels/a%2Fb?at=keys", "channels", ["a/b"], "at=keys"],
  ["#settings/server", "settings", ["server"], ""],
  ["#nowhere", "overview", [], ""],
])("%s is the place %s", (hash, page, rest, query) => {
  const place = placeOf(hash);
  expect([place.page, place.rest, place.query.toString()]).toEqual([page, rest, query]);
});

test("a link leads to the place that it was made for", () => {
  const place = placeOf(linkTo("channels", ["50% off/?#"], { at: "keys" }));
  expect(place.rest).toEqual(["50% off/?#"]);
  expect(place.query.get("at")).toBe("keys");
});
