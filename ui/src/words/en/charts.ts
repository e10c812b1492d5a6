/** Words of the charts: sentences for those who do not see them, headings of their tables. Values arrive formatted. */
export const charts = {
  asTable: "As a table",
  asChart: "As a chart",
  flow: {
    clients: "Clients",
    window: "Last 5 minutes",
    pool: "Pool",
    day: "24 hours",
    now: "Now",
    share: "Share",
    quiet: "No request in the last 5 minutes",
    others: (count: number) => `${count} others`,
    moreChannels: (count: number) => (count === 1 ? "1 more channel" : `${count} more channels`),
    most: (client: string, channel: string, share: string) => `${client} sends most requests; ${channel} answers ${share} of them.`,
    none: "No request came in the last 5 minutes.",
    shut: "Nothing can pass.",
  },
  bars: {
    title: "Requests, last 24 hours",
    answered: "Answered",
    rescued: "Rescued",
    refused: "Refused",
    hour: "Hour",
    sentence: (hour: string, count: string) => `Requests per hour; the busiest hour was ${hour} with ${count}.`,
    none: "No request in the last 24 hours.",
  },
  strip: {
    label: (name: string, well: number, rescued: number, failed: number) =>
      well + rescued + failed === 0
        ? `${name}: no request in the last 24 hours.`
        : `${name}, last 24 hours: ${well} hours without a failure, ${rescued} with a rescue, ${failed} with a failure.`,
  },
  waterfall: {
    waiting: "Waiting",
    streaming: "Streaming",
    failed: "Failed",
    sentence: (attempts: number, time: string) => (attempts === 1 ? `1 attempt within ${time}.` : `${attempts} attempts within ${time}.`),
    none: "No channel was asked",
    again: "same again",
    againAfter: (time: string) => `same again after ${time}`,
    channel: "Channel",
    model: "Model",
    started: "Started, s",
    first: "First token, s",
    ended: "Ended, s",
    result: "Result",
    answered: "answered",
    running: "running",
  },
};
