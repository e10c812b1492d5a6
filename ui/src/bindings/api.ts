/** What the window and the program say to each other. Generated from the table of operations; a test compares it. */

// ---- words ------------------------------------------------------------------------------------------------------

export type Protocol = "chat" | "responses" | "messages" | "gemini";
export type Operation = "generate" | "count_tokens" | "embed" | "batch_embed";
export type ProviderKind =
  | "openai"
  | "claude"
  | "gemini"
  | "gemini-cli-oauth"
  | "claude-kiro-oauth"
  | "openai-qwen-oauth";
export type Strategy = "weighted" | "round_robin" | "random" | "least_busy" | "fastest" | "cheapest" | "adaptive";
export type UnknownModels = "default" | "refuse";
/** A channel's health in a word. */
export type Health = "healthy" | "benched" | "probing" | "full" | "needs_key" | "off";
/** One word for all channels. */
export type HealthStatus = "healthy" | "degraded" | "down";
/** The gateway in a word: what the tray icon shows. `stopped`: the port could not be had. */
export type GatewayState = "ok" | "degraded" | "down" | "paused" | "stopped";
export type Class = string;
export type Severity = "advice" | "warning" | "error";

/** A moment, ISO 8601 with zone. */
export type Timestamp = string;

export type Nothing = Record<string, never>;

/** Why an operation was refused. `code` picks the words; `message` are ours in English, for details and logs. */
export interface Fault {
  code:
    | "invalid" // a field is not valid; `field` names it
    | "name_taken"
    | "not_found"
    | "in_use" // a proxy that channels use, an alias that others point to
    | "read_only" // a configuration file given by --config, or the demo
    | "set_by_environment"
    | "stale" // the file was changed meanwhile
    | "vault_locked"
    | "vault_denied"
    | "vault_missing"
    | "vault_hangs"
    | "vault_wrong_passphrase"
    | "too_long" // a secret of more than 2,400 bytes
    | "origin_changed" // the base URL went to another host: the key must be given again
    | "port_taken"
    | "unreachable"
    | "unauthorized"
    | "failed";
  message: string;
  /** The path of the field that is wrong, such as `base_url` or `keys[0].secret`. */
  field?: string;
  /** What to do. */
  hint?: string;
}

// ---- overview ---------------------------------------------------------------------------------------------------

export interface Overview {
  version: string;
  state: GatewayState;
  addresses: string[];
  /** Base URL for people to copy, without a path: `http://127.0.0.1:7584`. */
  endpoint: string;
  paused: boolean;
  demo: boolean;
  config_file: string | null;
  /** Whether the configuration can be edited from here. */
  editable: boolean;
  client_keys_required: boolean;
  /** The key that snippets show, `sk-sluice-…4c1`; copying goes through `copy_client_key`. */
  client_key_hint: string | null;
  vault: VaultState;
  problems: Problem[];
  last_problem: LastProblem | null;
  /** Set where the port could not be had. */
  port_conflict: PortConflict | null;
  counters: Counters;
  /** One per hour of the last 24, oldest first; only since the start of the process. */
  hours: Hour[];
  flow: Flow;
  channels: ChannelLine[];
  started: Timestamp;
  timestamp: Timestamp;
  /** Hosts and origins that the guard refused lately, newest first. */
  refused_callers: RefusedCaller[];
}

export interface Counters {
  requests_today: number;
  in_flight: number;
  answered: number;
  rescued: number;
  refused: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  first_content_median_ms: number | null;
  first_content_p95_ms: number | null;
}

export interface Hour {
  from: Timestamp;
  answered: number;
  rescued: number;
  refused: number;
}

/** Who asked and who answered in the last five minutes. */
export interface Flow {
  clients: { name: string; requests: number }[];
  channels: { name: string; requests: number }[];
}

