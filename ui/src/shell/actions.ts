import { host } from "../host/host";
import type { IconName } from "../parts/icons";
import { needsUser } from "../parts/marks";
import { keys } from "../state/commands";
import { copyText } from "../state/copy";
import { live } from "../state/live.svelte";
import { pages, route } from "../state/route.svelte";
import { trouble } from "../state/trouble.svelte";
import { t } from "../words/words.svelte";
import { baseUrl } from "./keyboard";

/** Something that can be done from anywhere. */
export interface Action {
  /** Whether the moment asks for it; such actions stand first. */
  suggested: boolean;
  icon: IconName;
  label: string;
  keys?: string;
  run: () => void;
}

/** Everything that can be done now, as the overview has it. */
export function actions(): Action[] {
  return [...suggestions(), ...always(), ...places()];
}

/** Those whose label holds every word of a text, in their order. */
export function matching(all: Action[], text: string): Action[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((action) => wanted.every((word) => action.label.toLowerCase().includes(word)));
}

function suggestions(): Action[] {
  const found: Action[] = live.channels.flatMap((channel): Action[] => {
    if (needsUser(channel)) {
      const run = (): void => route.go("channels", [channel.name], { at: "keys" });
      return [{ suggested: true, icon: "key", label: t.shell.actions.replaceKey(channel.name), run }];
    }
    if (channel.state !== "benched") return [];
    const run = (): void => void trouble.of(host.call("probe_channel", { name: channel.name }));
    return [{ suggested: true, icon: "refresh", label: t.shell.actions.probe(channel.name), run }];
  });
  const url = baseUrl();
  if (url) {
    const run = (): void => void trouble.of(copyText(url, t.shell.baseUrl));
    found.push({ suggested: true, icon: "copy", label: t.shell.actions.copyBaseUrl, keys: keys("C", "shift"), run });
  }
  return found;
}

function always(): Action[] {
  const words = t.shell.actions;
  const paused = live.overview?.paused ?? false;
  return [
    { icon: "plus", label: words.addChannel, run: () => route.go("channels", [], { add: "" }) },
    { icon: "test", label: words.testChannels, run: () => route.go("channels", [], { test: "" }) },
    { icon: "models", label: words.tryModel, run: () => route.go("models", [], { try: "" }) },
    { icon: "terminal", label: words.connect, run: () => route.go("overview", [], { connect: "" }) },
    {
      icon: paused ? "play" : "pause",
      label: paused ? words.resume : words.pause,
      run: () => void trouble.of(host.call("set_paused", { paused: !paused })),
    },
  ].map((action) => ({ ...action, suggested: false }) as Action);
}

function places(): Action[] {
  const words = t.shell.actions;
  const toPages = pages.map((page, at): Action => {
    const icon = page as IconName;
    return { suggested: false, icon, label: words.goTo(t.shell[page]), keys: keys(String(at + 1)), run: () => route.go(page) };
  });
  const toChannels = live.channels.map(({ name }): Action => {
    return { suggested: false, icon: "channels", label: words.openChannel(name), run: () => route.go("channels", [name]) };
  });
  return [...toPages, ...toChannels];
}
