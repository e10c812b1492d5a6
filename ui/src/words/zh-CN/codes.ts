import type { codes as source } from "../en/codes";

export const codes: typeof source = {
  steps: { proxy: "网络代理", tls: "TLS", auth: "身份验证", model: "模型", first_token: "首字" },
  proxySteps: { resolve: "查找主机", connect: "连接", auth: "登录并打开隧道", reach: "访问互联网" },
  severities: { advice: "建议", warning: "警告", error: "错误" },
  protocols: { chat: "Chat", responses: "Responses", messages: "Messages", gemini: "Gemini" },
};