export interface Problem {
  /** Picks the words: `config_invalid`, `single_channel`, `relay_over_http`, `needs_key`, `key_refused`, … ; `other` shows the message. */
  code: string;
  severity: Severity;
  message: string;
  file: string | null;
  line: number | null;
  column: number | null;
  path: string | null;
  channel: string | null;
}

/** The newest request that met a failure, and what was done about it. */
export interface LastProblem {
  at: Timestamp;
  request: string;
  client: string | null;
  channel: string;
  class: Class;
  status: number | null;
  message: string;
  /** The channel that answered in the end. */
  answered_by: string | null;
  attempts: number;
  waited_ms: number;
}

export interface PortConflict {
  address: string;
  owner: string | null;
  pid: number | null;
  /** A free port to offer. */
  free: number;
}

export interface RefusedCaller {
  kind: "host" | "origin";
  value: string;
  at: Timestamp;
  count: number;
}

// ---- channels ---------------------------------------------------------------------------------------------------

/** A key's secret, as far as it is shown. */
export type SecretState =
  | "ready" // in memory
  | "missing" // nothing saved, variable not set
  | "locked" // the keychain is locked
  | "unavailable" // no keychain, or it hangs or refuses
  | "origin_changed"; // saved for another host

export type SecretSource = "vault" | "environment" | "file";

export interface KeyLine {
  name: string;
  source: SecretSource;
  /** The variable's name where the source is the environment. */
  variable: string | null;
  state: SecretState;
  /** Beginning and end of the secret, `sk-…9f2`. */
  hint: string | null;
  enabled: boolean;
  uses: number;
}

/** One channel as a line of a list, with everything the pool knows of it. */
export interface ChannelLine {
  id: string;
  name: string;
  type: ProviderKind;
  preset: string | null;
  protocols: Protocol[];
  host: string;
  base_url: string;
  /** Whether the host is a relay: neither the vendor's own nor on this machine. */
  relay: boolean;
  model: string | null;
  models: string[] | null;
  priority: number;
  weight: number;
  /** Share of its tier in percent, of the channels that are enabled. */
  share: number;
  tags: string[];
  proxy: string;
  enabled: boolean;
  needs_key: string | null;
  keys: KeyLine[];
  rpm: number;
  rpd: number;
  state: Health;
  /** Class of the failure that benched it, or the limit that is full. */
  reason_code: string | null;
  reason: string | null;
  since: Timestamp | null;
  until: Timestamp | null;
  next_probe: Timestamp | null;
  /** Half-open: how many of the needed successes it has. */
  probes_passed: number;
  probes_needed: number;
  in_flight: number;
  usage: { rpm: number; rpd: number };
  limits: { rpm: number; rpd: number };
  uses: number;
  errors: number;
  last_used: Timestamp | null;
  last_error: { at: Timestamp; class: Class; message: string } | null;
  first_content_median_ms: number | null;
  benched_cells: { key: string; model: string | null; class: Class; since: Timestamp; until: Timestamp; probing: boolean }[];
  /** Outcomes of the last 24 hours, oldest first; nothing where no request came. */
  hours: ("ok" | "rescued" | "failed" | null)[];
  last_test: TestReport | null;
}

export interface ChannelName {
  name: string;
}

export interface ModelMapping {
  asked: string;
  sent: string;
}

export interface KeyForm {
  /** The name of a saved key that this row is; nothing for a new one. */
  original?: string | null;
  name: string;
  source: SecretSource;
  variable?: string | null;
  /** A new secret. Left out keeps the saved one. Write-only. */
  secret?: string | null;
  enabled: boolean;
  quota_group?: string | null;
}

export interface ParamForm {
  name: string;
  /** JSON text. */
  value: string;
}

export type ProxyChoice =
  | { way: "direct" }
  | { way: "system" }
  | { way: "named"; name: string }
  | { way: "inline"; proxy: ProxyForm };

