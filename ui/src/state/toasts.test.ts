import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toasts } from "./toasts.svelte";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => {
  toasts.close();
  vi.useRealTimers();
});

const undo = async (): Promise<void> => {};

test("a toast leaves after eight seconds", () => {
  toasts.show("Kimi was deleted.", undo);
  vi.advanceTimersByTime(7_999);
  expect(toasts.current?.text).toBe("Kimi was deleted.");
  vi.advanceTimersByTime(1);
  expect(toasts.current).toBeNull();
});

test("time stands still while the toast is looked at", () => {
  toasts.show("Kimi was deleted.", undo);
  vi.advanceTimersByTime(5_000);
  toasts.pause();
  vi.advanceTimersByTime(60_000);
  expect(toasts.current).not.toBeNull();
  toasts.resume();
  vi.advanceTimersByTime(3_000);
  expect(toasts.current).toBeNull();
});

test("a newer toast has the whole time", () => {
  toasts.show("Kimi was deleted.", undo);
  vi.advanceTimersByTime(7_000);
  toasts.show("Gemini was deleted.", undo);
  vi.advanceTimersByTime(7_000);
  expect(toasts.current?.text).toBe("Gemini was deleted.");
});
