import type { ProxyLine, ProxyReport } from "../../src/bindings/api";
import { HostFault } from "../../src/host/host";
import type { OperationAnswers } from "../fixture";
import { at } from "./time";

const passed = (proxy: string, connect: number, auth: number): ProxyReport => ({
  proxy,
  ok: true,
  at: at("14:30"),
  steps: [
    { name: "resolve", ok: true, ms: 0.4, detail: "" },
    { name: "connect", ok: true, ms: connect, detail: "" },
    { name: "auth", ok: true, ms: auth, detail: "" },
    { name: "reach", ok: true, ms: 200, detail: "api.anthropic.com" },
  ],
  total_ms: connect + auth + 200.4,
  error: null,
  fix_code: null,
  fix: null,
});

const refused: ProxyReport = {
  proxy: "Home exit",
  ok: false,
  at: at("14:30"),
  steps: [
    { name: "resolve", ok: true, ms: 12, detail: "198.51.100.7" },
    { name: "connect", ok: false, ms: 34, detail: "" },
  ],
  total_ms: 46,
  error: "Connection refused (os error 111)",
  fix_code: "check_host_and_port",
  fix: "check the proxy",
};

const proxies: ProxyLine[] = [
  { name: "Office SOCKS", type: "socks5h", host: "10.20.0.4", port: 1080, username: "dev", password_state: "ready", password_source: "vault", password_variable: null, no_proxy: ["localhost", "127.0.0.1", "*.internal"], used_by: ["Anthropic", "OpenRouter", "Gemini"], last_test: passed("Office SOCKS", 11, 27) },
  { name: "Clash", type: "http", host: "127.0.0.1", port: 7890, username: null, password_state: null, password_source: null, password_variable: null, no_proxy: [], used_by: ["Kimi", "OpenAI"], last_test: passed("Clash", 1, 3) },
  { name: "Home exit", type: "https", host: "exit.example.net", port: 443, username: null, password_state: null, password_source: null, password_variable: null, no_proxy: [], used_by: [], last_test: refused },
];

/** Three proxies, of which one does not answer; `state=empty` has none. */
export function proxyAnswers(state: string): OperationAnswers {
  let lines = state === "empty" ? [] : proxies;
  return {
    list_proxies: () => lines,
    save_proxy: ({ original, form }) => {
      if (form.host === "") throw new HostFault({ code: "invalid", field: "host", message: "a proxy needs a host" });
      const known = lines.find((line) => line.name === original);
      const password_state = form.password === undefined ? (known?.password_state ?? null) : form.password === "" ? null : "ready";
      const line: ProxyLine = { ...form, password_state, password_source: form.password_source, password_variable: form.password_variable ?? null, used_by: known?.used_by ?? [], last_test: null };
      lines = known ? lines.map((one) => (one === known ? line : one)) : [...lines, line];
      return line;
    },
    remove_proxy: ({ name }) => {
      const line = lines.find((one) => one.name === name);
      if (line && line.used_by.length > 0) throw new HostFault({ code: "in_use", message: `${line.used_by.join(", ")} use it` });
      lines = lines.filter((one) => one.name !== name);
      return { name, undo: name };
    },
    test_proxy: async ({ name, form }) => {
      await new Promise((done) => setTimeout(done, 600));
      const proxy = name ?? form?.name ?? "";
      return proxy === "Home exit" ? refused : passed(proxy, 11, 27);
    },
  };
}
