/** What stands between two sentences: nothing after a Chinese stop, which brings its own room. */
export const gapAfter = (sentence: string): string => (sentence === "" || sentence.endsWith("。") ? "" : " ");

/** Sentences in a row. */
export const sentences = (...all: string[]): string => all.reduce((before, after) => before + gapAfter(before) + after);
