// Written from the table of operations by `make bindings`; a test compares it. Do not edit.

/** A moment, ISO 8601 with zone. */
export type Timestamp = string;

/** A name that stands for another. */
export type AliasLine = {
  /** The name that clients ask for, perhaps with a wildcard. */
  name: string,
  /** What it stands for: a model, `channel,model` or `auto`. */
  target: string,
  /** Whether something answers it now. */
  resolves: boolean,
  /** What it comes down to; nothing where nothing answers. */
  first: Answering | null,
  /** Whether the target names a channel that is switched off. */
  target_disabled: boolean,
};

/** An alias, by name. */
export type AliasName = {
  /** Its name. */
  name: string,
};

/** Who would answer, and as what. */
export type Answering = {
  /** The channel's name. */
  channel: string,
  /** The model that it would be asked for. */
  model: string,
};

/** What to take over. */
export type ApplyImport = {
  /** The preview's token. */
  token: string,
  /** The items to take. */
  items: Array<number>,
};

/** One attempt. Times are milliseconds since the request's start. */
export type AttemptTrace = {
  /** The channel's name. */
  channel: string,
  /** The key's name. */
  key: string,
  /** The model that the upstream was asked for. */
  model: string,
  /** What the upstream speaks. */
  protocol: Protocol,
  /** What was left out of the request or said in another way. */
  notes?: Array<Note>,
  /** When it was dispatched. */
  started_ms: number,
  /** When response headers arrived. */
  headers_ms: number | null,
  /** When its first content arrived. */
  first_content_ms: number | null,
  /** When it was over. */
  ended_ms: number | null,
  /** The upstream's status. */
  status: number | null,
  /** What kind of failure it was; nothing for success. */
  class: Class | null,
  /** How far it had come when it failed. */
  phase: Phase | null,
  /** The failure in words. */
  error: string | null,
  /** What was decided. */
  verdict: string | null,
  /** Whether the upstream may have worked, and billed, for nothing. */
  maybe_billed: boolean,
};

/** Whether the vault can be used now. */
export type Availability = "ready" | "locked" | "denied" | "missing" | "hanging" | "closed";

/** A model of a key that gets no traffic. */
export type BenchedCell = {
  /** The key's name. */
  key: string,
  /** The model; nothing where the whole key is benched. */
  model: string | null,
  /** Why. */
  class: Class,
  /** Since when. */
  since: Timestamp,
  /** Until when. */
  until: Timestamp,
  /** Whether a live request is trying it now. */
  probing: boolean,
};

/** One channel with everything that can be edited of it. */
export type ChannelDetail = {
  /** What can be edited. */
  form: ChannelForm,
  /** What is known of it. */
  line: ChannelLine,
  /** Where requests go, one for each protocol. */
  endpoints: Array<Endpoint>,
};

/** Everything that can be edited of a channel. */
export type ChannelForm = {
  /** What health, limits and history belong to; made where it is missing. */
  id?: string | null,
  /** The name that people use; unique. */
  name: string,
  /** The kind of upstream; by host where it is left out. */
  type: ProviderKind | null,
  /** Where it is; by type where it is left out. */
  base_url: string | null,
  /** Whether the base URL is used exactly as it stands. */
  exact: boolean,
  /** The protocols that it speaks; empty for the usual ones. */
  protocols: Array<ProtocolForm>,
  /** Its credentials, in the order in which they are tried. */
  keys: Array<KeyForm>,
  /** Its default model. */
  model: string | null,
  /** The models it serves, with wildcards; nothing for any. */
  models: Array<string> | null,
  /** Asked names and what the upstream calls them. */
  model_map: Array<ModelMapping>,
  /** Request parameters that it sets. */
  params: Array<ParamForm>,
  /** Whether they override what a client sent. */
  params_force: boolean,
  /** Whether it may be used. */
  enabled: boolean,
  /** Its share within the tier; 0 means only when named. */
  weight: number,
  /** Its tier; 1 comes first. */
  priority: number,
  /** Words that select it. */
  tags: Array<string>,
  /** Milliseconds for headers and first content, and for a whole reply; nothing for the built-in timers. */
  timeout_ms: number | null,
  /** Extra attempts on this channel. */
  max_retries: number,
  /** The way to it. */
  proxy: ProxyChoice,
  /** Requests in any minute; -1 for any number, 0 for none. */
  rpm: number,
  /** Requests in a day; -1 for any number, 0 for none. */
  rpd: number,
};

