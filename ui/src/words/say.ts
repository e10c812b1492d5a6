import type { Fault } from "../bindings/api";
import { byCode } from "./by-code";
import { t } from "./words.svelte";

/** Why something was refused, in the words of the catalog; the program's own text where the code is not known. */
export const faultText = (fault: Fault): string => byCode(t.faults, fault.code, fault.message);

/** What the program said beyond {@link faultText}, for details. */
export function faultDetail(fault: Fault): string {
  const said = [fault.message, fault.hint].filter((text) => text && text !== faultText(fault));
  return said.join(" ");
}
