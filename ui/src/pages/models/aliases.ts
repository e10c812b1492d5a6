/** The list of aliases: what stands in a row, and whether a new one can be saved. */

import type { AliasLine } from "../../bindings/api";

export const isWildcard = (name: string): boolean => name.includes("*");

/** What is wrong with an alias before it is sent. */
type AliasFault = "needsName" | "needsTarget" | "itself" | "taken";

/** The first thing that is wrong, and the field it is about; nothing where it can be saved. */
export function faultOfAlias(
  draft: { name: string; target: string },
  original: string | null,
  aliases: AliasLine[],
): { field: "name" | "target"; fault: AliasFault } | null {
  const name = draft.name.trim();
  const target = draft.target.trim();
  if (name === "") return { field: "name", fault: "needsName" };
  const same = (other: string) => other.toLowerCase() === name.toLowerCase();
  if (aliases.some((alias) => same(alias.name) && alias.name !== original)) return { field: "name", fault: "taken" };
  if (target === "") return { field: "target", fault: "needsTarget" };
  return same(target) ? { field: "target", fault: "itself" } : null;
}
