import { host } from "../host/host";
import { languageFor, words, type Language } from "../words/words.svelte";

export type Theme = "system" | "light" | "dark";

/** How the window looks: theme and language, from the settings or, where they say so, from the system. */
class Look {
  /** As the settings have it; `system` follows. */
  theme = $state<Theme>("system");
  language = $state<Language | "system">("system");
  /** The system's language. */
  system = $state<Language>("en");

  /** Begins with what the system has: `tag` is its language. */
  begin(tag: string): void {
    this.system = languageFor(tag);
    this.apply();
  }

  /** Reads both settings and applies them. Failing that, what was applied stays. */
  async read(): Promise<void> {
    const { lines } = await host.call("settings", {});
    const chosen = (key: string): unknown => lines.find((line) => line.key === key)?.value;
    this.setTheme(themeFrom(chosen("ui.theme")));
    this.setLanguage(languageFrom(chosen("ui.language")));
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.apply();
  }

  setLanguage(language: Language | "system"): void {
    this.language = language;
    this.apply();
  }

  private apply(): void {
    if (this.theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.theme;
    words.speak(this.language === "system" ? this.system : this.language);
  }
}

const themeFrom = (value: unknown): Theme => (value === "light" || value === "dark" ? value : "system");
const languageFrom = (value: unknown): Language | "system" => (value === "en" || value === "zh-CN" ? value : "system");

export const look = new Look();
