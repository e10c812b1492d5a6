import { getContext, setContext } from "svelte";

const key = Symbol("filter");

/** Gives the rows below what is searched for. */
export const provideFilter = (text: () => string): void => {
  setContext(key, text);
};

/** Whether a row with these words is among what is searched for. */
export function useFilter(): (...words: (string | undefined)[]) => boolean {
  const text = getContext<(() => string) | undefined>(key);
  return (...words) => matches(text?.() ?? "", words);
}

function matches(text: string, words: (string | undefined)[]): boolean {
  const said = words.join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((part) => said.includes(part));
}