/** Everything that can be edited of a channel. */
export interface ChannelForm {
  id?: string | null;
  name: string;
  type: ProviderKind | null;
  base_url: string | null;
  exact: boolean;
  protocols: { protocol: Protocol; base_url: string | null }[];
  keys: KeyForm[];
  model: string | null;
  models: string[] | null;
  model_map: ModelMapping[];
  params: ParamForm[];
  params_force: boolean;
  enabled: boolean;
  weight: number;
  priority: number;
  tags: string[];
  timeout_ms: number | null;
  max_retries: number;
  proxy: ProxyChoice;
  rpm: number;
  rpd: number;
}

export interface ChannelDetail {
  form: ChannelForm;
  line: ChannelLine;
  /** Where requests go, one per protocol. */
  endpoints: { protocol: Protocol; url: string }[];
}

export interface SaveChannel {
  /** The name under which it is saved now; nothing for a new channel. */
  original: string | null;
  form: ChannelForm;
}

export interface ChannelSwitch {
  name: string;
  enabled: boolean;
}

export interface MoveChannel {
  name: string;
  priority: number;
  /** The channel before which it shall stand; nothing for the end of the tier. */
  before: string | null;
}

/** Something removed, and how to bring it back. */
export interface Removed {
  name: string;
  undo: string;
}

export interface Undo {
  undo: string;
}

export interface TestQuestion {
  /** A saved channel… */
  name?: string;
  /** …or one that is being written, with its secrets. */
  form?: ChannelForm;
}

export type StepName = "proxy" | "tls" | "auth" | "model" | "first_token";

export interface Step {
  name: StepName;
  ok: boolean;
  ms: number;
  detail: string;
}

export interface TestReport {
  channel: string;
  ok: boolean;
  at: Timestamp;
  protocol: Protocol | null;
  model: string | null;
  steps: Step[];
  total_ms: number;
  /** The upstream's exact words where a step failed. */
  error: string | null;
  /** Picks the words of the likely fix; `fix` is ours in English. */
  fix_code: string | null;
  fix: string | null;
}

export interface FetchedModels {
  models: string[];
}

export interface Preset {
  id: string;
  name: string;
  type: ProviderKind;
  protocols: { protocol: Protocol; base_url: string }[];
  key_variable: string;
  keyless: boolean;
  models: string[];
  /** The page where a key is made. */
  key_page: string | null;
  local: boolean;
}

export interface KeyGuessQuestion {
  secret: string;
}

export interface KeyGuess {
  /** Presets that keys of this shape belong to, likeliest first. */
  presets: string[];
}

// ---- proxies ----------------------------------------------------------------------------------------------------

export type ProxyScheme = "http" | "https" | "socks5" | "socks5h";

export interface ProxyForm {
  name: string;
  type: ProxyScheme;
  host: string;
  port: number;
  username: string | null;
  password_source: SecretSource;
  password_variable?: string | null;
  /** A new password. Left out keeps the saved one; an empty one removes it. Write-only. */
  password?: string | null;
  no_proxy: string[];
}

export interface ProxyLine {
  name: string;
  type: ProxyScheme;
  host: string;
  port: number;
  username: string | null;
  password_state: SecretState | null;
  password_source: SecretSource | null;
  password_variable: string | null;
  no_proxy: string[];
  /** Names of channels that use it. */
  used_by: string[];
  last_test: ProxyReport | null;
}

export interface SaveProxy {
  original: string | null;
  form: ProxyForm;
}

export interface ProxyName {
  name: string;
}

export interface ProxyQuestion {
  name?: string;
  form?: ProxyForm;
}

export type ProxyStepName = "resolve" | "connect" | "auth" | "reach";

export interface ProxyReport {
  proxy: string;
  ok: boolean;
  at: Timestamp;
  steps: { name: ProxyStepName; ok: boolean; ms: number; detail: string }[];
  total_ms: number;
  error: string | null;
  fix_code: string | null;
  fix: string | null;
}

// ---- models -----------------------------------------------------------------------------------------------------

