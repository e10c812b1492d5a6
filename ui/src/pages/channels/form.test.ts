import { describe, expect, test } from "vitest";
import type { ChannelForm, Preset } from "../../bindings/api";
import { blankForm, blankKey, changedParts, fieldInDraft, freeName, modelFields, modelRows, paramNumber, partOf, presetForm, sendable, withParam } from "./form";

const form = (more: Partial<ChannelForm>): ChannelForm => ({ ...blankForm(), ...more });

describe("the parts that are not saved", () => {
  const rows: [string, Partial<ChannelForm>, string[]][] = [
    ["nothing", {}, []],
    ["a name and a tag are one part", { name: "x", tags: ["y"] }, ["identity"]],
    ["each part is told once, in the form's order", { rpm: 3, base_url: "https://x", rpd: 4 }, ["endpoint", "limits"]],
    ["a new secret", { keys: [{ name: "main", source: "vault", enabled: true, secret: "s" }] }, ["keys"]],
    ["a map", { model_map: [{ asked: "a", sent: "b" }] }, ["models"]],
    ["a proxy", { proxy: { way: "system" } }, ["network"]],
  ];
  test.each(rows)("%s", (_claim, change, parts) => expect(changedParts(blankForm(), form(change))).toEqual(parts));

  test("a secret that was begun and taken back is no change", () => {
    const saved = form({ keys: [{ original: "a", name: "a", source: "vault", enabled: true }] });
    const draft = form({ keys: [{ original: "a", name: "a", source: "vault", enabled: true, secret: undefined }] });
    expect(changedParts(saved, draft)).toEqual([]);
  });
});

test("a fault's field leads to its part", () => {
  expect(partOf("keys[0].secret")).toBe("keys");
  expect(partOf("proxy.host")).toBe("network");
  expect(partOf("base_url")).toBe("endpoint");
  expect(partOf("nothing")).toBeNull();
});

describe("the table of models", () => {
  const saved = form({ models: ["a", "b-*", "c"], model_map: [{ asked: "b-*", sent: "b" }, { asked: "d", sent: "e" }] });

  test("holds the list with its mappings, then mappings of names that are not listed", () => {
    expect(modelRows(saved).map((row) => `${row.asked}>${row.sent}`)).toEqual(["a>", "b-*>b", "c>", "d>e"]);
  });

  test("comes back as it was", () => {
    expect(modelFields(modelRows(saved), false)).toEqual({ models: saved.models, model_map: saved.model_map });
  });

  test("without a list keeps the map only", () => {
    expect(modelFields(modelRows(saved), true)).toEqual({ models: null, model_map: saved.model_map });
  });

  test("drops empty rows, spaces, doubles and a name that is sent as itself", () => {
    const rows = [" a ", "", "a", "b"].map((asked) => ({ asked, sent: asked === "b" ? "b" : "", listed: true }));
    expect(modelFields(rows, false)).toEqual({ models: ["a", "b"], model_map: [] });
  });
});

describe("parameters", () => {
  const params = [{ name: "temperature", value: "0.7" }, { name: "seed", value: "1" }];

  test("a number is changed in its place, added at the end, and removed", () => {
    expect(withParam(params, "temperature", 1).map((one) => one.value)).toEqual(["1", "1"]);
    expect(withParam(params, "top_p", 0.5).at(-1)).toEqual({ name: "top_p", value: "0.5" });
    expect(withParam(params, "temperature", null)).toEqual([params[1]]);
  });

  test("what is no number is not shown as one", () => {
    expect(paramNumber([{ name: "top_p", value: '"high"' }], "top_p")).toBeNull();
    expect(paramNumber([{ name: "top_p", value: "" }], "top_p")).toBeNull();
    expect(paramNumber(params, "temperature")).toBe(0.7);
  });
});

describe("a new channel", () => {
  const preset = { name: "DeepSeek", type: "openai", protocols: [{ protocol: "chat", base_url: "https://d" }], keyless: false, models: ["m"] } as unknown as Preset;

  test("begins at the vendor's address under a free name, waiting for a key", () => {
    const begun = presetForm(preset, [{ name: "DeepSeek" }, { name: "DeepSeek 2" }] as never);
    expect(begun).toMatchObject({ name: "DeepSeek 3", base_url: "https://d", model: "m", keys: [{ name: "default", source: "vault" }] });
    expect(presetForm({ ...preset, keyless: true }, []).keys).toEqual([]);
    expect(freeName("x", [])).toBe("x");
  });

  test("is sent without keys and parameters that were left empty", () => {
    const variable = { ...blankKey([]), source: "environment" as const, variable: "KEY" };
    const draft = form({ name: " x ", base_url: " ", keys: [blankKey([]), variable], params: [{ name: " ", value: "" }] });
    expect(sendable(draft)).toMatchObject({ name: "x", base_url: null, keys: [variable], params: [] });
  });

  test("is told of a fault where the row stands in the form, not where it stood in what was sent", () => {
    const named = { ...blankKey([]), source: "environment" as const, variable: "KEY" };
    const draft = form({ keys: [blankKey([]), named], params: [{ name: "", value: "" }, { name: "seed", value: "?" }] });
    expect(fieldInDraft("keys[0].variable", draft)).toBe("keys[1].variable");
    expect(fieldInDraft("params[0]", draft)).toBe("params[1]");
    expect(fieldInDraft("base_url", draft)).toBe("base_url");
  });

  test("keeps a saved key whose secret is not given again", () => {
    const kept = { ...blankKey([]), original: "default" };
    expect(sendable(form({ keys: [kept] })).keys).toEqual([kept]);
  });
});

test("added keys have names of their own", () => {
  const first = blankKey([]);
  const second = blankKey([first]);
  const third = blankKey([first, second]);
  expect(new Set([first.name, second.name, third.name]).size).toBe(3);
});
