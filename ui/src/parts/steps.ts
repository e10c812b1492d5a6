/** One step of a test. `waiting` has not begun, `skipped` is not reached because an earlier one failed. */
export interface StepLine {
  name: string;
  state: "ok" | "slow" | "bad" | "running" | "waiting" | "skipped";
  /** At the end of the line: how long it took, or that it was not reached. */
  time?: string;
  detail?: string | null;
}
