/** A test while it runs, and what it found. */

import type { Fault, Step, TestQuestion, TestReport } from "../../bindings/api";
import { faultOf, host } from "../../host/host";

/** The test of one channel. A second run takes the place of the first: only the newest is told. */
export class TestRun {
  /** Steps as they arrive; all of them once the report is there. */
  steps = $state.raw<Step[]>([]);
  report = $state.raw<TestReport | null>(null);
  running = $state(false);
  /** Why the test could not be started. */
  fault = $state.raw<Fault | null>(null);
  #runs = 0;

  constructor(last: TestReport | null = null) {
    this.report = last;
    this.steps = last?.steps ?? [];
  }

  /** Tests a channel under the name by which its steps are told; the report, or nothing where it was overtaken. */
  async run(channel: string, question: TestQuestion): Promise<TestReport | null> {
    const run = ++this.#runs;
    this.running = true;
    this.fault = null;
    this.report = null;
    this.steps = [];
    const quiet = host.on((happening) => {
      if (happening.kind === "test_step" && happening.channel === channel && run === this.#runs) this.#add(happening.step);
    });
    try {
      const report = await host.call("test_channel", question);
      if (run !== this.#runs) return null;
      this.report = report;
      this.steps = report.steps;
      return report;
    } catch (error) {
      if (run === this.#runs) this.fault = faultOf(error);
      return null;
    } finally {
      quiet();
      if (run === this.#runs) this.running = false;
    }
  }

  #add(step: Step): void {
    this.steps = [...this.steps.filter((known) => known.name !== step.name), step];
  }
}
