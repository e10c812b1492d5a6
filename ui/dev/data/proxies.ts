import type { OperationAnswers } from "../fixture";

export const proxyAnswers = (_state: string): OperationAnswers => ({  });
