import type { charts as English } from "../en/charts";

export const charts: typeof English = {
  asTable: "以表格显示",
  asChart: "以图表显示",
  flow: {
    clients: "客户端",
    window: "最近 5 分钟",
    pool: "渠道池",
    day: "24 小时",
    now: "现在",
    share: "占比",
    quiet: "最近 5 分钟没有请求",
    others: (count) => `其余 ${count} 个`,
    moreChannels: (count) => `另有 ${count} 个渠道`,
    most: (client, channel, share) => `${client} 的请求最多；${channel} 应答其中 ${share}。`,
    none: "最近 5 分钟没有请求。",
    shut: "目前无法通过。",
  },
  bars: {
    title: "请求，最近 24 小时",
    answered: "已应答",
    rescued: "已挽救",
    refused: "失败",
    hour: "时段",
    sentence: (hour, count) => `每小时请求数；${hour} 最多，${count} 次。`,
    none: "最近 24 小时没有请求。",
  },
  strip: {
    label: (name, well, rescued, failed) =>
      well + rescued + failed === 0
        ? `${name}：最近 24 小时没有请求。`
        : `${name} 最近 24 小时：${well} 小时正常，${rescued} 小时有挽救，${failed} 小时有失败。`,
  },
  waterfall: {
    waiting: "等待",
    streaming: "传输",
    failed: "失败",
    sentence: (attempts, time) => `${time} 内 ${attempts} 次尝试。`,
    none: "未询问任何渠道",
    again: "原样重试",
    againAfter: (time) => `${time} 后原样重试`,
    channel: "渠道",
    model: "模型",
    started: "开始 s",
    first: "首字 s",
    ended: "结束 s",
    result: "结果",
    answered: "已应答",
    running: "进行中",
  },
};
