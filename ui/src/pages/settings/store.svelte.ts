import type { SettingLine, Settings } from "../../bindings/api";
import { host } from "../../host/host";
import { Answer } from "../../state/answer.svelte";
import { live } from "../../state/live.svelte";

/** Every setting as the program has it, and changing one. */
export class SettingsStore {
  readonly answer = new Answer<Settings>(() => host.call("settings", {}));

  /** A setting by its path in `config.toml`; nothing where this program does not have it. */
  line(key: string): SettingLine | undefined {
    return this.answer.value?.lines.find((line) => line.key === key);
  }

  /** Saves a value; `null` returns to the default. */
  async save(key: string, value: unknown): Promise<void> {
    this.answer.put(await host.call("set_setting", { key, value }));
    void live.refresh();
  }
}

/** Whether a setting can be changed here: not where a variable or a flag has the last word. */
export const isSet = (line: SettingLine): boolean => line.origin === "environment" || line.origin === "flag";
