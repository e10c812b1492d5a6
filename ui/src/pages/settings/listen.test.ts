import { expect, test } from "vitest";
import { everywhere, isLocal, isOpen, loopbacks } from "./listen";

test.each([
  [loopbacks, true, false],
  [everywhere, false, true],
  [["127.0.0.1", "192.168.1.20"], false, false],
  [["[::]"], false, true],
])("%j: only this computer %s, everyone %s", (addresses, local, open) => {
  expect([isLocal(addresses), isOpen(addresses)]).toEqual([local, open]);
});
