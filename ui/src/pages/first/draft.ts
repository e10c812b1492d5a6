import type { ChannelForm, ChannelLine, Preset, ProviderKind } from "../../bindings/api";
import { blankForm, blankKey, freeName, presetForm } from "../channels/form";

/** What the first run asks for: one channel, as short as it can be. */
export interface Draft {
  /** Nothing for any other address. */
  preset: Preset | null;
  baseUrl: string;
  type: ProviderKind;
  secret: string;
  model: string;
}

/** The draft for a provider, with the key that was given so far. */
export const draftFor = (preset: Preset | null, secret: string): Draft => ({
  preset,
  baseUrl: preset?.protocols[0]?.base_url ?? "",
  type: preset?.type ?? "openai",
  secret,
  model: preset?.models[0] ?? "",
});

/** The form that the draft stands for, beside the channels that are there already. */
export function formOf(draft: Draft, lines: ChannelLine[]): ChannelForm {
  const form = draft.preset ? presetForm(draft.preset, lines) : otherForm(draft, lines);
  const secret = draft.secret.trim();
  return {
    ...form,
    base_url: draft.baseUrl.trim() || null,
    keys: secret === "" ? [] : [{ ...blankKey([]), secret }],
    model: draft.model.trim() || null,
  };
}

/** Whether there is enough to test. */
export function isComplete(draft: Draft): boolean {
  const keyed = draft.preset?.keyless === true || draft.secret.trim() !== "" || draft.preset === null;
  return keyed && draft.baseUrl.trim() !== "" && draft.model.trim() !== "";
}

function otherForm(draft: Draft, lines: ChannelLine[]): ChannelForm {
  const name = freeName(hostOf(draft.baseUrl), lines.map((line) => line.name));
  return { ...blankForm(), name, type: draft.type };
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url.trim();
  }
}
