import type { Fault } from "../bindings/api";
import { faultOf } from "../host/host";

/** What went wrong with an action that has no place of its own to say so, such as one of the palette. */
class Trouble {
  fault = $state.raw<Fault | null>(null);

  /** Waits for an action and keeps why it failed; says whether it went well. */
  async of(action: Promise<unknown>): Promise<boolean> {
    this.fault = null;
    try {
      await action;
      return true;
    } catch (error) {
      this.fault = faultOf(error);
      return false;
    }
  }

  /** Forgets it, once it was seen. */
  close(): void {
    this.fault = null;
  }
}

export const trouble = new Trouble();
