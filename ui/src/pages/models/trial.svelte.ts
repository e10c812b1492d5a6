/** What a name would come to now: asked again while it is typed, and when a channel's state changes. */

import type { Explained, Fault, Protocol } from "../../bindings/api";
import { faultOf, host } from "../../host/host";
import { clock } from "../../state/clock.svelte";

/** Typing pauses this long before the question is asked, in milliseconds. */
const PAUSE = 150;

/** An answer, and when it came by the program's clock: waits in it count from then. */
export interface Answered {
  explained: Explained;
  at: number;
}

export class Trial {
  answer = $state.raw<Answered | null>(null);
  fault = $state.raw<Fault | null>(null);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Asks for a name after a moment without another question. An empty name is what a request without one means. */
  ask(model: string, protocol: Protocol): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#put(model, protocol), this.answer === null ? 0 : PAUSE);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
  }

  async #put(model: string, protocol: Protocol): Promise<void> {
    const asked = ++this.#asked;
    try {
      const explained = await host.call("route_model", { model: model.trim(), protocol });
      if (asked !== this.#asked) return;
      this.answer = { explained, at: clock.now };
      this.fault = null;
    } catch (error) {
      if (asked === this.#asked) this.fault = faultOf(error);
    }
  }
}
