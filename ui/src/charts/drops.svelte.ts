/** The drops on the flow: one per request, once, in 600 ms. */

import type { Trace } from "../bindings/api";
import { placeOn, type Course } from "./flow";

/** How long a drop travels, in milliseconds. */
const TRAVEL = 600;
/** More drops at once would be noise. */
const MOST = 12;

interface Drop {
  id: string;
  course: Course;
  began: number;
}

/** Requests that were on their way before the window looked are not news. */
export class Drops {
  places = $state.raw<{ id: string; x: number; y: number }[]>([]);
  #travelling: Drop[] = [];
  #seen: Set<string> | null = null;
  #frame = 0;

  /** Takes the newest requests and sends a drop for each that was not seen before. */
  follow(traces: Trace[], courseOf: (trace: Trace) => Course): void {
    const ready = traces.filter((trace) => trace.attempts.length > 0 || trace.ending !== "running");
    const seen = this.#seen;
    this.#seen = new Set(ready.map((trace) => trace.id));
    if (seen === null || still()) return;
    const fresh = ready.filter((trace) => !seen.has(trace.id)).slice(0, MOST - this.#travelling.length);
    if (fresh.length === 0) return;
    const began = performance.now();
    this.#travelling.push(...fresh.map((trace) => ({ id: trace.id, course: courseOf(trace), began })));
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #draw(now: number): void {
    this.#travelling = this.#travelling.filter((drop) => now - drop.began < TRAVEL);
    this.places = this.#travelling.flatMap(({ id, course, began }) => {
      const place = placeOn(course, Math.min(1, Math.max(0, (now - began) / TRAVEL)));
      return place ? [{ id, ...place }] : [];
    });
    this.#frame = this.#travelling.length > 0 ? requestAnimationFrame((next) => this.#draw(next)) : 0;
  }
}

/** Under reduced motion drops are still, so none is sent. */
const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
