/** Stacked bars of the last hours. Pure geometry, in pixels. */

import type { Hour } from "../bindings/api";
import { countAxis, type Axis } from "./scale";

export type Part = "answered" | "rescued" | "refused";

interface Segment {
  part: Part;
  y: number;
  height: number;
}

interface Bar {
  hour: Hour;
  total: number;
  x: number;
  width: number;
  segments: Segment[];
}

interface Plot {
  axis: Axis;
  bars: Bar[];
  /** The height of a value on the plot. */
  y: (value: number) => number;
}

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const PARTS: Part[] = ["answered", "rescued", "refused"];
/** Part of an hour's width that its bar takes. */
const FILL = 0.775;
/** What happened at all is seen: a failure at least this high, anything else as a line. */
const LEAST: Record<Part, number> = { answered: 1, rescued: 1.5, refused: 2 };

export function plot(hours: Hour[], frame: Frame): Plot {
  const axis = countAxis(Math.max(0, ...hours.map(total)), 3);
  const y = (value: number) => frame.bottom - ((frame.bottom - frame.top) * value) / axis.top;
  const slot = (frame.right - frame.left) / Math.max(1, hours.length);
  const bars = hours.map((hour, index) => ({
    hour,
    total: total(hour),
    x: frame.left + slot * (index + (1 - FILL) / 2),
    width: slot * FILL,
    segments: stack(hour, y, frame.bottom),
  }));
  return { axis, bars, y };
}

/** All requests of an hour. */
export function total(hour: Hour): number {
  return hour.answered + hour.rescued + hour.refused;
}

/** The hour with the most requests; nothing where none came. */
export function busiest(hours: Hour[]): Hour | undefined {
  const most = hours.reduce<Hour | undefined>((best, hour) => (!best || total(hour) > total(best) ? hour : best), undefined);
  return most && total(most) > 0 ? most : undefined;
}

function stack(hour: Hour, y: (value: number) => number, bottom: number): Segment[] {
  let foot = bottom;
  return PARTS.flatMap((part) => {
    if (hour[part] === 0) return [];
    const height = Math.max(LEAST[part], bottom - y(hour[part]));
    foot -= height;
    return [{ part, y: foot, height }];
  });
}
