import { createSubscriber } from "svelte/reactivity";

/** The program's clock, read by countdowns. Ticks once a second while something on the page reads it. */
class Clock {
  #ahead = 0;
  readonly #tick = createSubscriber((update) => {
    const timer = setInterval(update, 1_000);
    return () => clearInterval(timer);
  });

  /** Milliseconds since the epoch, as the program counts them. */
  get now(): number {
    this.#tick();
    return Date.now() + this.#ahead;
  }

  /** Sets the clock by a moment that the program just told. */
  align(timestamp: string): void {
    this.#ahead = Date.parse(timestamp) - Date.now();
  }

  /** Milliseconds until a moment, never negative. */
  until(timestamp: string): number {
    return Math.max(0, Date.parse(timestamp) - this.now);
  }
}

export const clock = new Clock();
