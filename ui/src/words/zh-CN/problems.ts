import type { problems as source } from "../en/problems";

export const problems: typeof source = {
  single_channel: "只有一个渠道",
  relay: "密钥会发往中转站",
  plain_http: "未加密传输",
  relay_over_http: "密钥会发往中转站，且未加密",
  needs_key: "缺少密钥",
  key_refused: "密钥被拒",
  plain_secret: "文件中有明文密钥",
  no_channel: "还没有渠道",
  any_key: "任何程序都能使用 Sluice",
  open_to_network: "其他设备可以连接",
  config_invalid: "配置文件有误",
};