export interface AliasLine {
  name: string;
  target: string;
  /** Whether something answers it now. */
  resolves: boolean;
  /** What it comes down to, such as `DeepSeek, deepseek-chat`; nothing where nothing answers. */
  first: { channel: string; model: string } | null;
  /** The target names a channel that is switched off. */
  target_disabled: boolean;
}

export interface SaveAlias {
  original: string | null;
  name: string;
  target: string;
}

export interface AliasName {
  name: string;
}

export interface ModelLine {
  /** A name that clients can ask for. */
  id: string;
  channels: { name: string; sent: string; enabled: boolean; state: Health }[];
}

export interface ModelsView {
  aliases: AliasLine[];
  models: ModelLine[];
  /** What `auto` means now. */
  auto: { channel: string; model: string } | null;
  unknown_models: UnknownModels;
  strategy: Strategy;
  fallback: boolean;
}

/** The rule by which a name became candidates. */
export type RoutingRule =
  | { rule: "channel_model"; channel: string; model: string }
  | { rule: "tag_model"; tag: string; model: string }
  | { rule: "channel_name"; channel: string }
  | { rule: "tag"; tag: string }
  | { rule: "alias"; pattern: string; target: string; then: RoutingRule }
  | { rule: "listed" }
  | { rule: "any_name" }
  | { rule: "auto" }
  | { rule: "unknown_as_auto" }
  | { rule: "unknown_refused" };

/** Why a channel is no candidate. */
export type SkipCause =
  | { reason: "disabled" }
  | { reason: "needs_key"; why: string }
  | { reason: "limit_zero"; limit: string }
  | { reason: "protocol_not_spoken"; protocol: Protocol }
  | { reason: "no_default_model" }
  | { reason: "does_not_list" }
  | { reason: "not_named" }
  | { reason: "fallback_off" };

/** What holds a candidate back now. */
export type Held =
  | { code: "removed" | "off" | "needs_key" | "spent" | "no_fallback" }
  | { code: "limit_zero"; limit: string }
  | { code: "full"; limit: string; most: number }
  | { code: "benched" | "probing"; scope: "line" | "proxy" | "channel" | "key" | "cell" | "model"; class: Class };

export interface RouteQuestion {
  model: string;
  protocol: Protocol;
}

export interface Considered {
  channel: string;
  model: string;
  rank: number;
  stand_in: boolean;
  excluded?: string;
}

export interface SkippedChannel {
  channel: string;
  reason: string;
  cause?: SkipCause;
}

export interface Weighed {
  candidate: number;
  channel: string;
  model: string;
  rank: number;
  eligible: boolean;
  reason: string | null;
  held?: Held | null;
  /** Milliseconds until it could. */
  wait_ms: number | null;
}

export interface Explained {
  asked: string;
  protocol: Protocol;
  rule: string;
  matched?: RoutingRule;
  refusal?: string;
  /** Names that somebody lists and that look like a refused one, nearest first. */
  close?: string[];
  order: Weighed[];
  candidates: Considered[];
  skipped: SkippedChannel[];
}

// ---- traffic ----------------------------------------------------------------------------------------------------

export type Ending = "running" | "done" | "client_left" | "idle" | "cut" | "error";

export interface Usage {
  input_uncached: number;
  cache_read: number;
  cache_write: number;
  output: number;
  reasoning: number;
}

export interface AttemptTrace {
  channel: string;
  key: string;
  model: string;
  started_ms: number;
  headers_ms: number | null;
  first_content_ms: number | null;
  ended_ms: number | null;
  status: number | null;
  class: Class | null;
  phase: string | null;
  error: string | null;
  verdict: string | null;
  maybe_billed: boolean;
}

export interface Trace {
  id: string;
  started: Timestamp;
  client: string | null;
  protocol: Protocol;
  operation: Operation;
  stream: boolean;
  asked: string | null;
  rule: string | null;
  matched?: RoutingRule | null;
  candidates: Considered[];
  skipped: SkippedChannel[];
  attempts: AttemptTrace[];
  ending: Ending;
  status: number;
  refusal?: string;
  usage: Usage | null;
  first_content_ms: number | null;
  total_ms: number;
}

