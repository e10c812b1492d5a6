/** The draft of a channel: how it begins, what changed in it, and its table of models. */

import type { ChannelForm, ChannelLine, KeyForm, ModelMapping, ParamForm, Preset } from "../../bindings/api";

/** Parts of the form, as the bar below it names what is not saved. */
export const PARTS = ["identity", "endpoint", "keys", "models", "limits", "parameters", "network"] as const;
export type Part = (typeof PARTS)[number];

const FIELDS: Record<Part, (keyof ChannelForm)[]> = {
  identity: ["name", "tags", "priority", "weight", "enabled"],
  endpoint: ["type", "base_url", "exact", "protocols"],
  keys: ["keys"],
  models: ["model", "models", "model_map"],
  limits: ["rpm", "rpd"],
  parameters: ["params", "params_force"],
  network: ["proxy", "timeout_ms", "max_retries"],
};

/** No limit; `0` turns the channel off. */
export const UNLIMITED = -1;

/** A channel with nothing but defaults. */
export function blankForm(): ChannelForm {
  return {
    name: "",
    type: null,
    base_url: null,
    exact: false,
    protocols: [],
    keys: [],
    model: null,
    models: null,
    model_map: [],
    params: [],
    params_force: false,
    enabled: true,
    weight: 1,
    priority: 1,
    tags: [],
    timeout_ms: null,
    max_retries: 2,
    proxy: { way: "direct" },
    rpm: UNLIMITED,
    rpd: UNLIMITED,
  };
}

/** A channel at a vendor's address, named so that no other has the name. */
export function presetForm(preset: Preset, lines: ChannelLine[]): ChannelForm {
  return {
    ...blankForm(),
    name: freeName(preset.name, lines.map((line) => line.name)),
    type: preset.type,
    base_url: preset.protocols[0]?.base_url ?? null,
    keys: preset.keyless ? [] : [blankKey([])],
    model: preset.models[0] ?? null,
  };
}

/** `name`, or `name 2`, `name 3` … where it is taken. */
export function freeName(name: string, taken: string[]): string {
  if (!taken.includes(name)) return name;
  for (let count = 2; ; count += 1) {
    const next = `${name} ${count}`;
    if (!taken.includes(next)) return next;
  }
}

/** The name of a channel's first key where nobody gave it another: it need not stand in the file. */
const FIRST_KEY = "default";

/** A key that is yet to be given, under a name that no other of the channel has. */
export function blankKey(keys: KeyForm[]): KeyForm {
  const name = keys.length === 0 ? FIRST_KEY : freeName("key", keys.map((key) => key.name));
  return { original: null, name, source: "vault", enabled: true };
}

/** Whether a row holds anything: a key that was added and left empty is not sent, nor is a parameter without a name. */
const FILLED = {
  keys: (key: KeyForm): boolean => Boolean(key.original) || key.source !== "vault" || Boolean(key.secret),
  params: (param: ParamForm): boolean => param.name.trim() !== "",
};

/** The form as it is sent: without rows that were begun and left empty. */
export function sendable(draft: ChannelForm): ChannelForm {
  return {
    ...draft,
    name: draft.name.trim(),
    base_url: draft.base_url?.trim() || null,
    model: draft.model?.trim() || null,
    keys: draft.keys.filter(FILLED.keys),
    params: draft.params.filter(FILLED.params),
  };
}

/** The field of the draft that a field of what was sent came from: empty rows before it were not sent. */
export function fieldInDraft(field: string, draft: ChannelForm): string {
  const [whole, list, at, rest] = /^(keys|params)\[(\d+)\](.*)$/.exec(field) ?? [];
  if (whole === undefined) return field;
  const filled = list === "keys" ? draft.keys.map(FILLED.keys) : draft.params.map(FILLED.params);
  const places = [...filled.keys()].filter((place) => filled[place]);
  return `${list}[${places[Number(at)] ?? at}]${rest}`;
}

/** The parts in which a draft differs from what is saved. */
export function changedParts(saved: ChannelForm, draft: ChannelForm): Part[] {
  return PARTS.filter((part) => FIELDS[part].some((field) => !same(saved[field], draft[field])));
}

/** The part that a fault's field belongs to, such as `keys[0].secret`. */
export function partOf(field: string): Part | null {
  const name = field.split(/[.[]/, 1)[0];
  return PARTS.find((part) => FIELDS[part].some((one) => one === name)) ?? null;
}

/** One line of the table of models: the name that is asked for, and what the upstream is asked for instead. */
export interface ModelRow {
  asked: string;
  /** Empty: the same name. */
  sent: string;
  /** Whether the name stands in the channel's list, and not only in its map. */
  listed: boolean;
}

/** The list and the map of a channel as one table. */
export function modelRows(form: ChannelForm): ModelRow[] {
  const sent = new Map(form.model_map.map((one) => [one.asked, one.sent]));
  const listed = (form.models ?? []).map((asked) => ({ asked, sent: sent.get(asked) ?? "", listed: true }));
  const names = new Set(form.models ?? []);
  const mapped = form.model_map
    .filter((one) => !names.has(one.asked))
    .map((one) => ({ asked: one.asked, sent: one.sent, listed: false }));
  return [...listed, ...mapped];
}

/** The table as the list and the map of a channel. `any`: names that the table does not hold are answered too. */
export function modelFields(rows: ModelRow[], any: boolean): { models: string[] | null; model_map: ModelMapping[] } {
  const written = rows.map(trimmed).filter((row) => row.asked !== "");
  const model_map = written.filter(isMapped).map(({ asked, sent }) => ({ asked, sent }));
  const listed = written.filter((row) => row.listed || !isMapped(row)).map((row) => row.asked);
  return { models: any ? null : [...new Set(listed)], model_map };
}

function isMapped(row: ModelRow): boolean {
  return row.sent !== "" && row.sent !== row.asked;
}

function trimmed(row: ModelRow): ModelRow {
  return { ...row, asked: row.asked.trim(), sent: row.sent.trim() };
}

/** The parameters that have a field of their own; all others are written as name and JSON. */
export const KNOWN_PARAMS = ["temperature", "max_tokens", "top_p"] as const;
export type KnownParam = (typeof KNOWN_PARAMS)[number];

/** The number that a parameter is set to; nothing where it is as asked. */
export function paramNumber(params: ParamForm[], name: KnownParam): number | null {
  const text = params.find((one) => one.name === name)?.value;
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** The parameters with one of them set, or left as asked. */
export function withParam(params: ParamForm[], name: KnownParam, value: number | null): ParamForm[] {
  const rest = params.filter((one) => one.name !== name);
  if (value === null) return rest;
  const at = params.findIndex((one) => one.name === name);
  return rest.toSpliced(at < 0 ? rest.length : at, 0, { name, value: String(value) });
}

/** Whether a text is a JSON value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether two values hold the same. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
