import type { faults as source } from "../en/faults";

export const faults: typeof source = {
  invalid: "这个值无效。",
  name_taken: "名称已被占用。",
  not_found: "它已不存在。",
  in_use: "它正在使用中。",
  read_only: "此处不能修改配置。",
  set_by_environment: "它由环境变量设置。",
  stale: "文件已被修改，请查看后再保存。",
  vault_locked: "钥匙串已锁定。",
  vault_denied: "钥匙串拒绝了访问。",
  vault_missing: "没有找到钥匙串。",
  vault_hangs: "钥匙串没有响应。",
  vault_wrong_passphrase: "口令不正确。",
  too_long: "密钥最长 2,400 字节。",
  origin_changed: "地址已指向另一主机，请重新填写密钥。",
  port_taken: "端口已被占用。",
  unreachable: "Sluice 没有响应。",
  unauthorized: "管理令牌被拒绝。",
  failed: "操作失败。",
};
