import type { first as source } from "../en/first";

export const first: typeof source = { title: "首次设置" };
