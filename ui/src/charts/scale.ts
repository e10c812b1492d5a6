/** Axes: where the ticks stand. */

export interface Axis {
  /** The value at the end of the axis. */
  top: number;
  /** The values that carry a label, from 0 upwards. */
  ticks: number[];
}

const STEPS = [1, 2, 2.5, 5, 10];
/** Counts take more steps for round, so that the highest bar comes near the top. */
const COUNT_STEPS = [1, 2, 3, 4, 5, 6, 8, 10];

/** An axis from 0 that holds `most` with about `parts` round steps; `least` keeps a quiet axis from being all noise. */
export function axis(most: number, parts: number, least = 0): Axis {
  const wanted = Math.max(most, least);
  if (!(wanted > 0)) return { top: 1, ticks: [0, 1] };
  const step = roundStep(wanted / parts);
  const count = Math.ceil(wanted / step - 1e-9);
  return { top: count * step, ticks: Array.from({ length: count + 1 }, (_, index) => tidy(index * step)) };
}

/** An axis of counts: its steps are whole numbers. */
export function countAxis(most: number, parts: number): Axis {
  const step = Math.max(1, Math.ceil(roundStep(Math.max(most, parts) / parts, COUNT_STEPS)));
  const count = Math.max(1, Math.ceil(most / step));
  return { top: count * step, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

function roundStep(raw: number, steps = STEPS): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = steps.find((candidate) => candidate * power >= raw - 1e-9 * power);
  return (step ?? 10) * power;
}

/** Removes what adding fractions leaves behind: 0.30000000000000004 becomes 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
