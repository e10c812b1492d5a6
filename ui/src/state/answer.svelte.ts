import type { Fault } from "../bindings/api";
import { faultOf } from "../host/host";

/**
 * The reply to a question that a page asks when it opens, and may ask again.
 * A failure keeps the last good value: the page stays readable below the notice.
 */
export class Answer<T> {
  value = $state.raw<T | undefined>(undefined);
  fault = $state.raw<Fault | null>(null);
  loading = $state(false);
  readonly #read: () => Promise<T>;
  #asked = 0;

  constructor(read: () => Promise<T>) {
    this.#read = read;
    void this.reload();
  }

  /** Asks again. Of several questions at once only the newest reply counts. */
  async reload(): Promise<void> {
    const asked = ++this.#asked;
    this.loading = true;
    try {
      const value = await this.#read();
      if (asked === this.#asked) this.put(value);
    } catch (error) {
      if (asked === this.#asked) this.fault = faultOf(error);
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }

  /** Takes a value that arrived another way, such as the reply to a change. */
  put(value: T): void {
    this.value = value;
    this.fault = null;
  }
}
