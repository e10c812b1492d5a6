import type { OperationAnswers } from "../fixture";

export const modelAnswers = (_state: string): OperationAnswers => ({  });
