/** Where the fault of a form belongs. */

import type { Fault } from "../../bindings/api";
import { faultDetail, faultText } from "../../words/say";

/** Why something was refused: our words, then the program's own. */
export function said(fault: Fault): string {
  const detail = faultDetail(fault);
  return [faultText(fault), detail.charAt(0).toUpperCase() + detail.slice(1)].filter(Boolean).join(" ");
}

/** The words of a fault that names a field, or a field below it; nothing for other faults. */
export function fieldFault(fault: Fault | null, field: string): string | null {
  const named = fault?.field;
  if (!fault || named === undefined) return null;
  if (named !== field && !named.startsWith(`${field}.`) && !named.startsWith(`${field}[`)) return null;
  return said(fault);
}
