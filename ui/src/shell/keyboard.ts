import { copyText } from "../state/copy";
import { run, type PageCommands } from "../state/commands";
import { live } from "../state/live.svelte";
import { pages, route } from "../state/route.svelte";
import { trouble } from "../state/trouble.svelte";
import { t } from "../words/words.svelte";

const ofPage: Record<string, keyof PageCommands> = { f: "find", n: "add", t: "test" };

/** Where the OpenAI-compatible door is: what most clients call their base URL. */
export const baseUrl = (): string | null => (live.overview ? `${live.overview.endpoint}/v1` : null);

/** The shortcuts of the window: ⌘/Ctrl with a digit, K, F, N, T, comma, and ⇧C. */
export function keyboard(event: KeyboardEvent, openActions: () => void): void {
  if (!(event.metaKey || event.ctrlKey) || event.altKey || document.querySelector("dialog[open]")) return;
  if (act(event.key.toLowerCase(), event.shiftKey, openActions)) event.preventDefault();
}

function act(key: string, shift: boolean, openActions: () => void): boolean {
  if (shift) return key === "c" && copyBaseUrl();
  const page = key === "," ? "settings" : pages[Number(key) - 1];
  if (page) {
    route.go(page);
    return true;
  }
  if (key === "k") {
    openActions();
    return true;
  }
  const command = ofPage[key];
  return command !== undefined && run(command);
}

function copyBaseUrl(): boolean {
  const url = baseUrl();
  if (url) void trouble.of(copyText(url, t.shell.baseUrl));
  return url !== null;
}