export interface Newest {
  count?: number;
}

export interface RequestName {
  id: string;
}

// ---- clients and keys -------------------------------------------------------------------------------------------

export interface ClientKeyLine {
  name: string;
  hint: string;
  enabled: boolean;
  created: Timestamp | null;
  last_used: Timestamp | null;
  requests: number;
  /** Whether its text can be copied: in the vault, and the vault open. */
  copyable: boolean;
  /** The 0600 file or variable of the key that is made without a vault. */
  kept_in: string | null;
}

export interface ClientKeyName {
  name: string;
}

export interface ClientKeySwitch {
  name: string;
  enabled: boolean;
}

/** Lines to paste into a client, the key as `$KEY`; `copy_snippet` puts the real one on the clipboard. */
export interface Snippet {
  id: "claude_code" | "codex" | "gemini_cli" | "openai_python" | "openai_node" | "anthropic_python" | "curl";
  title: string;
  protocol: Protocol;
  text: string;
}

// ---- vault ------------------------------------------------------------------------------------------------------

export interface VaultState {
  kind: "keychain" | "file" | "none";
  state: "ready" | "locked" | "denied" | "missing" | "hanging" | "closed";
  /** `Secret Service`, `Keychain`, `Credential Manager`, or the file's path. */
  name: string;
  message: string | null;
  /** Secrets that wait for it. */
  waiting: number;
}

export interface VaultChoice {
  kind: "keychain" | "file";
  passphrase?: string | null;
}

export interface Passphrase {
  passphrase: string;
}

// ---- settings ---------------------------------------------------------------------------------------------------

export type SettingOrigin = "default" | "file" | "environment" | "flag";

export interface SettingLine {
  /** The path in `config.toml`, such as `server.port`. */
  key: string;
  value: unknown;
  default: unknown;
  origin: SettingOrigin;
  /** The variable or flag that sets it. */
  set_by: string | null;
  /** The place in the file, `config.toml:12`. */
  place: string | null;
  /** Takes effect at the next start. */
  needs_restart: boolean;
}

export interface Settings {
  lines: SettingLine[];
  folder: string | null;
  log_folder: string | null;
}

export interface SetSetting {
  key: string;
  /** `null` returns to the default. */
  value: unknown;
}

export interface EffectiveLine {
  path: string;
  value: string;
  origin: SettingOrigin;
  place: string | null;
  secret: boolean;
}

export interface Diagnostics {
  /** Markdown to paste into a report; holds no secret. */
  text: string;
}

export interface PauseSwitch {
  paused: boolean;
}

// ---- import -----------------------------------------------------------------------------------------------------

export interface ImportQuestion {
  /** A path that the program's own dialog returned… */
  path?: string;
  /** …or a text and its name. */
  name?: string;
  text?: string;
}

export interface ImportItem {
  /** Identifies the item in this preview. */
  at: number;
  what: "channel" | "proxy" | "alias" | "setting" | "client_key";
  name: string;
  /** `name` under which it would be added where that is taken. */
  new_name: string | null;
  /** For a person: type, host, model. */
  detail: string;
  host: string | null;
  keys: number;
  /** `add`, `rename` (name taken), `same` (already there), `cannot`. */
  outcome: "add" | "rename" | "same" | "cannot";
  note: string | null;
}

export interface ImportPreview {
  name: string;
  /** `channels YAML`, `provider_pools.json`, `settings.py`, `apis.json`, … */
  format: string;
  items: ImportItem[];
  problems: Problem[];
  /** Hand back to apply exactly this preview. */
  token: string;
}

export interface ApplyImport {
  token: string;
  /** The items to take. */
  items: number[];
}

export interface ImportReport {
  added: string[];
  /** Secrets that went into the vault. */
  secrets: number;
  notes: string[];
}