/** One channel as a line of a list, with everything the pool knows of it. */
export type ChannelLine = {
  /** What health, limits and history belong to. */
  id: string,
  /** The name that people use. */
  name: string,
  /** The kind of upstream. */
  type: ProviderKind,
  /** The id of the preset that knows its host. */
  preset: string | null,
  /** The protocols it speaks. */
  protocols: Array<Protocol>,
  /** Where it is, without a path. */
  host: string,
  /** Where it is, with port and path as far as they were given, without a query. */
  base_url: string,
  /** Whether the host is a relay: neither the vendor's own nor on this machine or network. */
  relay: boolean,
  /** Its default model. */
  model: string | null,
  /** The models it lists; nothing means any. */
  models: Array<string> | null,
  /** Its tier; 1 comes first. */
  priority: number,
  /** Its weight within the tier. */
  weight: number,
  /** Its share of the tier in percent, of the channels that are enabled. */
  share: number,
  /** Words that select it. */
  tags: Array<string>,
  /** The way to it: `direct`, `system` or a proxy's name. */
  proxy: string,
  /** Whether it may be used at all. */
  enabled: boolean,
  /** Why it cannot be used although it is enabled, such as a variable that is not set. */
  needs_key: string | null,
  /** Its credentials, without the secrets. */
  keys: Array<KeyLine>,
  /** Requests in any minute; -1 for no limit, 0 for none allowed. */
  rpm: number,
  /** Requests in a day; -1 for no limit, 0 for none allowed. */
  rpd: number,
  /** Its health. */
  state: Health,
  /** The class of the failure that benched it, or the limit that is full. */
  reason_code: string | null,
  /** Why it is not healthy, in words that follow the channel's name. */
  reason: string | null,
  /** Since when it is not. */
  since: Timestamp | null,
  /** Until when it gets no traffic. */
  until: Timestamp | null,
  /** When one live request will try it. */
  next_probe: Timestamp | null,
  /** Half-open: how many of the needed successes it has. */
  probes_passed: number,
  /** Half-open: how many successes it needs. */
  probes_needed: number,
  /** Attempts that run now. */
  in_flight: number,
  /** What counts against its limits. */
  usage: LimitCounts,
  /** The limits themselves: -1 for none, 0 for off. */
  limits: LimitCounts,
  /** Attempts since the start. */
  uses: number,
  /** Failed attempts since the start. */
  errors: number,
  /** The last dispatch. */
  last_used: Timestamp | null,
  /** The last failure. */
  last_error: LastError | null,
  /** The middle of its last times to the first content, in milliseconds. */
  first_content_median_ms: number | null,
  /** Every model of every key that is withheld or broken while the channel itself may be well. */
  benched_cells: Array<BenchedCell>,
  /** Outcomes of the last 24 hours, oldest first; nothing where no request came. */
  hours: Array<HourOutcome | null>,
  /** The last test since the start. */
  last_test: TestReport | null,
};

/** A channel, by name. */
export type ChannelName = {
  /** The channel's name. */
  name: string,
};

/** A channel, and whether it shall be used. */
export type ChannelSwitch = {
  /** The channel's name. */
  name: string,
  /** Whether it shall be used. */
  enabled: boolean,
};

/** The kind of a failure. What each kind brings with it stands in the table of `policy.rs`. */
export type Class = "network" | "proxy_failure" | "tls" | "overloaded" | "server_error" | "silent" | "rate_limit" | "quota" | "credential" | "model_access" | "model_gone" | "region_blocked" | "not_offered" | "untranslatable" | "context_length" | "content_filter" | "caller_fault" | "malformed" | "client_gone";

/** The key of one client, without its text. */
export type ClientKeyLine = {
  /** The client's name. */
  name: string,
  /** Beginning and end of the key, `sk-sluice-…4c1`. */
  hint: string,
  /** Whether it is accepted. */
  enabled: boolean,
  /** When it was made, where that is known. */
  created: Timestamp | null,
  /** When it was last used since the start. */
  last_used: Timestamp | null,
  /** Its requests since the start. */
  requests: number,
  /** Whether its text can be copied: in the vault, and the vault open. */
  copyable: boolean,
  /** The file or variable of the key that is made without a vault. */
  kept_in: string | null,
};

/** A client, by name. */
export type ClientKeyName = {
  /** The client's name. */
  name: string,
};

/** A client, and whether its key shall be accepted. */
export type ClientKeySwitch = {
  /** The client's name. */
  name: string,
  /** Whether its key shall be accepted. */
  enabled: boolean,
};

/** A candidate of a route. */
export type Considered = {
  /** The channel's name. */
  channel: string,
  /** The model it would be asked for. */
  model: string,
  /** Candidates of one rank share the load; lower ranks come first. */
  rank: number,
  /** Whether the channel merely stands in for a model that it does not list. */
  stand_in: boolean,
  /** Why it could not be tried when its turn came; in words that follow the channel's name. */
  excluded?: string,
  /** The same reason, for programs that have words of their own. */
  exclusion?: Exclusion,
};

/** Who says how many tokens a request has. */
export type CountSource = "estimate" | "exact" | "cached";

/** What was served today, and what runs now. */
export type Counters = {
  /** Requests that ended today, since the start of the process. */
  requests_today: number,
  /** Requests that run now. */
  in_flight: number,
  /** Of today's, those that the first channel answered. */
  answered: number,
  /** Of today's, those that another channel answered after a failure. */
  rescued: number,
  /** Of today's, those that nobody answered. */
  refused: number,
  /** Today's input tokens, cached ones too. */
  input_tokens: number,
  /** Today's input tokens that were read from a cache. */
  cached_tokens: number,
  /** Today's output tokens. */
  output_tokens: number,
  /** The middle of today's times to the first content, in milliseconds. */
  first_content_median_ms: number | null,
  /** What 19 of 20 of today's times to the first content stay below, in milliseconds. */
  first_content_p95_ms: number | null,
};

/** What a report of a fault needs. */
export type Diagnostics = {
  /** Markdown to paste into a report; holds no secret. */
  text: string,
};

