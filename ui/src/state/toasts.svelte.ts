/** How long a toast stays, in milliseconds of not being looked at. */
const shownFor = 8_000;

/** Something that was removed and can come back. */
interface Toast {
  text: string;
  undo: () => Promise<void>;
}

/** The one toast that is shown: a newer one takes its place. */
class Toasts {
  current = $state.raw<Toast | null>(null);
  #left = shownFor;
  #since = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  show(text: string, undo: () => Promise<void>): void {
    this.current = { text, undo };
    this.#left = shownFor;
    this.resume();
  }

  /** Stops the time, while the pointer or the focus is on the toast. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#left = Math.max(1_000, this.#left - (performance.now() - this.#since));
  }

  resume(): void {
    clearTimeout(this.#timer);
    this.#since = performance.now();
    this.#timer = setTimeout(() => this.close(), this.#left);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.current = null;
  }
}

export const toasts = new Toasts();
