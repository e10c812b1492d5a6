import { host } from "../host/host";
import { t } from "../words/words.svelte";
import { announcer } from "./announce.svelte";

/** Puts a text on the clipboard and says what was copied. */
export async function copyText(text: string, what: string): Promise<void> {
  if (host.desktop) await host.desktop("copy_text", { text });
  else await navigator.clipboard.writeText(text);
  announcer.say(t.common.copied(what));
}
