import type { ChannelLine, Overview } from "../../bindings/api";
import { gatewayMark, needsUser, type Mark } from "../../parts/marks";
import { clockTime, countdown } from "../../words/format";
import { t } from "../../words/words.svelte";

/** The answer to "is it working?": a mark, a sentence, and what stands behind it. */
export interface Status {
  mark: Mark;
  title: string;
  more: string;
  /** Channels that wait for their user. */
  waiting: ChannelLine[];
}

/** As many channels as the second sentence names. */
const named = 2;

/** The status of the gateway at a moment, in milliseconds since the epoch. */
export function statusOf(overview: Overview, channels: ChannelLine[], now: number): Status {
  const used = channels.filter((line) => line.enabled);
  const healthy = used.filter((line) => line.state === "healthy").length;
  const say = (title: string, more: string, mark: Mark = gatewayMark(overview.state)): Status => {
    return { mark, title, more, waiting: used.filter(needsUser) };
  };
  const words = t.overview.status;
  if (overview.port_conflict) {
    const taken = words.taken(portOf(overview.port_conflict.address));
    return say(taken, words.stoppedMore(clockTime(overview.timestamp)), "bad");
  }
  switch (overview.state) {
    case "stopped":
      return say(words.stopped, words.stoppedMore(clockTime(overview.timestamp)));
    case "paused":
      return say(words.paused, words.pausedMore);
    case "down":
      return used.length === 0 ? say(words.empty, words.emptyMore) : say(words.down, behind(used, now));
    case "ok":
    case "degraded":
      return used.length === 0 ? say(words.empty, words.emptyMore, "bad") : say(words.healthy(healthy, used.length), behind(used, now) || quiet(overview));
  }
}

/** Says that nothing was asked yet, where that is so. */
const quiet = ({ counters }: Overview): string =>
  counters.requests_today + counters.in_flight === 0 ? t.overview.status.quiet : "";

/** The port of `IP:PORT`. */
export const portOf = (address: string): string => address.slice(address.lastIndexOf(":") + 1);

/** What the channels that cannot answer wait for. Those that wait for their user are said apart. */
function behind(used: ChannelLine[], now: number): string {
  const parts = used.filter((line) => line.state !== "healthy" && !needsUser(line)).map((line) => news(line, now));
  if (parts.length === 0) return "";
  const rest = parts.length - named;
  return t.overview.status.join(rest > 0 ? [...parts.slice(0, named), t.overview.status.more(rest)] : parts);
}

function news(line: ChannelLine, now: number): string {
  const words = t.overview.status;
  if (line.state === "benched" && line.until) return words.back(line.name, countdown(Math.max(0, Date.parse(line.until) - now)));
  return line.state === "full" ? words.full(line.name) : words.tried(line.name);
}

/** The worst thing that a person should know, for the one notice of the page. */
export type Concern =
  | { about: "problem"; problem: Overview["problems"][number] }
  | { about: "vault" }
  | { about: "any_key" };

const severities = { error: 0, warning: 1, advice: 2 };

/** What the overview's notice is about; nothing where all is well. */
export function concernOf(overview: Overview): Concern | null {
  const [worst] = overview.problems.toSorted((one, other) => severities[one.severity] - severities[other.severity]);
  if (worst?.severity === "error") return { about: "problem", problem: worst };
  const { vault } = overview;
  if (vault.kind !== "none" && vault.state !== "ready" && (vault.waiting > 0 || vault.state === "missing")) return { about: "vault" };
  if (!overview.client_keys_required && overview.addresses.some(isOpen)) return { about: "any_key" };
  return worst?.severity === "warning" ? { about: "problem", problem: worst } : null;
}

/** Whether an address can be reached from other computers. */
export const isOpen = (address: string): boolean => !/^(127\.|\[::1\]|::1|localhost)/.test(address);
