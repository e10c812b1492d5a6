/** What a page does on the window's shortcuts: ⌘F, ⌘N and ⌘T. */
export interface PageCommands {
  find?: () => void;
  add?: () => void;
  test?: () => void;
}

let provided: PageCommands = {};

/** Offers the commands of the page that is open; returns how to withdraw them. For `$effect(() => provide({…}))`. */
export function provide(commands: PageCommands): () => void {
  provided = commands;
  return () => {
    if (provided === commands) provided = {};
  };
}

/** Runs a command of the open page; says whether there is one. */
export function run(command: keyof PageCommands): boolean {
  const action = provided[command];
  action?.();
  return action !== undefined;
}

/** Whether the platform writes ⌘ rather than Ctrl. */
export const onMac = (): boolean => /Mac/.test(navigator.userAgent);

/** A shortcut as the platform writes it: `keys("C", "shift")` is `⇧⌘C` or `Ctrl+Shift+C`. */
export function keys(key: string, ...modifiers: ("shift" | "alt")[]): string {
  if (onMac()) {
    const marks = { shift: "⇧", alt: "⌥" };
    return modifiers.map((name) => marks[name]).join("") + "⌘" + key;
  }
  const names = { shift: "Shift", alt: "Alt" };
  return ["Ctrl", ...modifiers.map((name) => names[name]), key].join("+");
}
