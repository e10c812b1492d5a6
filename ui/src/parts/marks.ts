import type { ChannelLine, GatewayState, Health } from "../bindings/api";

/** The shape of a state. Every state is a word first; the shape and its colour only repeat it. */
export type Mark = "ok" | "full" | "bench" | "half" | "bad" | "off" | "wait" | "paused" | "live";

const ofHealth: Record<Health, Mark> = {
  healthy: "ok",
  benched: "bench",
  probing: "half",
  full: "full",
  needs_key: "bad",
  off: "off",
};

const ofGateway: Record<GatewayState, Mark> = {
  ok: "ok",
  degraded: "half",
  down: "bad",
  paused: "paused",
  stopped: "bad",
};

type Told = Pick<ChannelLine, "state" | "reason_code" | "keys">;

/** Whether a channel waits for a locked keychain: its own key is well. */
const locked = (line: Told): boolean => line.state === "needs_key" && line.keys.some((key) => key.state === "locked");

/** Whether a channel stands still until its user gives it another key: a bench that does not end by itself. */
export const needsUser = (line: Told): boolean =>
  (line.state === "needs_key" && !locked(line)) || (line.state === "benched" && line.reason_code === "credential");

/** The mark of a channel. */
export function channelMark(line: Told): Mark {
  if (locked(line)) return "wait";
  return needsUser(line) ? "bad" : ofHealth[line.state];
}

/** The mark of a health word alone. */
export const healthMark = (health: Health): Mark => ofHealth[health];

/** The mark of the gateway. */
export const gatewayMark = (state: GatewayState): Mark => ofGateway[state];
