import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Happening } from "../bindings/api";
import { faultOf, HostFault, type Host } from "./host";

/** Whether this page runs in the desktop's window. */
export const inDesktop = (): boolean => "__TAURI_INTERNALS__" in window;

async function ask(name: string, request: unknown): Promise<never> {
  try {
    return await invoke(name, { request });
  } catch (error) {
    throw new HostFault(faultOf(error));
  }
}

/** The program in the same process, reached by Tauri's commands and events. */
export const tauriHost: Host = {
  call: ask,
  desktop: ask,
  on(listener) {
    const stop = listen<Happening>("happened", (event) => listener(event.payload));
    return () => void stop.then((end) => end());
  },
  // Events are delivered in this process: they cannot be lost.
  onConnection: () => () => {},
};