/** One value in force. */
export type EffectiveLine = {
  /** Its path, entries of lists by their names, such as `channel[deepseek].weight`. */
  path: string,
  /** The value as a person reads it; of a secret only where it is kept. */
  value: string,
  /** Who decided. */
  origin: SettingOrigin,
  /** The place in the file, such as `config.toml:12`. */
  place: string | null,
  /** Whether it is a secret. */
  secret: boolean,
};

/** How a request ended. */
export type Ending = "running" | "done" | "client_left" | "idle" | "cut" | "error";

/** Where requests of one protocol go. */
export type Endpoint = {
  /** The protocol. */
  protocol: Protocol,
  /** The whole URL; what stands for a model's name is `{model}`. */
  url: string,
};

/** Why a candidate could not be asked when its turn came, for programs. */
export type Exclusion = {
  /** What held it. */
  held: Held,
  /** Until it could be asked, in whole milliseconds, as far as that could be told. */
  wait_ms: number | null,
};

/** The whole decision about a model name, without sending anything. */
export type Explained = {
  /** The name that was asked for. */
  asked: string,
  /** The client's protocol. */
  protocol: Protocol,
  /** The rule that matched, in words. */
  rule: string,
  /** The same rule, for programs that have words of their own. */
  matched: RoutingRule,
  /** Why the name would be refused outright. */
  refusal?: string,
  /** Names that somebody lists and that look like a refused one, nearest first. */
  close?: Array<string>,
  /** The candidates in the order in which they would be tried now. */
  order: Array<Weighed>,
  /** The candidates as the configuration ranks them. */
  candidates: Array<Considered>,
  /** Channels that are no candidates, and why. */
  skipped: Array<SkippedChannel>,
};

/** An operation did not take place. The code picks a window's words; the message is for details, logs and terminals. */
export type Fault = {
  /** What kind of fault it is. */
  code: FaultCode,
  /** What happened, to whom, and what to do. */
  message: string,
  /** The path of the field that is wrong, such as `base_url` or `keys[0].secret`. */
  field?: string,
  /** What to do. */
  hint?: string,
};

/** What kind of fault it is, for a program. */
export type FaultCode = "invalid" | "name_taken" | "not_found" | "in_use" | "read_only" | "set_by_environment" | "stale" | "vault_locked" | "vault_denied" | "vault_missing" | "vault_hangs" | "vault_wrong_passphrase" | "too_long" | "origin_changed" | "port_taken" | "unreachable" | "unauthorized" | "failed";

/** What an upstream says that it serves. */
export type FetchedModels = {
  /** The models' names, in the upstream's order. */
  models: Array<string>,
};

/** The likely fix. The window has its own words for each; these are for the command line and the log. */
export type Fix = "give_a_type" | "set_the_key" | "paste_the_key_again" | "name_the_models" | "check_host_and_port" | "check_firewall" | "check_proxy_host" | "check_base_url" | "check_proxy" | "check_certificate" | "try_later" | "raise_timeout" | "wait" | "top_up" | "check_key" | "ask_for_model" | "check_model" | "check_type" | "other_region" | "check_request" | "filtered" | "wrong_api" | "run_again";

/** Who asked and who answered in the last five minutes. */
export type Flow = {
  /** Clients, the busiest first. */
  clients: Array<FlowEnd>,
  /** Channels, the busiest first. */
  channels: Array<FlowEnd>,
};

/** One end of the flow of requests. */
export type FlowEnd = {
  /** The client's or the channel's name. */
  name: string,
  /** Its requests in the last five minutes. */
  requests: number,
};

/** The gateway in a word: what the tray icon shows. */
export type GatewayState = "ok" | "degraded" | "down" | "paused" | "stopped";

/** Something that whoever shows the gateway wants to know at once. */
export type Happening = { "kind": "request",
  /** As it stands now. */
  trace: Trace, } | { "kind": "pool" } | { "kind": "configuration" } | { "kind": "vault",
  /** As it is now. */
  vault: VaultState, } | { "kind": "gateway" } | { "kind": "test_step",
  /** The channel's name. */
  channel: string,
  /** The step that ended. */
  step: Step, } | { "kind": "missed",
  /** How many were left out. */
  count: number,
};

/** A channel's health in a word. */
export type Health = "healthy" | "benched" | "probing" | "full" | "needs_key" | "off";

/** What keeps a candidate from serving now. */
export type Held = { "code": "removed" } | { "code": "off" } | { "code": "limit_zero",
  /** The limit's name in the file. */
  limit: string, } | { "code": "needs_key" } | { "code": "spent" } | { "code": "no_fallback" } | { "code": "budget_spent" } | { "code": "full",
  /** The limit's name in the file. */
  limit: string,
  /** What the file allows. */
  most: number, } | { "code": "benched",
  /** What is benched. */
  scope: Scope,
  /** Why. */
  class: Class, } | { "code": "probing",
  /** What is probed. */
  scope: Scope,
  /** Why it was benched. */
  class: Class,
};

/** What became of one hour's requests. */
export type Hour = {
  /** Its beginning. */
  from: Timestamp,
  /** Answered by the first channel that was tried. */
  answered: number,
  /** Answered by another channel after a failure. */
  rescued: number,
  /** Answered by nobody. */
  refused: number,
};

/** The worst that became of a channel's requests within an hour. */
export type HourOutcome = "ok" | "rescued" | "failed";

