import type { ChannelLine, Fault, Happening, Overview, Trace } from "../bindings/api";
import { faultOf, host } from "../host/host";
import { clock } from "./clock.svelte";
import { withNews } from "./news";

/** As many requests as the program itself remembers. */
const keptTraces = 500;
/** Happenings that come closer together than this are answered by one reading, in milliseconds. */
const gather = 250;
/** Requests that come closer together than this are shown at once, in milliseconds. */
const frame = 80;

/** What the whole window shares: the overview with its channels, and the newest requests. Kept fresh by happenings. */
class Live {
  overview = $state.raw<Overview | null>(null);
  channels = $state.raw<ChannelLine[]>([]);
  /** Newest first. */
  traces = $state.raw<Trace[]>([]);
  /** Whether the newest requests were read once: before that, an empty list says nothing. */
  tracesRead = $state(false);
  /** Why the overview could not be read. */
  fault = $state.raw<Fault | null>(null);
  /** Why the newest requests could not be read. */
  tracesFault = $state.raw<Fault | null>(null);
  /** Whether happenings arrive. */
  connected = $state(true);
  /** Counts changes of the configuration: a page that shows other parts of it reads again when this grows. */
  revision = $state(0);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #news = new Map<string, Trace>();
  #showing: ReturnType<typeof setTimeout> | undefined;

  /** Reads everything and follows what happens; returns how to stop. */
  start(): () => void {
    void this.refresh();
    void this.readTraces();
    const quiet = host.on((happening) => this.#take(happening));
    const unwatch = host.onConnection((connected) => this.#connection(connected));
    return () => {
      quiet();
      unwatch();
      clearTimeout(this.#timer);
      clearTimeout(this.#showing);
      this.#showing = undefined;
    };
  }

  /** Reads the overview and the channels again. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const asked = ++this.#asked;
    try {
      const overview = await host.call("overview", {});
      // Of two readings at once the older may come last.
      if (asked !== this.#asked) return;
      clock.align(overview.timestamp);
      this.overview = overview;
      this.channels = overview.channels;
      this.fault = null;
    } catch (error) {
      this.fault = faultOf(error);
    }
  }

  async readTraces(): Promise<void> {
    try {
      this.traces = await host.call("traces", { count: keptTraces });
      this.tracesRead = true;
      this.tracesFault = null;
    } catch (error) {
      this.tracesFault = faultOf(error);
    }
  }

  /** Takes one channel's line from the reply to a change, before the next reading brings all. */
  putChannel(line: ChannelLine): void {
    this.channels = this.channels.map((known) => (known.id === line.id ? line : known));
  }

  #connection(connected: boolean): void {
    if (connected && !this.connected) {
      void this.refresh();
      void this.readTraces();
    }
    this.connected = connected;
  }

  #take(happening: Happening): void {
    switch (happening.kind) {
      case "request":
        this.#putTrace(happening.trace);
        return this.#refreshSoon();
      case "configuration":
        this.revision += 1;
        return this.#refreshSoon();
      case "vault":
        if (this.overview) this.overview = { ...this.overview, vault: happening.vault };
        return this.#refreshSoon();
      case "missed":
        void this.readTraces();
        return this.#refreshSoon();
      case "pool":
      case "gateway":
        return this.#refreshSoon();
      case "test_step":
        return;
    }
  }

  /** Requests that come closely together are shown together: a list of hundreds is not redrawn for each. */
  #putTrace(trace: Trace): void {
    this.#news.set(trace.id, trace);
    this.#showing ??= setTimeout(() => this.#showNews(), frame);
  }

  #showNews(): void {
    this.#showing = undefined;
    const news = this.#news;
    this.#news = new Map();
    this.traces = withNews(this.traces, news).slice(0, keptTraces);
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => void this.refresh(), gather);
  }
}

export const live = new Live();