// ---- what happened ----------------------------------------------------------------------------------------------

export type Happening =
  | { kind: "request"; trace: Trace } // began, and again when it ended
  | { kind: "pool" } // a channel's state changed
  | { kind: "configuration" } // channels, proxies, aliases, settings
  | { kind: "vault"; vault: VaultState }
  | { kind: "gateway" } // paused, listening, port
  | { kind: "test_step"; channel: string; step: Step }
  | { kind: "missed"; count: number }; // happenings that came too fast; read again

// ---- the table --------------------------------------------------------------------------------------------------

/** Every operation: its request and its reply. */
export interface Operations {
  overview: [Nothing, Overview];
  set_paused: [PauseSwitch, Nothing];
  retry_listening: [Nothing, Nothing];

  list_channels: [Nothing, ChannelLine[]];
  channel: [ChannelName, ChannelDetail];
  save_channel: [SaveChannel, ChannelDetail];
  duplicate_channel: [ChannelName, ChannelLine];
  set_channel_enabled: [ChannelSwitch, ChannelLine];
  move_channel: [MoveChannel, ChannelLine[]];
  remove_channel: [ChannelName, Removed];
  undo: [Undo, Nothing];
  test_channel: [TestQuestion, TestReport];
  probe_channel: [ChannelName, Nothing];
  fetch_models: [TestQuestion, FetchedModels];
  presets: [Nothing, Preset[]];
  guess_key: [KeyGuessQuestion, KeyGuess];

  list_proxies: [Nothing, ProxyLine[]];
  save_proxy: [SaveProxy, ProxyLine];
  remove_proxy: [ProxyName, Removed];
  test_proxy: [ProxyQuestion, ProxyReport];

  models: [Nothing, ModelsView];
  save_alias: [SaveAlias, AliasLine];
  remove_alias: [AliasName, Removed];
  route_model: [RouteQuestion, Explained];

  traces: [Newest, Trace[]];
  why: [RequestName, Trace];

  client_keys: [Nothing, ClientKeyLine[]];
  add_client_key: [ClientKeyName, ClientKeyLine];
  set_client_key_enabled: [ClientKeySwitch, ClientKeyLine];
  remove_client_key: [ClientKeyName, Removed];
  snippets: [Nothing, Snippet[]];

  vault: [Nothing, VaultState];
  unlock_vault: [Nothing, VaultState];
  choose_vault: [VaultChoice, VaultState];
  open_vault_file: [Passphrase, VaultState];

  settings: [Nothing, Settings];
  set_setting: [SetSetting, Settings];
  effective: [Nothing, EffectiveLine[]];
  diagnostics: [Nothing, Diagnostics];
  schema: [Nothing, unknown];

  preview_import: [ImportQuestion, ImportPreview];
  apply_import: [ApplyImport, ImportReport];
}

/** What only the desktop can do. Not part of the table: no other door offers it. */
export interface DesktopOperations {
  /** Puts a client's key on the clipboard, and takes it away after 30 s. */
  copy_client_key: [ClientKeyName, Nothing];
  copy_snippet: [{ id: Snippet["id"]; client: string | null }, Nothing];
  copy_text: [{ text: string }, Nothing];
  autostart: [Nothing, { enabled: boolean }];
  set_autostart: [{ enabled: boolean }, { enabled: boolean }];
  open_folder: [{ which: "config" | "logs" }, Nothing];
  open_page: [{ url: string }, Nothing];
  choose_file: [Nothing, { path: string } | null];
  save_text: [{ name: string; text: string }, { path: string } | null];
  /** The words of the desktop: language as the system has it, theme, whether a tray is there, platform. */
  desktop: [Nothing, { language: string; platform: "linux" | "macos" | "windows"; tray: boolean; first_run: boolean }];
  finish_first_run: [Nothing, Nothing];
  quit: [Nothing, Nothing];
}