/** One thing that a file offers. */
export type ImportItem = {
  /** Identifies the item in this preview. */
  at: number,
  /** What it is. */
  what: ImportKind,
  /** Its name in the file. */
  name: string,
  /** The name under which it would be added where its own is taken. */
  new_name: string | null,
  /** For a person: type, host, model. */
  detail: string,
  /** The host that it leads to. */
  host: string | null,
  /** How many secrets it brings. */
  keys: number,
  /** What would become of it. */
  outcome: ImportOutcome,
  /** What a person should know of it. */
  note: string | null,
};

/** What kind of thing an import would add. */
export type ImportKind = "channel" | "proxy" | "alias" | "setting" | "client_key";

/** What would become of an item. */
export type ImportOutcome = "add" | "rename" | "same" | "cannot";

/** What a file offers. */
export type ImportPreview = {
  /** The file's name. */
  name: string,
  /** Whose format it is, such as `channels YAML`. */
  format: string,
  /** What it offers. */
  items: Array<ImportItem>,
  /** What is wrong with it. */
  problems: Array<Problem>,
  /** Hand back to apply exactly this preview. */
  token: string,
};

/** A file to look at: by a path that the program's own dialog returned, or as a text with its name. */
export type ImportQuestion = {
  /** A path… */
  path?: string,
  /** …or the name of a text… */
  name?: string,
  /** …and the text. */
  text?: string,
};

/** What was taken over. */
export type ImportReport = {
  /** The names of what was added. */
  added: Array<string>,
  /** How many secrets went into the vault. */
  secrets: number,
  /** What a person should know. */
  notes: Array<string>,
};

/** One credential of a channel as it is edited. */
export type KeyForm = {
  /** The name of a saved key that this row is; nothing for a new one. */
  original?: string | null,
  /** Its name within the channel. */
  name: string,
  /** Where it is kept. */
  source: SecretSource,
  /** The variable where the source is the environment. */
  variable?: string | null,
  /** A new secret. Left out keeps the saved one. Write-only. */
  secret?: string | null,
  /** Whether it may be used. */
  enabled: boolean,
  /** Keys of one group share the vendor's quota. */
  quota_group?: string | null,
};

/** Whose key it may be. */
export type KeyGuess = {
  /** The presets that keys of this shape belong to, likeliest first. */
  presets: Array<string>,
};

/** A key whose vendor is asked for. */
export type KeyGuessQuestion = {
  /** The key, or its beginning. Nothing keeps it. */
  secret: string,
};

/** One credential, without its secret. */
export type KeyLine = {
  /** Its name within the channel. */
  name: string,
  /** Where it is kept. */
  source: SecretSource,
  /** The variable's name where the source is the environment. */
  variable: string | null,
  /** Whether it can be used. */
  state: SecretState,
  /** Beginning and end of the secret, `sk-…9f2`. */
  hint: string | null,
  /** Whether it may be used. */
  enabled: boolean,
  /** Attempts with it since the start. */
  uses: number,
};

/** A channel's last failure. */
export type LastError = {
  /** When. */
  at: Timestamp,
  /** Of what kind. */
  class: Class,
  /** In words. */
  message: string,
};

/** The newest request that met a failure, and what was done about it. */
export type LastProblem = {
  /** When the request began. */
  at: Timestamp,
  /** The request's id. */
  request: string,
  /** Who asked. */
  client: string | null,
  /** The channel that failed last. */
  channel: string,
  /** What kind of failure it was. */
  class: Class,
  /** The upstream's status. */
  status: number | null,
  /** The failure in words. */
  message: string,
  /** The channel that answered in the end. */
  answered_by: string | null,
  /** How many attempts were made. */
  attempts: number,
  /** Milliseconds that the failed attempts cost. */
  waited_ms: number,
};

/** Requests in a minute and in a day. */
export type LimitCounts = {
  /** In any 60 seconds. */
  rpm: number,
  /** In a day. */
  rpd: number,
};

/** What became of something that the other protocol cannot say. */
export type Loss = "drop" | "emulate";

/** A channel that serves a model. */
export type ModelChannel = {
  /** The channel's name. */
  name: string,
  /** What the upstream is asked for. */
  sent: string,
  /** Whether the channel may be used. */
  enabled: boolean,
  /** Its health. */
  state: Health,
};

/** A name that clients can ask for, and who serves it. */
export type ModelLine = {
  /** The name. */
  id: string,
  /** The channels that serve it. */
  channels: Array<ModelChannel>,
};

/** What clients ask for, and what the upstream calls it. */
export type ModelMapping = {
  /** The asked name, perhaps with a wildcard. */
  asked: string,
  /** The name that is sent. */
  sent: string,
};

/** Everything about model names. */
export type ModelsView = {
  /** The aliases, in the file's order. */
  aliases: Array<AliasLine>,
  /** Every name that a channel serves. */
  models: Array<ModelLine>,
  /** What `auto` means now. */
  auto: Answering | null,
  /** What becomes of a name that nobody lists. */
  unknown_models: UnknownModels,
  /** How a channel is chosen within a tier. */
  strategy: Strategy,
  /** Whether a request may go to another channel after a failure. */
  fallback: boolean,
};

/** Where a channel shall stand. */
export type MoveChannel = {
  /** The channel's name. */
  name: string,
  /** Its tier; 1 comes first. */
  priority: number,
  /** The channel before which it shall stand; nothing for the end of the tier. */
  before: string | null,
};

