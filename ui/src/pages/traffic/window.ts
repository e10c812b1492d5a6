/** Which rows of a long list are drawn: those in view and a few around them. */

interface Slice {
  from: number;
  to: number;
  /** Pixels that stand for the rows above and below. */
  above: number;
  below: number;
}

/** Rows that are drawn beyond either edge, so that scrolling never shows a gap. */
const AROUND = 8;

/** The rows to draw of `count` rows of height `row`, seen through `height` pixels at `top`. */
export function sliceOf(count: number, row: number, top: number, height: number): Slice {
  const first = Math.floor(Math.max(0, top) / row) - AROUND;
  const last = Math.ceil((Math.max(0, top) + height) / row) + AROUND;
  const from = Math.max(0, Math.min(first, count - 1));
  const to = Math.max(from, Math.min(count, last));
  return { from, to, above: from * row, below: (count - to) * row };
}

/** Where to scroll so that a row is seen below a head that stays in place; nothing where it is seen already. */
export function scrollTo(index: number, row: number, top: number, height: number, head: number): number | undefined {
  const start = index * row;
  if (start < top) return start;
  const end = start + row + head;
  return end > top + height ? end - height : undefined;
}

/** How many rows came before the row that was first; all of them where that one is gone. */
export function arrived<Row extends { id: string }>(rows: Row[], first: string | undefined): number {
  if (first === undefined) return 0;
  const at = rows.findIndex((row) => row.id === first);
  return at < 0 ? rows.length : at;
}
