/** What a control needs to be tied to its label, help and fault. */
export interface FieldTies {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": "true" | undefined;
}