/** An operation that no other protocol has words for. It is passed on as it is, and the answer comes back as it is. */
export type Native = "image" | "speak" | "transcribe" | "moderate" | "rerank" | "file" | "batch" | "stored";

/** The newest requests. */
export type Newest = {
  /** How many; 20 where it is left out. */
  count?: number,
};

/** One thing that was left out or said in another way. */
export type Note = {
  /** What became of it. */
  loss: Loss,
  /** What it was, in the client's own words: a field such as `seed`, or a path such as `tools[].cache_control`. */
  field: string,
  /** Why. */
  why: Why,
};

/** A request that has nothing to say, or a reply likewise. */
export type Nothing = Record<string, never>;

/** What a client asks of a model. */
export type Operation = "generate" | "complete" | "count_tokens" | "embed" | "batch_embed" | Native;

/** Everything about the gateway at one glance. */
export type Overview = {
  /** Our version. */
  version: string,
  /** The gateway in a word. */
  state: GatewayState,
  /** Where it listens, as `IP:PORT`; empty where it does not. */
  addresses: Array<string>,
  /** The base URL for people to copy, without a path: `http://127.0.0.1:7584`. */
  endpoint: string,
  /** Whether new requests are turned away for now. */
  paused: boolean,
  /** Whether this is the demo, which forgets everything. */
  demo: boolean,
  /** The configuration file, where there is one. */
  config_file: string | null,
  /** Whether the configuration can be edited from here. */
  editable: boolean,
  /** Whether a client must show a key. */
  client_keys_required: boolean,
  /** The key that snippets show, `sk-sluice-…4c1`. */
  client_key_hint: string | null,
  /** Where secrets are kept, and whether they can be had. */
  vault: VaultState,
  /** What a person should know, the gravest first. */
  problems: Array<Problem>,
  /** The newest request that met a failure. */
  last_problem: LastProblem | null,
  /** Set where the port could not be had. */
  port_conflict: PortConflict | null,
  /** What was served since the start, today and now. */
  counters: Counters,
  /** One per hour of the last 24, oldest first; only since the start of the process. */
  hours: Array<Hour>,
  /** Who asked and who answered in the last five minutes. */
  flow: Flow,
  /** Every channel, in the configuration's order. */
  channels: Array<ChannelLine>,
  /** When the gateway started. */
  started: Timestamp,
  /** Now. */
  timestamp: Timestamp,
  /** Hosts and origins that the guard refused lately, newest first. */
  refused_callers: Array<RefusedCaller>,
};

/** A request parameter that the channel sets. */
export type ParamForm = {
  /** Its canonical name, such as `temperature`. */
  name: string,
  /** Its value as JSON text. */
  value: string,
};

/** What opens the vault's file. */
export type Passphrase = {
  /** The passphrase. */
  passphrase: string,
};

/** Whether the gateway shall turn new requests away. */
export type PauseSwitch = {
  /** True turns them away, false lets them in. */
  paused: boolean,
};

/** How far an attempt had come when it failed; it decides what may be sent again. */
export type Phase = "p0" | "p1" | "p2" | "p3" | "p4";

/** Somebody else listens where we wanted to. */
export type PortConflict = {
  /** The address, as `IP:PORT`. */
  address: string,
  /** The program that has it, where that can be told. */
  owner: string | null,
  /** Its process id. */
  pid: number | null,
  /** A free port to offer. */
  free: number,
};

/** A vendor that is known. */
export type Preset = {
  /** A short name for files and commands. */
  id: string,
  /** The name that people know. */
  name: string,
  /** The kind of upstream. */
  type: ProviderKind,
  /** Where it speaks what. */
  protocols: Array<PresetBase>,
  /** The environment variable that usually holds its key; empty where none is needed. */
  key_variable: string,
  /** Whether it asks for no key. */
  keyless: boolean,
  /** Examples of its models. */
  models: Array<string>,
  /** The page where a key is made. */
  key_page: string | null,
  /** Whether it runs on this machine. */
  local: boolean,
};

/** Where a vendor speaks a protocol. */
export type PresetBase = {
  /** The protocol. */
  protocol: Protocol,
  /** Where it is spoken. */
  base_url: string,
};

/** Something a person should know about the configuration. */
export type Problem = {
  /**
   * Picks the words: `config_invalid`, `single_channel`, `relay`, `plain_http`, `needs_key`, … ; `other` shows the
   * message.
   */
  code: string,
  /** How much it matters. */
  severity: Severity,
  /** What is wrong, and what to do, on one line. */
  message: string,
  /** The file that it is about. */
  file: string | null,
  /** The line, counted from 1. */
  line: number | null,
  /** The column in characters, counted from 1. */
  column: number | null,
  /** The field in the file's own spelling. */
  path: string | null,
  /** The channel that it is about. */
  channel: string | null,
};

/** A wire dialect between a client and us, or between us and an upstream. */
export type Protocol = "chat" | "responses" | "messages" | "gemini";

/** A protocol, and where it is spoken if that is elsewhere. */
export type ProtocolForm = {
  /** The protocol. */
  protocol: Protocol,
  /** Where it is spoken; nothing for the channel's own base URL. */
  base_url: string | null,
};

