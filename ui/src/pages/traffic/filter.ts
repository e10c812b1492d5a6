/** Which requests of the list are shown. */

import type { Trace } from "../../bindings/api";
import { isRefused, outcomeOf } from "./outcome";

export type Kind = "all" | "rescued" | "refused";

export interface Filter {
  text: string;
  /** A client's name; empty for all. */
  client: string;
  /** A channel's name; empty for all. */
  channel: string;
  kind: Kind;
}

export const EVERYTHING: Filter = { text: "", client: "", channel: "", kind: "all" };

export function isNarrow(filter: Filter): boolean {
  return filter.text.trim() !== "" || filter.client !== "" || filter.channel !== "" || filter.kind !== "all";
}

/** Requests that pass. Words of the text must all be found: in a model, a channel, the client, the id or the status. */
export function passing(traces: Trace[], filter: Filter): Trace[] {
  if (!isNarrow(filter)) return traces;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return traces.filter(
    (trace) =>
      isKind(trace, filter.kind) &&
      (filter.client === "" || trace.client === filter.client) &&
      (filter.channel === "" || trace.attempts.some((attempt) => attempt.channel === filter.channel)) &&
      holds(trace, words),
  );
}

/** Names for the filter's lists: each once, in the order of the alphabet. */
export function names(traces: Trace[]): { clients: string[]; channels: string[] } {
  const clients = new Set<string>();
  const channels = new Set<string>();
  for (const trace of traces) {
    if (trace.client !== null) clients.add(trace.client);
    for (const attempt of trace.attempts) channels.add(attempt.channel);
  }
  const sorted = (set: Set<string>) => [...set].sort((one, other) => one.localeCompare(other));
  return { clients: sorted(clients), channels: sorted(channels) };
}

function isKind(trace: Trace, kind: Kind): boolean {
  if (kind === "all") return true;
  const outcome = outcomeOf(trace);
  return kind === "rescued" ? outcome === "rescued" : isRefused(outcome);
}

function holds(trace: Trace, words: string[]): boolean {
  if (words.length === 0) return true;
  const models = trace.attempts.flatMap((attempt) => [attempt.channel, attempt.model]);
  const text = [trace.id, trace.asked, trace.client, String(trace.status), ...models].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}
