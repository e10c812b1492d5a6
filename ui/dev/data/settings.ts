import type { EffectiveLine, SettingLine, SettingOrigin, VaultState } from "../../src/bindings/api";
import { HostFault } from "../../src/host/host";
import type { OperationAnswers } from "../fixture";

function line(key: string, value: unknown, origin: SettingOrigin = "default", set_by: string | null = null): SettingLine {
  const place = origin === "file" ? "config.toml:4" : null;
  return { key, value, default: value, origin, set_by, place, needs_restart: false };
}

const effective: EffectiveLine[] = [
  { path: "server.port", value: "7584", origin: "default", place: null, secret: false },
  { path: "log.level", value: "info", origin: "environment", place: null, secret: false },
  { path: "routing.strategy", value: "weighted", origin: "file", place: "config.toml:4", secret: false },
  { path: "channel[0].name", value: "Anthropic", origin: "file", place: "config.toml:9", secret: false },
  { path: "channel[0].base_url", value: "https://api.anthropic.com", origin: "default", place: null, secret: false },
  { path: "channel[0].keys[0].secret", value: "sk-ant-…Q7c", origin: "file", place: "config.toml:12", secret: true },
  { path: "channel[0].priority", value: "1", origin: "file", place: "config.toml:13", secret: false },
];

/** The settings, of which the log level is set by the environment; a wrong port is refused. */
export function settingAnswers(state: string): OperationAnswers {
  let lines = [
    line("ui.language", "system"),
    line("ui.theme", "system"),
    line("ui.start_hidden", false),
    line("ui.close_to_tray", true),
    line("ui.notifications.key_refused", true),
    line("ui.notifications.no_channel", true),
    line("ui.notifications.port_taken", true),
    line("server.port", 7584),
    line("server.listen", state === "open" ? ["0.0.0.0", "::"] : ["127.0.0.1", "::1"], state === "open" ? "file" : "default"),
    line("server.client_keys", state === "open" ? "any" : "required"),
    line("server.allowed_hosts", ["gateway.local"], "file"),
    line("server.allowed_origins", []),
    line("server.drain_s", 10),
    line("routing.strategy", "weighted", "file"),
    line("routing.fallback", true),
    line("routing.unknown_models", "default"),
    line("log.level", "info", "environment", "SLUICE_LOG"),
    line("log.files", 7),
  ];
  const answer = () => ({ lines, folder: "/home/user/.config/sluice", log_folder: "/home/user/.local/state/sluice" });
  const ready: VaultState = { kind: "keychain", state: "ready", name: "Secret Service", message: null, waiting: 0 };
  return {
    settings: answer,
    set_setting: ({ key, value }) => {
      if (value === 80) throw new HostFault({ code: "port_taken", message: "port 80 needs more rights" });
      lines = lines.map((known) => (known.key === key ? { ...known, value, origin: "file" } : known));
      return answer();
    },
    effective,
    diagnostics: { text: "# Sluice 1.0.0\n" },
    unlock_vault: ready,
    choose_vault: ({ kind }) => ({ ...ready, kind }),
    open_vault_file: () => {
      throw new HostFault({ code: "vault_wrong_passphrase", message: "the passphrase does not open vault.age" });
    },
  };
}
