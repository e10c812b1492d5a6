import { en, type Messages } from "./en";
import { zhCN } from "./zh-CN";

export type Language = "en" | "zh-CN";

/** The languages of the window, each with its own name. */
export const languages: { code: Language; name: string }[] = [
  { code: "en", name: "English" },
  { code: "zh-CN", name: "简体中文" },
];

const catalogs: Record<Language, Messages> = { en, "zh-CN": zhCN };

class Words {
  language = $state<Language>("en");

  /** Speaks a language, in the page's attribute too. */
  speak(language: Language): void {
    this.language = language;
    document.documentElement.lang = language;
  }
}

export const words = new Words();

/** The catalog for a system's tag: `zh-Hans-CN` is Chinese, everything that is not known is English. */
export const languageFor = (tag: string): Language => (tag.toLowerCase().startsWith("zh") ? "zh-CN" : "en");

/** Every text of the window in the language of the moment: `t.common.save`. */
export const t: Messages = new Proxy(en, {
  get: (_, section: keyof Messages & string) => catalogs[words.language][section],
});
