import { expect, test } from "vitest";
import type { ChannelLine, MoveChannel } from "../../bindings/api";
import { Reorder } from "./reorder.svelte";

const line = (name: string): ChannelLine => ({ name, priority: 1 }) as ChannelLine;
const names = (lines: ChannelLine[]): string => lines.map((one) => one.name).join("");
const move = (name: string, before: string | null): MoveChannel => ({ name, priority: 1, before });

/** A program whose answers are given by hand. */
function program() {
  const asked: { move: MoveChannel; answer: (lines: ChannelLine[]) => void; refuse: (why: unknown) => void }[] = [];
  const save = (wanted: MoveChannel): Promise<ChannelLine[]> =>
    new Promise((answer, refuse) => asked.push({ move: wanted, answer, refuse }));
  return { asked, save };
}
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));

test("moves are shown at once and saved one after the other", async () => {
  const { asked, save } = program();
  let actual = [line("a"), line("b"), line("c")];
  const reorder = new Reorder(() => actual, save, (lines) => (actual = lines ?? actual));
  const first = reorder.move(move("a", "c"));
  const second = reorder.move(move("a", null));
  expect(names(reorder.lines)).toBe("bca");
  await settled();
  expect(asked.map((one) => one.move.before)).toEqual(["c"]);
  asked[0]?.answer([line("b"), line("a"), line("c")]);
  await first;
  await settled();
  expect(names(reorder.lines)).toBe("bca");
  asked[1]?.answer([line("b"), line("c"), line("a")]);
  expect(await second).toBeNull();
  expect(names(actual)).toBe("bca");
});

test("a refused move takes back itself and those behind it, which are not sent", async () => {
  const { asked, save } = program();
  const actual = [line("a"), line("b"), line("c")];
  const reorder = new Reorder(() => actual, save, () => {});
  const first = reorder.move(move("a", "c"));
  const second = reorder.move(move("a", null));
  await settled();
  asked[0]?.refuse({ code: "stale", message: "changed" });
  expect((await first)?.code).toBe("stale");
  expect(await second).toBeNull();
  expect(asked).toHaveLength(1);
  expect(names(reorder.lines)).toBe("abc");
});
