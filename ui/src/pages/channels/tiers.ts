/** Channels in the order in which requests try them, and what moving one means. */

import type { ChannelLine, MoveChannel } from "../../bindings/api";

/** Channels of one priority, in the order of the file. */
interface Tier {
  priority: number;
  lines: ChannelLine[];
}

/** A place between two rows of a list. `before` names the row below it; nothing at the end of a tier. */
export interface Place {
  priority: number;
  before: string | null;
}

/** Groups channels by priority, the first tier first. Within a tier their order stays. */
export function tiersOf(lines: ChannelLine[]): Tier[] {
  const tiers = new Map<number, ChannelLine[]>();
  for (const line of lines) {
    const members = tiers.get(line.priority);
    if (members) members.push(line);
    else tiers.set(line.priority, [line]);
  }
  return [...tiers]
    .map(([priority, members]) => ({ priority, lines: members }))
    .sort((one, other) => one.priority - other.priority);
}

/** The place one step up: above its neighbour, then to the end of the tier above, then alone in a tier of its own. */
export function stepUp(tiers: Tier[], name: string): Place | null {
  const found = find(tiers, name);
  if (!found) return null;
  const { tier, above, at } = found;
  if (at > 0) return { priority: tier.priority, before: tier.lines[at - 1]!.name };
  if (above) return { priority: above.priority, before: null };
  const alone = tier.lines.length === 1;
  return alone || tier.priority <= 1 ? null : { priority: tier.priority - 1, before: null };
}

/** The place one step down: below its neighbour, then to the top of the tier below, then alone in a new last tier. */
export function stepDown(tiers: Tier[], name: string): Place | null {
  const found = find(tiers, name);
  if (!found) return null;
  const { tier, below, at } = found;
  if (at < tier.lines.length - 1) return { priority: tier.priority, before: tier.lines[at + 2]?.name ?? null };
  if (below) return { priority: below.priority, before: below.lines[0]!.name };
  return tier.lines.length === 1 ? null : { priority: tier.priority + 1, before: null };
}

/** The priority of a tier behind all others. */
export function nextPriority(tiers: Tier[]): number {
  return (tiers.at(-1)?.priority ?? 0) + 1;
}

/** Whether a channel already stands at a place. */
export function standsAt(tiers: Tier[], name: string, place: Place): boolean {
  if (place.before === name) return true;
  const found = find(tiers, name);
  if (!found || found.tier.priority !== place.priority) return false;
  return (found.tier.lines[found.at + 1]?.name ?? null) === place.before;
}

/** The list as it will be once the move is saved. */
export function moved(lines: ChannelLine[], move: MoveChannel): ChannelLine[] {
  const line = lines.find((one) => one.name === move.name);
  if (!line || move.before === move.name) return lines;
  const rest = lines.filter((one) => one !== line);
  const at = move.before === null ? rest.length : rest.findIndex((one) => one.name === move.before);
  return rest.toSpliced(at < 0 ? rest.length : at, 0, { ...line, priority: move.priority });
}

/** The part of all answered requests that a tier's channels took, in percent; nothing before the first one. */
export function tierShare(tier: Tier, lines: ChannelLine[]): number | null {
  const all = sum(lines);
  return all === 0 ? null : Math.round((100 * sum(tier.lines)) / all);
}

function sum(lines: ChannelLine[]): number {
  return lines.reduce((total, line) => total + line.uses, 0);
}

function find(tiers: Tier[], name: string) {
  for (const [index, tier] of tiers.entries()) {
    const at = tier.lines.findIndex((line) => line.name === name);
    if (at >= 0) return { tier, at, above: tiers[index - 1], below: tiers[index + 1] };
  }
  return null;
}
