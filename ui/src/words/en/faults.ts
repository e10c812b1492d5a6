import type { Fault } from "../../bindings/api";

/** Why something was refused, by the fault's code. */
export const faults: Record<Fault["code"], string> = {
  invalid: "This value is not valid.",
  name_taken: "This name is taken.",
  not_found: "It is not there any more.",
  in_use: "It is in use.",
  read_only: "The configuration cannot be changed from here.",
  set_by_environment: "It is set by the environment.",
  stale: "The file was changed meanwhile. Look again, then save.",
  vault_locked: "The keychain is locked.",
  vault_denied: "The keychain refused.",
  vault_missing: "No keychain was found.",
  vault_hangs: "The keychain does not answer.",
  vault_wrong_passphrase: "The passphrase is wrong.",
  too_long: "A secret may be at most 2,400 bytes long.",
  origin_changed: "The address goes to another host now: give the key again.",
  port_taken: "The port is taken.",
  unreachable: "Sluice does not answer.",
  unauthorized: "The admin token was refused.",
  failed: "It failed.",
};
