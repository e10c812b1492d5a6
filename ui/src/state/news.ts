import type { Trace } from "../bindings/api";

/** The newest requests with their news: a known one is replaced where it stands, a new one comes first. */
export function withNews(traces: Trace[], news: ReadonlyMap<string, Trace>): Trace[] {
  const known = new Set(traces.map(({ id }) => id));
  const fresh = [...news.values()].filter(({ id }) => !known.has(id)).reverse();
  return [...fresh, ...traces.map((trace) => news.get(trace.id) ?? trace)];
}
