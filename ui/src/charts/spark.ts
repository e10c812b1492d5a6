/** A small line of figures. */

export interface Line {
  path: string;
  end: { x: number; y: number };
}

/** The line through the values within a box; gaps are bridged. Nothing where fewer than two values are known. */
export function line(values: (number | null)[], width: number, height: number, margin: number): Line | undefined {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]));
  if (known.length < 2) return undefined;
  const figures = known.map(({ value }) => value);
  const [least, most] = [Math.min(...figures), Math.max(...figures)];
  const across = (index: number) => margin + ((width - 2 * margin) * index) / Math.max(1, values.length - 1);
  const up = (value: number) => {
    const part = most === least ? 0.5 : (value - least) / (most - least);
    return height - margin - (height - 2 * margin) * part;
  };
  const points = known.map(({ value, index }) => ({ x: round(across(index)), y: round(up(value)) }));
  const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
  const end = points.at(-1);
  return end ? { path, end } : undefined;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
