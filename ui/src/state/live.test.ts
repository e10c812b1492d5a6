import { beforeEach, expect, test, vi } from "vitest";
import type { Happening, Overview, Trace } from "../bindings/api";
import { HostFault, useHost, type Host } from "../host/host";
import { live } from "./live.svelte";

let tell: (happening: Happening) => void;
let connect: (connected: boolean) => void;
let asked: string[];
let fails: boolean;

const answers: Record<string, unknown> = {
  overview: { timestamp: "2026-11-20T14:32:00Z", channels: [{ id: "a", name: "A", enabled: true }] } as unknown as Overview,
  traces: [],
};

const trace = (id: string, ending: Trace["ending"]): Trace => ({ id, ending }) as unknown as Trace;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  fails = false;
  const call = async (name: string): Promise<unknown> => {
    asked.push(name);
    if (fails) throw new HostFault({ code: "unreachable", message: "no answer" });
    return answers[name];
  };
  useHost({
    call: call as Host["call"],
    desktop: null,
    on: (listener) => ((tell = listener), () => {}),
    onConnection: (listener) => ((connect = listener), () => {}),
  });
  live.traces = [];
  live.connected = true;
  return () => vi.useRealTimers();
});

test("many happenings are answered by one reading", async () => {
  const stop = live.start();
  await vi.runAllTimersAsync();
  asked = [];
  for (let count = 0; count < 100; count += 1) tell({ kind: "pool" });
  await vi.runAllTimersAsync();
  expect(asked).toEqual(["overview"]);
  stop();
});

test("a request that ended takes the place of its beginning, and the newest stands first", async () => {
  const stop = live.start();
  await vi.runAllTimersAsync();
  tell({ kind: "request", trace: trace("one", "running") });
  tell({ kind: "request", trace: trace("two", "running") });
  tell({ kind: "request", trace: trace("one", "done") });
  await vi.runAllTimersAsync();
  expect(live.traces.map(({ id, ending }) => `${id} ${ending}`)).toEqual(["two running", "one done"]);
  stop();
});

test("only the newest 500 requests are kept", async () => {
  const stop = live.start();
  await vi.runAllTimersAsync();
  for (let count = 0; count < 600; count += 1) tell({ kind: "request", trace: trace(String(count), "done") });
  await vi.runAllTimersAsync();
  expect(live.traces).toHaveLength(500);
  expect(live.traces[0]?.id).toBe("599");
  stop();
});

test("a failure keeps what was read last", async () => {
  const stop = live.start();
  await vi.runAllTimersAsync();
  fails = true;
  await live.refresh();
  expect(live.fault?.code).toBe("unreachable");
  expect(live.channels.map(({ name }) => name)).toEqual(["A"]);
  stop();
});

test("everything is read again when the stream is back", async () => {
  const stop = live.start();
  await vi.runAllTimersAsync();
  connect(false);
  expect(live.connected).toBe(false);
  asked = [];
  connect(true);
  await vi.runAllTimersAsync();
  expect(asked.toSorted()).toEqual(["overview", "traces"]);
  stop();
});
