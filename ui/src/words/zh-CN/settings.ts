import type { settings as source } from "../en/settings";

export const settings: typeof source = { title: "设置" };
