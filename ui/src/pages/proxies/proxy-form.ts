/** The draft of a network proxy, and how it stands. */

import type { ChannelLine, ProxyForm, ProxyLine } from "../../bindings/api";
import type { Mark } from "../../parts/marks";
import { duration } from "../../words/format";
import { t } from "../../words/words.svelte";
import { blankProxy } from "../channels/proxy-choice";

/** The form of a saved proxy, or of a new one. Its password is not in it: left out, the saved one stays. */
export function formOf(line: ProxyLine | null): ProxyForm {
  if (!line) return blankProxy();
  return {
    name: line.name,
    type: line.type,
    host: line.host,
    port: line.port,
    username: line.username,
    password_source: line.password_source ?? "vault",
    password_variable: line.password_variable,
    no_proxy: [...line.no_proxy],
  };
}

/** A proxy's address as people write it. */
export function addressOf(line: ProxyLine): string {
  const host = line.host.includes(":") ? `[${line.host}]` : line.host;
  return `${line.type}://${host}:${line.port}`;
}

/** How a proxy stands after its last test: a mark, a word, and its time or that it failed. */
export function standingOf(line: ProxyLine): { mark: Mark; word: string; short: string } {
  const secret = line.password_state;
  if (secret !== null && secret !== "ready") return { mark: secret === "locked" ? "wait" : "bad", word: t.proxies.passwordState[secret], short: "" };
  const test = line.last_test;
  if (!test) return { mark: "off", word: t.proxies.unknown, short: t.proxies.notTested };
  if (!test.ok) return { mark: "bad", word: t.proxies.doesNot, short: t.proxies.failedShort };
  return { mark: "ok", word: t.proxies.answers(duration(hopTime(line))), short: duration(hopTime(line)) };
}

/** What the hop itself takes: the way to the proxy and through its door, without the journey behind it. */
function hopTime(line: ProxyLine): number {
  const steps = line.last_test?.steps.filter((step) => step.name !== "reach") ?? [];
  return steps.reduce((total, step) => total + step.ms, 0);
}

/** How many channels take one of the built-in ways. */
export function countOf(channels: ChannelLine[], way: "direct" | "system"): number {
  return channels.filter((line) => line.proxy === way).length;
}
