import type { Fault } from "../bindings/api";
import { faultOf } from "../host/host";

/** How long a change says that it is saved, in milliseconds. */
const savedFor = 1_500;

/**
 * A value that applies at once: shown as chosen, taken back with the reason where saving fails.
 * A choice made while another is being saved is never ignored: the last one wins.
 */
export class Applied<T> {
  /** Why the last choice was taken back. */
  fault = $state.raw<Fault | null>(null);
  /** Whether a choice was saved just now. */
  saved = $state(false);
  #chosen = $state.raw<{ value: T } | null>(null);
  readonly #actual: () => T;
  readonly #save: (value: T) => Promise<unknown>;
  #saving = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(actual: () => T, save: (value: T) => Promise<unknown>) {
    this.#actual = actual;
    this.#save = save;
  }

  /** What to show: the choice while it is on its way, else what the program says. */
  get value(): T {
    return this.#chosen ? this.#chosen.value : this.#actual();
  }

  /** Chooses a value and saves it. */
  async set(value: T): Promise<void> {
    this.#chosen = { value };
    this.fault = null;
    this.saved = false;
    if (this.#saving) return;
    this.#saving = true;
    await this.#saveNewest();
    this.#saving = false;
  }

  async #saveNewest(): Promise<void> {
    for (;;) {
      const choice = this.#chosen;
      if (!choice) return;
      try {
        await this.#save(choice.value);
        if (this.#chosen !== choice) continue;
        this.#showSaved();
      } catch (error) {
        if (this.#chosen !== choice) continue;
        this.fault = faultOf(error);
      }
      this.#chosen = null;
      return;
    }
  }

  #showSaved(): void {
    clearTimeout(this.#timer);
    this.saved = true;
    this.#timer = setTimeout(() => (this.saved = false), savedFor);
  }
}
