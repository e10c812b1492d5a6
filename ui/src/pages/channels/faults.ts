/** Where the fault of a form belongs. */

import type { Fault } from "../../bindings/api";
import { faultDetail, faultText } from "../../words/say";

/** The words of a fault that names a field, or a field below it; nothing for other faults. */
export function fieldFault(fault: Fault | null, field: string): string | null {
  const named = fault?.field;
  if (!fault || named === undefined) return null;
  if (named !== field && !named.startsWith(`${field}.`) && !named.startsWith(`${field}[`)) return null;
  return [faultText(fault), faultDetail(fault)].filter(Boolean).join(" ");
}
