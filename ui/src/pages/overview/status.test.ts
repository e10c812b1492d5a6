import { expect, test } from "vitest";
import type { ChannelLine, Health, Overview, Problem } from "../../bindings/api";
import { concernOf, statusOf } from "./status";

const now = Date.parse("2026-11-20T14:32:00Z");

const channel = (name: string, state: Health, more: Partial<ChannelLine> = {}): ChannelLine =>
  ({ id: name, name, state, enabled: state !== "off", reason_code: null, until: null, keys: [], ...more }) as unknown as ChannelLine;

const overview = (more: Partial<Overview>): Overview =>
  ({
    state: "ok",
    addresses: ["127.0.0.1:7584"],
    port_conflict: null,
    timestamp: "2026-11-20T14:32:00Z",
    counters: { requests_today: 1, in_flight: 0 },
    vault: { kind: "keychain", state: "ready", waiting: 0 },
    problems: [],
    client_keys_required: true,
    ...more,
  }) as unknown as Overview;

const problem = (severity: Problem["severity"], code: string): Problem => ({ severity, code }) as unknown as Problem;

test("all channels that are in use are healthy", () => {
  const status = statusOf(overview({}), [channel("a", "healthy"), channel("b", "healthy"), channel("c", "off")], now);
  expect(status.title).toBe("Listening. All 2 channels are healthy.");
  expect(status.mark).toBe("ok");
});

test("a benched channel says when it is back, and one with a refused key is told apart", () => {
  const lines = [
    channel("a", "healthy"),
    channel("Kimi", "benched", { reason_code: "rate_limit", until: "2026-11-20T14:32:42Z" }),
    channel("Gemini", "benched", { reason_code: "credential" }),
  ];
  const status = statusOf(overview({ state: "degraded" }), lines, now);
  expect(status.title).toBe("Listening. 1 of 3 channels are healthy.");
  expect(status.more).toBe("Kimi is back in 0:42.");
  expect(status.waiting.map((line) => line.name)).toEqual(["Gemini"]);
});

test("of many channels that cannot answer two are named", () => {
  const lines = ["a", "b", "c", "d"].map((name) => channel(name, "full"));
  expect(statusOf(overview({ state: "down" }), lines, now).more).toBe("a is full, b is full, 2 more cannot answer.");
});

test("a taken port is said before everything else", () => {
  const conflict = { address: "127.0.0.1:7584", owner: "node", pid: 4120, free: 7585 };
  const status = statusOf(overview({ state: "stopped", port_conflict: conflict }), [channel("a", "healthy")], now);
  expect(status.title).toBe("Not listening. Port 7584 is taken.");
  expect(status.mark).toBe("bad");
});

test.each<[string, Partial<Overview>, string | null]>([
  ["nothing", {}, null],
  ["a warning", { problems: [problem("warning", "relay")] }, "problem"],
  ["advice", { problems: [problem("advice", "single_channel")] }, null],
  ["a locked keychain before a warning", {
    problems: [problem("warning", "relay")],
    vault: { kind: "keychain", state: "locked", name: "", message: null, waiting: 2 },
  }, "vault"],
  ["an error before a locked keychain", {
    problems: [problem("warning", "relay"), problem("error", "config_invalid")],
    vault: { kind: "keychain", state: "locked", name: "", message: null, waiting: 2 },
  }, "problem"],
  ["any key on the network", { client_keys_required: false, addresses: ["0.0.0.0:7584"] }, "any_key"],
  ["any key on this computer alone", { client_keys_required: false }, null],
])("the notice is about %s", (_, more, about) => {
  expect(concernOf(overview(more))?.about ?? null).toBe(about);
});
