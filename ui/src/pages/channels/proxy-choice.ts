/** A channel's way to the internet as one choice of a list. */

import type { ProxyChoice, ProxyForm } from "../../bindings/api";
import { t } from "../../words/words.svelte";

const NAMED = "named:";

/** The value of a choice in a list. */
export function proxyValue(choice: ProxyChoice): string {
  return choice.way === "named" ? NAMED + choice.name : choice.way;
}

/** The choice for a value; an inline proxy keeps what was written before. */
export function withProxy(current: ProxyChoice, value: string): ProxyChoice {
  if (value.startsWith(NAMED)) return { way: "named", name: value.slice(NAMED.length) };
  switch (value) {
    case "system":
      return { way: "system" };
    case "inline":
      return current.way === "inline" ? current : { way: "inline", proxy: blankProxy() };
    default:
      return { way: "direct" };
  }
}

/** All ways: the built-in ones, the named proxies, and one of the channel's own. */
export function proxyOptions(current: ProxyChoice, names: string[]): { value: string; label: string }[] {
  const gone = current.way === "named" && !names.includes(current.name) ? [current.name] : [];
  return [
    { value: "direct", label: t.editor.proxyDirect },
    { value: "system", label: t.editor.proxySystem },
    ...names.map((name) => ({ value: NAMED + name, label: name })),
    ...gone.map((name) => ({ value: NAMED + name, label: t.editor.proxyGone(name) })),
    { value: "inline", label: t.editor.proxyInline },
  ];
}

/** A proxy with nothing but defaults. */
export function blankProxy(): ProxyForm {
  return { name: "", type: "http", host: "", port: 7890, username: null, password_source: "vault", no_proxy: [] };
}
