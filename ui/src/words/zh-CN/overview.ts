import type { overview as source } from "../en/overview";

export const overview: typeof source = { title: "概览" };
