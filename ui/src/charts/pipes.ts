/** How the flow is drawn: pipes from clients through the gate to channels. Pure geometry, in pixels. */

/** One end of the flow, top to bottom as listed. */
export interface End {
  name: string;
  requests: number;
}

/** What a channel's pipe looks like. */
export type Water = "open" | "tried" | "held" | "none";

export interface Outlet extends End {
  water: Water;
}

/** An S from left to right that leaves and arrives level. */
export interface Curve {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

interface Pipe {
  name: string;
  curve: Curve;
  width: number;
  water: Water;
}

export interface Drawing {
  width: number;
  height: number;
  inlets: Pipe[];
  outlets: Pipe[];
  /** The water within the gate; nothing where no water flows. */
  throat: Pipe | null;
  /** The two halves of the gate. */
  posts: { y: number; height: number }[];
}

/** All water together, in pixels, where it passes the gate. */
const FULL = 30;
const THINNEST = 1.5;
/** Air between the water and either half of the gate. */
const AIR = 6;
/** The least opening of a gate that is not shut. */
const LEAST_OPENING = 24;
const MARGIN = 8;
const POST = 4;

interface Question {
  width: number;
  height: number;
  inlets: End[];
  outlets: Outlet[];
  /** Height of a channel's row. */
  row: number;
  /** Whether nothing can pass. */
  shut: boolean;
}

/** Draws the flow. Widths follow the share of the requests; nothing visible is thinner than a line can be. */
export function draw(question: Question): Drawing {
  const { width, height, inlets, outlets, row, shut } = question;
  const middle = height / 2;
  const inletWidths = widths(inlets.map((end) => end.requests));
  const flowing = outlets.map((end) => (end.water === "open" || end.water === "tried" ? end.requests : 0));
  const outletWidths = widths(flowing);
  const throat = Math.max(sum(inletWidths), sum(outletWidths));
  return {
    width,
    height,
    inlets: leftPipes(inlets, inletWidths, width, height),
    outlets: rightPipes(outlets, outletWidths, width, height, row),
    throat: throat > 0 && !shut ? crossing(throat, width, middle) : null,
    posts: posts(height, shut ? 0 : Math.max(LEAST_OPENING, throat + 2 * AIR)),
  };
}

function leftPipes(ends: End[], sizes: number[], width: number, height: number): Pipe[] {
  const gate = width / 2 - POST / 2;
  const row = height / Math.max(ends.length, 1);
  let top = height / 2 - sum(sizes) / 2;
  return ends.map((end, index) => {
    const size = sizes[index] ?? 0;
    const from = row * (index + 0.5);
    const to = top + size / 2;
    top += size;
    return { name: end.name, width: size, water: "open", curve: { x1: 0, y1: from, x2: gate, y2: to } };
  });
}

function rightPipes(ends: Outlet[], sizes: number[], width: number, height: number, row: number): Pipe[] {
  const gate = width / 2 + POST / 2;
  let top = height / 2 - sum(sizes) / 2;
  return ends.flatMap((end, index) => {
    const size = sizes[index] ?? 0;
    const from = top + size / 2;
    top += size;
    if (end.water === "none" || (end.water === "open" && size === 0)) return [];
    const to = row * (index + 0.5);
    return [{ name: end.name, width: size || THINNEST, water: end.water, curve: { x1: gate, y1: from, x2: width - 6, y2: to } }];
  });
}

function crossing(size: number, width: number, middle: number): Pipe {
  const curve = { x1: width / 2 - POST / 2, y1: middle, x2: width / 2 + POST / 2, y2: middle };
  return { name: "", width: size, water: "open", curve };
}

function posts(height: number, opening: number): Drawing["posts"] {
  const length = Math.max(0, (height - opening) / 2 - MARGIN);
  return [
    { y: MARGIN, height: length },
    { y: height - MARGIN - length, height: length },
  ];
}

/** Widths in proportion, together `FULL`; a share too small to see is drawn as thin as can be seen. */
function widths(requests: number[]): number[] {
  const all = sum(requests);
  if (all === 0) return requests.map(() => 0);
  return requests.map((count) => (count === 0 ? 0 : Math.max(THINNEST, (FULL * count) / all)));
}

/** A curve as the `d` of a path. */
export function pathOf({ x1, y1, x2, y2 }: Curve): string {
  const bend = (x1 + x2) / 2;
  return `M${at(x1)} ${at(y1)}C${at(bend)} ${at(y1)} ${at(bend)} ${at(y2)} ${at(x2)} ${at(y2)}`;
}

/** The point of a curve at a part of its course, 0 to 1. */
export function along({ x1, y1, x2, y2 }: Curve, part: number): { x: number; y: number } {
  const rest = 1 - part;
  const bend = (x1 + x2) / 2;
  const ends = rest ** 3;
  const start = 3 * rest ** 2 * part;
  const finish = 3 * rest * part ** 2;
  return {
    x: ends * x1 + (start + finish) * bend + part ** 3 * x2,
    y: (ends + start) * y1 + (finish + part ** 3) * y2,
  };
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
