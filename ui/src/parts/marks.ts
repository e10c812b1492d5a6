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

/** Whether a channel stands still until its user does something: a bench that does not end by itself. */
export const needsUser = (line: Pick<ChannelLine, "state" | "reason_code">): boolean =>
  line.state === "needs_key" || (line.state === "benched" && line.reason_code === "credential");

/** The mark of a channel. */
export const channelMark = (line: Pick<ChannelLine, "state" | "reason_code">): Mark =>
  needsUser(line) ? "bad" : ofHealth[line.state];

/** The mark of a health word alone. */
export const healthMark = (health: Health): Mark => ofHealth[health];

/** The mark of the gateway. */
export const gatewayMark = (state: GatewayState): Mark => ofGateway[state];
