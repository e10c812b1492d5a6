import type { Fault, Happening } from "../bindings/api";
import { HostFault, type Host } from "./host";

const retryAfter = 1_000;

async function ask(name: string, request: unknown): Promise<never> {
  let response: Response;
  try {
    response = await fetch(`/api/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
  } catch (error) {
    throw new HostFault({ code: "unreachable", message: String(error) });
  }
  const answer = (await response.json().catch(() => null)) as unknown;
  if (response.ok) return answer as never;
  throw new HostFault(faultFrom(answer, response.status));
}

function faultFrom(answer: unknown, status: number): Fault {
  const body = (answer as { error?: unknown } | null)?.error ?? answer;
  if (typeof body === "object" && body !== null && "code" in body) return body as Fault;
  return { code: status === 401 ? "unauthorized" : "failed", message: `HTTP ${status}` };
}

/** Reads a stream of server-sent events until it ends, and hands on the data of each. */
export async function readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>, each: (data: string) => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (pending + value.replaceAll("\r", "")).split("\n\n");
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data:"));
      if (data.length > 0) each(data.map((line) => line.slice(5).trimStart()).join("\n"));
    }
  }
}

/** The program at the same origin, reached by its HTTP door. */
export class HttpHost implements Host {
  readonly call = ask;
  readonly desktop = null;
  readonly #listeners = new Set<(happening: Happening) => void>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  #listening = false;

  on(listener: (happening: Happening) => void): () => void {
    this.#listeners.add(listener);
    if (!this.#listening) {
      this.#listening = true;
      void this.#follow();
    }
    return () => this.#listeners.delete(listener);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Follows the stream of happenings, and opens it again for as long as the page lives. */
  async #follow(): Promise<never> {
    for (;;) {
      try {
        const response = await fetch("/api/events", { headers: { accept: "text/event-stream" } });
        if (response.ok && response.body) {
          this.#tell(true);
          await readEvents(response.body, (data) => this.#hand(data));
        }
      } catch {
        // The stream was lost; the next round opens it again.
      }
      this.#tell(false);
      await new Promise((done) => setTimeout(done, retryAfter));
    }
  }

  #tell(connected: boolean): void {
    for (const watcher of this.#watchers) watcher(connected);
  }

  #hand(data: string): void {
    const happening = JSON.parse(data) as Happening;
    for (const listener of this.#listeners) listener(happening);
  }
}
