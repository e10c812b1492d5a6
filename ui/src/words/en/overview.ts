/** The overview: the status sentence, the endpoint, figures, the last problem, and how to connect a client. */
export const overview = {
  status: {
    healthy: (healthy: number, all: number) =>
      healthy < all
        ? `Listening. ${healthy} of ${all} channels are healthy.`
        : all === 1
          ? "Listening. The channel is healthy."
          : `Listening. All ${all} channels are healthy.`,
    down: "Listening, but no channel can answer.",
    empty: "Listening. There is no channel yet.",
    paused: "Paused by you.",
    pausedMore: "Requests get 503 with Retry-After 5 until you resume.",
    taken: (port: string) => `Not listening. Port ${port} is taken.`,
    stopped: "Not listening.",
    stoppedMore: (time: string) => `Clients get no answer. Figures below are from before ${time}.`,
    emptyMore: "Every request is refused with 503 until there is one.",
    quiet: "No request yet today.",
    back: (channel: string, left: string) => `${channel} is back in ${left}`,
    tried: (channel: string) => `${channel} is being tried again`,
    full: (channel: string) => `${channel} is full`,
    newKey: (channel: string) => `${channel} needs a new key`,
    /** Stands between two channels that need a key. */
    between: ", ",
    more: (count: number) => (count === 1 ? "1 more cannot answer" : `${count} more cannot answer`),
    join: (parts: string[]) => `${parts.join(", ")}.`,
  },
  pause: "Pause Sluice",
  resume: "Resume",
  addChannel: "Add channel",
  import: "Import…",
  emptyTitle: "No channel yet",
  emptyText: "A channel is a provider’s address with your key. Sluice sends each request to the first one that can answer.",
  reading: "Reading the state…",

  protocol: "Protocol",
  clients: {
    chat: "OpenAI Chat Completions: SDKs, Continue, aider, Cline",
    responses: "OpenAI Responses: Codex, the newer SDKs",
    messages: "Anthropic Messages: Claude Code, the Anthropic SDKs",
    gemini: "Google Gemini: Gemini CLI, the Google SDKs",
  },
  connect: "Connect a client…",
  baseUrl: "Base URL",
  key: "Key",
  keyAny: "any",

  figures: {
    requests: "Requests today",
    inFlight: (count: string) => `${count} in flight`,
    noneInFlight: "none in flight",
    answered: "Answered",
    outcomes: (rescued: string, refused: string) => `${rescued} rescued, ${refused} refused`,
    tokens: "Tokens",
    cached: (share: string) => `${share} of input cached`,
    noTokens: "none counted yet",
    firstToken: "First token",
    ninetyFive: (seconds: string) => `median; 95% in ${seconds} s`,
    noFirstToken: "no answer yet",
  },

  now: {
    benched: (left: string) => `Benched, ${left}`,
    halfOpen: (passed: number, needed: number) => `Half-open, ${passed} of ${needed}`,
  },

  lastProblem: "Last problem",
  noProblem: "No request has met a failure since the start.",
  problem: {
    title: (channel: string, failed: string, status: number | null) => `${channel} ${failed}${status === null ? "" : ` (${status})`}`,
    rescued: (attempts: number, channel: string) =>
      attempts <= 2 ? `Then ${channel} answered.` : `After ${attempts - 1} attempts ${channel} answered.`,
    waited: (client: string, time: string) => `${client} waited ${time} and saw no error.`,
    lost: (attempts: number) => (attempts === 1 ? "Nobody else could answer." : `Nobody answered in ${attempts} attempts.`),
    told: (client: string) => `${client} was told so.`,
    someone: "The client",
    show: "Show the request",
  },

  conflict: {
    title: (owner: string, pid: number | null, address: string) =>
      `${owner}${pid === null ? "" : ` (pid ${pid})`} listens on ${address}`,
    unknown: "Another program",
    text: "On another port, addresses that clients already have do not work any more.",
    again: (port: string) => `Try ${port} again`,
    use: (port: string) => `Use ${port}`,
  },

  notice: {
    configInvalid: (line: number | null) =>
      line === null ? "The configuration file has a fault" : `The configuration file has a fault on line ${line}`,
    lastGood: "The last good configuration stays in force.",
    openFolder: "Open folder",
    showChannel: "Open the channel",
    all: (count: number) => `All ${count}…`,
    locked: "The keychain is locked",
    lockedText: (count: number) => (count === 1 ? "One key waits for it." : `${count} keys wait for it. Their channels cannot answer.`),
    unlock: "Unlock",
    closed: "The vault file is closed",
    away: "No keychain was found",
    awayText: "Keys cannot be kept safe until you choose where.",
    toVault: "Choose…",
    anyKey: "Any key is accepted from the local network",
    anyKeyText: "Every device that reaches this computer can spend your money.",
    toServer: "Settings",
  },
  problems: {
    title: "Problems",
    text: "What Sluice found in the configuration.",
    at: (file: string, line: number) => `${file}, line ${line}`,
  },

  sheet: {
    title: "Connect a client",
    text: "Paste these lines into its settings. Copying puts the real key in the place of $KEY.",
    textBrowser: "Paste these lines into its settings, with your key in the place of $KEY.",
    client: "Key of",
    clientHelp: "With a key of its own each client is counted apart.",
    copy: (name: string) => `Copy the lines for ${name}`,
    waiting: "Waiting for its first request…",
    seen: (client: string, channel: string) => `A request of ${client} arrived, ${channel} answered.`,
    seenUnanswered: (client: string) => `A request of ${client} arrived, but no channel answered.`,
  },
};