/** A kind of upstream (`type` in the file). */
export type ProviderKind = "openai" | "claude" | "gemini" | "gemini-cli-oauth" | "claude-kiro-oauth" | "openai-qwen-oauth";

/** The way to a channel. */
export type ProxyChoice = { "way": "direct" } | { "way": "system" } | { "way": "named",
  /** Its name. */
  name: string, } | { "way": "inline",
  /** The proxy; its name means nothing. */
  proxy: ProxyForm,
};

/** Everything that can be edited of a network proxy. */
export type ProxyForm = {
  /** The name that channels use. */
  name: string,
  /** The protocol spoken to it. */
  type: ProxyScheme,
  /** Its host name or address. */
  host: string,
  /** Its port. */
  port: number,
  /** The user name that it asks for. */
  username: string | null,
  /** Where its password is kept. */
  password_source: SecretSource,
  /** The variable where the source is the environment. */
  password_variable?: string | null,
  /** A new password. Left out keeps the saved one; an empty one removes it. Write-only. */
  password?: string | null,
  /** Targets that do not use it: host names, `.suffixes`, addresses and networks. */
  no_proxy: Array<string>,
};

/** One network proxy as a line of a list. */
export type ProxyLine = {
  /** The name that channels use. */
  name: string,
  /** The protocol spoken to it. */
  type: ProxyScheme,
  /** Its host name or address. */
  host: string,
  /** Its port. */
  port: number,
  /** The user name that it asks for. */
  username: string | null,
  /** Whether its password can be used; nothing where it has none. */
  password_state: SecretState | null,
  /** Where its password is kept. */
  password_source: SecretSource | null,
  /** The variable where the source is the environment. */
  password_variable: string | null,
  /** Targets that do not use it. */
  no_proxy: Array<string>,
  /** The names of the channels that use it. */
  used_by: Array<string>,
  /** The last test since the start. */
  last_test: ProxyReport | null,
};

/** A proxy, by name. */
export type ProxyName = {
  /** Its name. */
  name: string,
};

/** A proxy to try: a saved one by name, or one that is being written. */
export type ProxyQuestion = {
  /** A saved proxy… */
  name?: string,
  /** …or one that is being written. */
  form?: ProxyForm,
};

/** What a test of one proxy found. */
export type ProxyReport = {
  /** The proxy's name. */
  proxy: string,
  /** Whether every step succeeded. */
  ok: boolean,
  /** When it began. */
  at: Timestamp,
  /** The steps in their order; those behind a failed one are left out. */
  steps: Array<ProxyStep>,
  /** How long all of it took, in milliseconds. */
  total_ms: number,
  /** What was said where a step failed. */
  error: string | null,
  /** What to do about it. */
  fix_code: Fix | null,
  /** The same in words. */
  fix: string | null,
};

/** The protocol spoken to a proxy. */
export type ProxyScheme = "http" | "https" | "socks5" | "socks5h";

/** One step of a proxy's test. */
export type ProxyStep = {
  /** Which step. */
  name: ProxyStepName,
  /** Whether it succeeded. */
  ok: boolean,
  /** How long it took, in milliseconds. */
  ms: number,
  /** What was found, in words. */
  detail: string,
};

/** The steps of a proxy's test, in their order. */
export type ProxyStepName = "resolve" | "connect" | "auth" | "reach";

/** A caller that the guard turned away. */
export type RefusedCaller = {
  /** What was wrong with it. */
  kind: RefusedKind,
  /** The host or origin, as the caller sent it, cut to 256 characters. */
  value: string,
  /** The last time. */
  at: Timestamp,
  /** How often since it was first seen. */
  count: number,
};

/** What was wrong with a caller. */
export type RefusedKind = "host" | "origin";

/** Something removed, and how to bring it back. */
export type Removed = {
  /** Its name. */
  name: string,
  /** What `undo` wants to hear. */
  undo: string,
};

/** One request. */
export type RequestName = {
  /** Its id from `x-sluice-request-id`, a unique beginning of it, or `last`. */
  id: string,
};

/** A model name whose meaning is asked for. */
export type RouteQuestion = {
  /** The name as a client would ask for it. */
  model: string,
  /** The protocol that the client would speak; Chat where it is left out. */
  protocol: Protocol,
};

/** The rule by which a name became candidates. Its `Display` explains it to a person. */
export type RoutingRule = { "rule": "channel_model",
  /** The channel's name. */
  channel: string,
  /** The model asked of it. */
  model: string, } | { "rule": "tag_model",
  /** The tag. */
  tag: string,
  /** The model asked of its channels. */
  model: string, } | { "rule": "channel_name",
  /** The channel's name. */
  channel: string, } | { "rule": "tag",
  /** The tag. */
  tag: string, } | { "rule": "alias",
  /** The alias as written in the file. */
  pattern: string,
  /** What it stands for. */
  target: string,
  /** The rule that the target matched. */
  then: RoutingRule, } | { "rule": "listed" } | { "rule": "any_name" } | { "rule": "auto" } | { "rule": "no_model" } | { "rule": "unknown_as_auto" } | { "rule": "unknown_refused"
};

/** An alias to add or to change. */
export type SaveAlias = {
  /** The name under which it is saved now; nothing for a new one. */
  original: string | null,
  /** The name that clients ask for. */
  name: string,
  /** What it stands for. */
  target: string,
};

