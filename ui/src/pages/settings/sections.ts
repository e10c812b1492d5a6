/** The sections of the settings, in their order. */
export const sections = ["general", "server", "routing", "data", "about"] as const;
export type SectionName = (typeof sections)[number];
