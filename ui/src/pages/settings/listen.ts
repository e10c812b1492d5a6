/** Addresses that only this computer reaches: the default of `server.listen`. */
export const loopbacks = ["127.0.0.1", "::1"];

/** Addresses that every device of the network reaches. */
export const everywhere = ["0.0.0.0", "::"];

/** Whether only this computer reaches all of these addresses. */
export const isLocal = (addresses: string[]): boolean =>
  addresses.every((address) => /^(127\.|\[?::1\]?$|localhost$)/.test(address));

/** Whether one of these addresses stands for every interface. */
export const isOpen = (addresses: string[]): boolean =>
  addresses.some((address) => ["0.0.0.0", "::", "[::]", "*"].includes(address));
