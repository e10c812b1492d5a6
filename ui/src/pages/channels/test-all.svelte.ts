/** The test of all channels, one after the other. */

import { SvelteMap } from "svelte/reactivity";
import type { TestReport } from "../../bindings/api";

export class TestAll {
  /** What is known so far, by the channels' names. */
  readonly tests = new SvelteMap<string, "running" | TestReport>();
  /** How many of how many are being tested; nothing while no test runs. */
  progress = $state.raw<{ at: number; of: number } | null>(null);
  readonly #test: (name: string) => Promise<TestReport | null>;
  #stopped = false;

  /** `test` answers nothing where a test could not be started. */
  constructor(test: (name: string) => Promise<TestReport | null>) {
    this.#test = test;
  }

  /** How many passed of those that were tested; nothing before the end. */
  get result(): { passed: number; of: number } | null {
    if (this.progress || this.tests.size === 0) return null;
    const reports = [...this.tests.values()].filter((test) => test !== "running");
    return { passed: reports.filter((report) => report.ok).length, of: reports.length };
  }

  /** Tests channels in their order. One after the other: many vendors count requests that come at once. */
  async run(names: string[]): Promise<void> {
    if (this.progress) return;
    this.#stopped = false;
    this.tests.clear();
    for (const [index, name] of names.entries()) {
      if (this.#stopped) break;
      this.progress = { at: index + 1, of: names.length };
      this.tests.set(name, "running");
      const report = await this.#test(name);
      if (report) this.tests.set(name, report);
      else this.tests.delete(name);
    }
    this.progress = null;
  }

  /** Forgets what was found. */
  clear(): void {
    if (!this.progress) this.tests.clear();
  }

  /** Ends after the test that runs now. */
  stop(): void {
    this.#stopped = true;
  }
}