/** A channel to add or to change. */
export type SaveChannel = {
  /** The name under which it is saved now; nothing for a new channel. */
  original: string | null,
  /** What it shall be. */
  form: ChannelForm,
};

/** A proxy to add or to change. */
export type SaveProxy = {
  /** The name under which it is saved now; nothing for a new one. */
  original: string | null,
  /** What it shall be. */
  form: ProxyForm,
};

/** The JSON Schema of the configuration file. */
export type Schema = unknown;

/** A scope that can be benched and probed. */
export type Scope = "line" | "proxy" | "channel" | "key" | "cell" | "model";

/** Where a secret is kept. */
export type SecretSource = "vault" | "environment" | "file";

/** How a secret stands, in a word. */
export type SecretState = "ready" | "missing" | "locked" | "unavailable" | "origin_changed";

/** A setting to change. */
export type SetSetting = {
  /** Its path in `config.toml`. */
  key: string,
  /** Its value; `null` returns to the default. */
  value: unknown,
};

/** One setting. */
export type SettingLine = {
  /** Its path in `config.toml`, such as `server.port`. */
  key: string,
  /** What is in force. */
  value: unknown,
  /** What would be in force if nobody set it. */
  default: unknown,
  /** Where the value comes from. */
  origin: SettingOrigin,
  /** The variable or flag that sets it. */
  set_by: string | null,
  /** Its place in the file, `config.toml:12`. */
  place: string | null,
  /** Whether a change takes effect at the next start only. */
  needs_restart: boolean,
};

/** Who decided a value. */
export type SettingOrigin = "default" | "file" | "environment" | "flag";

/** Every setting, and where the files are. */
export type Settings = {
  /** The settings. */
  lines: Array<SettingLine>,
  /** The folder of the configuration file. */
  folder: string | null,
  /** The folder of the log files. */
  log_folder: string | null,
};

/** How much a finding matters. */
export type Severity = "advice" | "warning" | "error";

/** Why a channel may not answer. Its `Display` explains it to a person. */
export type SkipCause = { "reason": "disabled" } | { "reason": "needs_key",
  /** Why not. */
  why: string, } | { "reason": "limit_zero",
  /** The limit's name in the file. */
  limit: string, } | { "reason": "protocol_not_spoken",
  /** The client's protocol. */
  protocol: Protocol, } | { "reason": "no_default_model" } | { "reason": "does_not_list" } | { "reason": "not_named" } | { "reason": "fallback_off"
};

/** A channel that was no candidate. */
export type SkippedChannel = {
  /** The channel's name. */
  channel: string,
  /** Why; shown in words. */
  reason: string,
  /** The same reason, for programs that have words of their own. */
  cause: SkipCause,
};

/** Lines to paste into a client, the key as `$KEY`. */
export type Snippet = {
  /** Which client it is for. */
  id: SnippetId,
  /** The client's name. */
  title: string,
  /** What the client speaks. */
  protocol: Protocol,
  /** The lines. */
  text: string,
};

/** Which client a snippet is for. */
export type SnippetId = "claude_code" | "codex" | "gemini_cli" | "openai_python" | "openai_node" | "anthropic_python" | "curl";

/** One step of a test. */
export type Step = {
  /** Which step. */
  name: StepName,
  /** Whether it succeeded. */
  ok: boolean,
  /** How long it took, in milliseconds. */
  ms: number,
  /** What was found, in words. */
  detail: string,
};

/** The steps of a test, in their order. */
export type StepName = "proxy" | "tls" | "auth" | "model" | "first_token";

/** How a channel is chosen within a tier. */
export type Strategy = "weighted" | "round_robin" | "random" | "least_busy" | "fastest" | "cheapest" | "adaptive";

/** A channel to try: a saved one by name, or one that is being written. */
export type TestQuestion = {
  /** A saved channel… */
  name?: string,
  /** …or one that is being written, with its secrets. */
  form?: ChannelForm,
};

/** What a test of one channel found. */
export type TestReport = {
  /** The channel's name. */
  channel: string,
  /** Whether every step succeeded. */
  ok: boolean,
  /** When it began. */
  at: Timestamp,
  /** The protocol it was tested in. */
  protocol: Protocol | null,
  /** The model it was asked for. */
  model: string | null,
  /** The steps in their order; those behind a failed one are left out. */
  steps: Array<Step>,
  /** How long all of it took, in milliseconds. */
  total_ms: number,
  /** The upstream's words where a step failed. */
  error: string | null,
  /** What to do about it. */
  fix_code: Fix | null,
  /** The same in words. */
  fix: string | null,
};

/** The tokens of a request that was counted and not sent. */
export type TokenCount = {
  /** How many. */
  tokens: number,
  /** Who says so. */
  source: CountSource,
};

