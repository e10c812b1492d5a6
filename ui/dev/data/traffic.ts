import type { OperationAnswers } from "../fixture";

export const trafficAnswers = (_state: string): OperationAnswers => ({ traces: [] });
