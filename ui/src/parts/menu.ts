import type { IconName } from "./icons";

/** An action of a menu, or a line between groups. */
export type MenuItem =
  | { label: string; icon?: IconName; keys?: string; danger?: boolean; disabled?: boolean; action: () => void }
  | "line";
