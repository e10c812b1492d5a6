import type { ClientKeyName, Nothing, Snippet } from "../bindings/api";

/** What only the desktop can do. Not part of the table: no other door offers it. */
export interface DesktopOperations {
  /** Puts a client's key on the clipboard, and takes it away after 30 s. */
  copy_client_key: [ClientKeyName, Nothing];
  copy_snippet: [{ id: Snippet["id"]; client: string | null }, Nothing];
  copy_text: [{ text: string }, Nothing];
  autostart: [Nothing, { enabled: boolean }];
  set_autostart: [{ enabled: boolean }, { enabled: boolean }];
  open_folder: [{ which: "config" | "logs" }, Nothing];
  open_page: [{ url: string }, Nothing];
  choose_file: [Nothing, { path: string } | null];
  save_text: [{ name: string; text: string }, { path: string } | null];
  /** The words of the desktop: language as the system has it, theme, whether a tray is there, platform. */
  desktop: [Nothing, { language: string; platform: "linux" | "macos" | "windows"; tray: boolean; first_run: boolean }];
  finish_first_run: [Nothing, Nothing];
  quit: [Nothing, Nothing];
}
