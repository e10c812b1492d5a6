import { expect, test } from "vitest";
import { HostFault } from "../host/host";
import { Applied } from "./applied.svelte";

/** A program whose answers are given by hand, one per question. */
function program(): { saved: string[]; save: (value: string) => Promise<void>; answer: (fault?: HostFault) => Promise<void> } {
  const waiting: { value: string; done: () => void; fail: (fault: HostFault) => void }[] = [];
  const saved: string[] = [];
  return {
    saved,
    save: (value) => new Promise<void>((done, fail) => void waiting.push({ value, done, fail })),
    async answer(fault) {
      const question = waiting.shift();
      if (!question) throw new Error("nothing was asked");
      if (fault) question.fail(fault);
      else {
        saved.push(question.value);
        question.done();
      }
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

const refused = new HostFault({ code: "read_only", message: "the file cannot be written" });

test("a choice shows at once and stays when it is saved", async () => {
  const { saved, save, answer } = program();
  const applied = new Applied(() => saved.at(-1) ?? "light", save);
  const done = applied.set("dark");
  expect(applied.value).toBe("dark");
  await answer();
  await done;
  expect(applied.value).toBe("dark");
  expect(applied.saved).toBe(true);
});

test("a choice that is refused is taken back with the reason", async () => {
  const { save, answer } = program();
  const applied = new Applied(() => "light", save);
  const done = applied.set("dark");
  await answer(refused);
  await done;
  expect(applied.value).toBe("light");
  expect(applied.fault?.code).toBe("read_only");
  expect(applied.saved).toBe(false);
});

test("of several choices the last is saved, and those between are skipped", async () => {
  const { saved, save, answer } = program();
  const applied = new Applied(() => saved.at(-1) ?? "system", save);
  const done = applied.set("light");
  void applied.set("dark");
  void applied.set("system");
  await answer();
  expect(applied.value).toBe("system");
  await answer();
  await done;
  expect(saved).toEqual(["light", "system"]);
});

test("a refusal that another choice has overtaken is not shown", async () => {
  const { saved, save, answer } = program();
  const applied = new Applied(() => saved.at(-1) ?? "system", save);
  const done = applied.set("light");
  void applied.set("dark");
  await answer(refused);
  expect(applied.fault).toBeNull();
  await answer();
  await done;
  expect(applied.value).toBe("dark");
});
