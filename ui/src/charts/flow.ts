/** Who stands on either side of the flow. */

import type { ChannelLine, Flow, Trace } from "../bindings/api";
import { needsUser } from "../parts/marks";
import type { Drawing, End, Outlet, Water } from "./pipes";
import { along, type Curve } from "./pipes";

/** As many clients as have room; the rest share a line. */
const MOST_CLIENTS = 6;
/** As many channels as have room; the rest are counted. */
const MOST_CHANNELS = 8;

interface Sides {
  /** The last of them is everybody else, where there are too many. */
  clients: End[];
  /** How many clients the last line stands for; 0 where it stands for one. */
  others: number;
  channels: (Outlet & { line: ChannelLine })[];
  /** Channels without a row. */
  hidden: number;
  /** All requests of the window that a client made. */
  asked: number;
  /** All requests of the window that a channel answered. */
  answered: number;
}

/** The name of the line that stands for the rest of the clients. */
export const OTHERS = "";

export function sides(flow: Flow, channels: ChannelLine[]): Sides {
  const counts = new Map(flow.channels.map(({ name, requests }) => [name, requests]));
  const clients = flow.clients.toSorted((one, other) => other.requests - one.requests);
  const many = clients.length > MOST_CLIENTS;
  const named = many ? clients.slice(0, MOST_CLIENTS - 1) : clients;
  const rest = many ? clients.slice(MOST_CLIENTS - 1) : [];
  const shown = rows(channels, counts);
  return {
    clients: rest.length > 0 ? [...named, { name: OTHERS, requests: sum(rest) }] : named,
    others: rest.length,
    channels: shown.map((line) => {
      const requests = counts.get(line.name) ?? 0;
      return { name: line.name, requests, water: waterOf(line, requests), line };
    }),
    hidden: channels.length - shown.length,
    asked: sum(flow.clients),
    answered: sum(flow.channels),
  };
}

/** All channels where they have room; else those with requests and those that need somebody come before the others. */
function rows(channels: ChannelLine[], counts: Map<string, number>): ChannelLine[] {
  if (channels.length <= MOST_CHANNELS) return channels;
  const weight = (line: ChannelLine) => (counts.has(line.name) ? 0 : line.state === "off" ? 2 : 1);
  const chosen = new Set(channels.toSorted((one, other) => weight(one) - weight(other)).slice(0, MOST_CHANNELS - 1));
  return channels.filter((line) => chosen.has(line));
}

function waterOf(line: ChannelLine, requests: number): Water {
  if (needsUser(line)) return "none";
  switch (line.state) {
    case "healthy":
    case "full":
      return requests > 0 ? "open" : "none";
    case "probing":
      return "tried";
    case "benched":
      return "held";
    case "needs_key":
    case "off":
      return "none";
  }
}

/** The way of one request's drop: to the gate, and on to the channel that was asked. */
export interface Course {
  inlet: Curve | undefined;
  outlet: Curve | undefined;
}

/** Finds the pipes of a request; nothing of it may be drawn. */
export function courseOf(trace: Trace, drawing: Drawing, sides: Sides): Course {
  const client = drawing.inlets.find((pipe) => pipe.name === trace.client);
  const rest = sides.others > 0 ? drawing.inlets.at(-1) : undefined;
  const channel = trace.attempts.at(-1)?.channel;
  return {
    inlet: (client ?? rest)?.curve,
    outlet: drawing.outlets.find((pipe) => pipe.name === channel)?.curve,
  };
}

/** Where the drop is after a part of its time, 0 to 1. */
export function placeOn(course: Course, part: number): { x: number; y: number } | undefined {
  if (course.inlet && course.outlet) {
    return part < 0.5 ? along(course.inlet, part * 2) : along(course.outlet, part * 2 - 1);
  }
  const only = course.inlet ?? course.outlet;
  return only && along(only, part);
}

function sum(ends: { requests: number }[]): number {
  return ends.reduce((total, end) => total + end.requests, 0);
}
