import type { Fault, Happening, Operations } from "../bindings/api";
import type { DesktopOperations } from "./desktop";

/** A table of operations: for every name its request and its reply. */
type Table = { [Name in keyof Operations]: Operations[Name] };
type DesktopTable = { [Name in keyof DesktopOperations]: DesktopOperations[Name] };

/** Calls one operation; rejects with {@link HostFault}. */
type Call<T extends Record<keyof T, [unknown, unknown]>> = <Name extends keyof T & string>(
  name: Name,
  request: T[Name][0],
) => Promise<T[Name][1]>;

/** The program behind the window. One door for all pages, whatever carries the calls. */
export interface Host {
  call: Call<Table>;
  /** Tells of what happens, until the returned function is called. */
  on(listener: (happening: Happening) => void): () => void;
  /** Tells whether happenings arrive: `false` when the stream is lost, `true` when it is back. */
  onConnection(listener: (connected: boolean) => void): () => void;
  /** What only the desktop can do; nothing in a browser. */
  desktop: Call<DesktopTable> | null;
}

/** An operation that was refused, or that could not be asked for. */
export class HostFault extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
    this.name = "HostFault";
  }
}

const isFault = (value: unknown): value is Fault =>
  typeof value === "object" && value !== null && "code" in value && "message" in value;

/** What any thrown value says, as a fault. */
export function faultOf(error: unknown): Fault {
  if (error instanceof HostFault) return error.fault;
  if (isFault(error)) return error;
  return { code: "failed", message: error instanceof Error ? error.message : String(error) };
}

/** The host of this window. Set once, before anything is drawn. */
export let host: Host;

/** Chooses the host. For `main` and for the fixtures of development. */
export function useHost(chosen: Host): void {
  host = chosen;
}
