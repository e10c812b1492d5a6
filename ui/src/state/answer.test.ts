import { expect, test } from "vitest";
import { HostFault } from "../host/host";
import { Answer } from "./answer.svelte";

test("a failure keeps the last good value", async () => {
  let fails = false;
  const answer = new Answer(async () => {
    if (fails) throw new HostFault({ code: "unreachable", message: "no answer" });
    return 1;
  });
  await answer.reload();
  fails = true;
  await answer.reload();
  expect(answer.value).toBe(1);
  expect(answer.fault?.code).toBe("unreachable");
});

test("of several questions only the newest reply counts", async () => {
  const replies: ((value: string) => void)[] = [];
  const answer = new Answer(() => new Promise<string>((reply) => void replies.push(reply)));
  const second = answer.reload();
  replies[1]?.("new");
  await second;
  replies[0]?.("old");
  await Promise.resolve();
  expect(answer.value).toBe("new");
});
