import type { codes as source } from "../en/codes";

export const codes: typeof source = {
  health: {
    healthy: "正常",
    benched: "冷却中",
    probing: "半开",
    full: "已满",
    needs_key: "缺少密钥",
    off: "已停用",
  },
  steps: { proxy: "网络代理", tls: "TLS", auth: "身份验证", model: "模型", first_token: "首字" },
  proxySteps: { resolve: "查找主机", connect: "连接", auth: "登录并打开隧道", reach: "访问互联网" },
  severities: { advice: "建议", warning: "警告", error: "错误" },
  protocols: { chat: "Chat", responses: "Responses", messages: "Messages", gemini: "Gemini" },
  gateway: { ok: "正在监听", degraded: "部分可用", down: "不可用", paused: "已暂停", stopped: "未在监听" },
};
