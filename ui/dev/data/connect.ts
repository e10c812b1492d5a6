import type { ClientKeyLine, Snippet } from "../../src/bindings/api";
import type { OperationAnswers } from "../fixture";
import { at } from "./time";

const snippets: Snippet[] = [
  {
    id: "claude_code",
    title: "Claude Code",
    protocol: "messages",
    text: "export ANTHROPIC_BASE_URL=http://127.0.0.1:7584\nexport ANTHROPIC_AUTH_TOKEN=$KEY",
  },
  {
    id: "codex",
    title: "Codex",
    protocol: "responses",
    text: '[model_providers.sluice]\nname = "Sluice"\nbase_url = "http://127.0.0.1:7584/v1"\nwire_api = "responses"\nenv_key = "SLUICE_KEY"',
  },
  {
    id: "openai_python",
    title: "OpenAI SDK (Python)",
    protocol: "chat",
    text: 'client = OpenAI(base_url="http://127.0.0.1:7584/v1", api_key="$KEY")',
  },
  {
    id: "curl",
    title: "curl",
    protocol: "chat",
    text: 'curl http://127.0.0.1:7584/v1/chat/completions -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d \'{"model":"auto","messages":[{"role":"user","content":"Hello"}]}\'',
  },
];

const key = (name: string, hint: string, requests: number, last_used: string | null): ClientKeyLine => {
  return { name, hint, enabled: true, created: "2026-11-12T09:00:00Z", last_used, requests, copyable: true, kept_in: null };
};

/** The keys of clients and the lines to connect them. */
export function connectAnswers(state: string): OperationAnswers {
  let keys: ClientKeyLine[] = [
    key("default", "sk-sluice-7Qk…4c1", 77, at("14:12")),
    key("Claude Code", "sk-sluice-pX2…91e", 783, at("14:32")),
    key("OpenCode", "sk-sluice-Bn0…c7d", 308, at("14:31")),
    { ...key("nightly-eval", "sk-sluice-u4M…0aa", 0, null), enabled: false },
  ];
  if (state === "vaultless") keys = [{ ...keys[0]!, copyable: false, kept_in: "/home/user/.config/sluice/client-key" }];
  return {
    snippets,
    client_keys: () => keys,
    add_client_key: ({ name }) => {
      const made = { ...key(name, "sk-sluice-new…777", 0, null), created: at("14:32") };
      keys = [...keys, made];
      return made;
    },
    set_client_key_enabled: ({ name, enabled }) => {
      keys = keys.map((known) => (known.name === name ? { ...known, enabled } : known));
      return keys.find((known) => known.name === name)!;
    },
    remove_client_key: ({ name }) => {
      keys = keys.filter((known) => known.name !== name);
      return { name, undo: `client:${name}` };
    },
  };
}
