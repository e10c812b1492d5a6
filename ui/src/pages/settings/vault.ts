import type { VaultState } from "../../bindings/api";
import { t } from "../../words/words.svelte";

/** Where keys are kept, and what to do where they cannot be had. */
export function vaultSentence(vault: VaultState): string {
  const words = t.settings.vault;
  if (vault.kind === "none") return words.demo;
  switch (vault.state) {
    case "ready":
      return vault.kind === "file" ? words.readyFile(vault.name) : words.ready(vault.name);
    case "locked":
      return words.locked(vault.name, vault.waiting);
    case "closed":
      return words.lockedFile(vault.waiting);
    case "denied":
      return words.denied(vault.name);
    case "missing":
      return words.missing(vault.name);
    case "hanging":
      return words.hanging(vault.name);
  }
}
