import { expect, test } from "vitest";
import { readEvents } from "./http";

/** A body that arrives in these pieces. */
function bodyOf(pieces: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
}

test.each([
  ["one event", ['data: {"a":1}\n\n'], ['{"a":1}']],
  ["an event in pieces", ["da", 'ta: {"a"', ":1}\n", "\n"], ['{"a":1}']],
  ["two events at once", ["data: 1\n\ndata: 2\n\n"], ["1", "2"]],
  ["comments and names", [": still here\n\nevent: happened\ndata: 3\n\n"], ["3"]],
  ["lines that end with CRLF", ["data: 4\r\n\r\n"], ["4"]],
  ["a broken event at the end", ["data: 5\n\ndata: 6"], ["5"]],
])("reads %s", async (_, pieces, wanted) => {
  const read: string[] = [];
  await readEvents(bodyOf(pieces), (data) => read.push(data));
  expect(read).toEqual(wanted);
});
