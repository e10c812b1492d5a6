import type { OperationAnswers } from "../fixture";

export const settingAnswers = (_state: string): OperationAnswers => ({
  settings: { lines: [], folder: "/home/user/.config/sluice", log_folder: null },
});