/** One request's whole story. Times are milliseconds since `started`. */
export type Trace = {
  /** The id that the client got as `x-sluice-request-id`. */
  id: string,
  /** When the request was admitted. */
  started: Timestamp,
  /** The client's name, as far as its key tells. */
  client: string | null,
  /** What the client speaks. */
  protocol: Protocol,
  /** What it asked to be done. */
  operation: Operation,
  /** Whether it asked for a stream. */
  stream: boolean,
  /** The model name as the client asked for it. */
  asked: string | null,
  /** The routing rule that matched; shown in words. */
  rule: string | null,
  /** The same rule, for programs that have words of their own. */
  matched: RoutingRule | null,
  /** The candidates in the order of their rank. */
  candidates: Array<Considered>,
  /** Channels that were no candidates, and why. */
  skipped: Array<SkippedChannel>,
  /** What was tried. */
  attempts: Array<AttemptTrace>,
  /** How it ended. */
  ending: Ending,
  /** The status that the client got. */
  status: number,
  /** What the client was told where it was refused. */
  refusal?: string,
  /** Tokens, as the upstream counted them. */
  usage: Usage | null,
  /** How many tokens the client was told that its request has, where it asked for that. */
  count?: TokenCount,
  /** When the first content reached the client. */
  first_content_ms: number | null,
  /** When it was over. */
  total_ms: number,
};

/** What to bring back. */
export type Undo = {
  /** As the removal said. */
  undo: string,
};

/** What becomes of a name that nobody lists. */
export type UnknownModels = "default" | "refuse";

/** The tokens that one answer cost. Cached input is counted apart from fresh input, whatever the protocol does. */
export type Usage = {
  /** Input tokens that were neither read from nor written to a prompt cache. */
  input_uncached: number,
  /** Input tokens read from a prompt cache. */
  cache_read: number,
  /** Input tokens written to a prompt cache. */
  cache_write: number,
  /** Output tokens, reasoning included. */
  output: number,
  /** The part of `output` that was reasoning. */
  reasoning: number,
};

/** Which vault to use. */
export type VaultChoice = {
  /** What shall keep the secrets. */
  kind: VaultChoiceKind,
  /** The passphrase of the file. */
  passphrase?: string | null,
};

/** What can keep secrets. */
export type VaultChoiceKind = "keychain" | "file";

/** What the secrets are kept in. */
export type VaultKind = "keychain" | "file" | "none";

/** How the vault stands. */
export type VaultState = {
  /** What the secrets are kept in. */
  kind: VaultKind,
  /** Whether it can be used now. */
  state: Availability,
  /** `Secret Service`, `Keychain`, `Credential Manager`, or the file's path. */
  name: string,
  /** What exactly is wrong, in English. */
  message: string | null,
  /** How many secrets wait for it. */
  waiting: number,
};

/** One candidate of a route, weighed without trying it. */
export type Weighed = {
  /** The index into the route's candidates. */
  candidate: number,
  /** The channel's name. */
  channel: string,
  /** The model that the upstream would be asked for. */
  model: string,
  /** Its tier; lower comes first. */
  rank: number,
  /** Whether it could serve an attempt now. */
  eligible: boolean,
  /** Why it could not, in words that follow the channel's name. */
  reason: string | null,
  /** Why it could not, for programs. */
  held: Held | null,
  /** Until it could, in whole milliseconds, as far as that can be told. */
  wait_ms: number | null,
};

/** Why something could not be said as it was said. */
export type Why = "no_word" | "model" | "limit" | "form" | "place" | "repaired" | "foreign";

/** Every operation: its request and its reply. */
export interface Operations {
  overview: [Nothing, Overview];
  set_paused: [PauseSwitch, Nothing];
  retry_listening: [Nothing, Nothing];
  list_channels: [Nothing, Array<ChannelLine>];
  channel: [ChannelName, ChannelDetail];
  save_channel: [SaveChannel, ChannelDetail];
  duplicate_channel: [ChannelName, ChannelLine];
  set_channel_enabled: [ChannelSwitch, ChannelLine];
  move_channel: [MoveChannel, Array<ChannelLine>];
  remove_channel: [ChannelName, Removed];
  undo: [Undo, Nothing];
  test_channel: [TestQuestion, TestReport];
  probe_channel: [ChannelName, Nothing];
  fetch_models: [TestQuestion, FetchedModels];
  presets: [Nothing, Array<Preset>];
  guess_key: [KeyGuessQuestion, KeyGuess];
  list_proxies: [Nothing, Array<ProxyLine>];
  save_proxy: [SaveProxy, ProxyLine];
  remove_proxy: [ProxyName, Removed];
  test_proxy: [ProxyQuestion, ProxyReport];
  models: [Nothing, ModelsView];
  save_alias: [SaveAlias, AliasLine];
  remove_alias: [AliasName, Removed];
  route_model: [RouteQuestion, Explained];
  traces: [Newest, Array<Trace>];
  why: [RequestName, Trace];
  client_keys: [Nothing, Array<ClientKeyLine>];
  add_client_key: [ClientKeyName, ClientKeyLine];
  set_client_key_enabled: [ClientKeySwitch, ClientKeyLine];
  remove_client_key: [ClientKeyName, Removed];
  snippets: [Nothing, Array<Snippet>];
  vault: [Nothing, VaultState];
  unlock_vault: [Nothing, VaultState];
  choose_vault: [VaultChoice, VaultState];
  open_vault_file: [Passphrase, VaultState];
  settings: [Nothing, Settings];
  set_setting: [SetSetting, Settings];
  effective: [Nothing, Array<EffectiveLine>];
  diagnostics: [Nothing, Diagnostics];
  schema: [Nothing, Schema];
  preview_import: [ImportQuestion, ImportPreview];
  apply_import: [ApplyImport, ImportReport];
}
