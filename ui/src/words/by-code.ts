/** The word for a code that the program sends; a code that the table does not hold is told by `fallback`. */
export function byCode<F extends string | null>(table: Record<string, string>, code: string | null, fallback: F): string | F {
  return (code !== null && Object.hasOwn(table, code) ? table[code] : undefined) ?? fallback;
}
