import type { DesktopAnswers } from "../fixture";

export function desktopAnswers(state: string): DesktopAnswers {
  let autostart = true;
  return {
    desktop: { language: "en", platform: "linux", tray: true, first_run: state.startsWith("first") },
    copy_text: ({ text }) => {
      void navigator.clipboard.writeText(text).catch(() => {});
      return {};
    },
    copy_client_key: {},
    copy_snippet: {},
    autostart: () => ({ enabled: autostart }),
    set_autostart: ({ enabled }) => {
      autostart = enabled;
      return { enabled };
    },
    open_folder: {},
    open_page: {},
    choose_file: { path: "/home/user/channels.yaml" },
    save_text: { path: "/home/user/sluice-diagnostics.md" },
    finish_first_run: {},
    quit: {},
  };
}
