import type { Class } from "../../bindings/api";

/** Words for how a name is routed: rules, reasons, classes of failures. Values arrive formatted. */
export const routing = {
  /** A rule as a word, and what it means. The name that matched stands between them. */
  rule: {
    channel_model: { word: "Channel and model", note: () => "The request names both." },
    tag_model: { word: "Tag and model", note: () => "The request names both." },
    channel_name: { word: "Channel", note: () => "It answers with its default model." },
    tag: { word: "Tag", note: () => "Its channels answer with their default models." },
    alias: { word: "Alias", note: (target: string) => `Stands for ${target}.` },
    wildcard: { word: "Wildcard", note: (target: string) => `Stands for ${target}.` },
    listed: { word: "Channel list", note: () => "Channels list this name, map it or are known to serve it." },
    any_name: { word: "Any name", note: () => "No channel lists it; channels without a list pass it on." },
    auto: { word: "Auto", note: () => "Every channel answers with its default model." },
    no_model: { word: "No model", note: () => "The request names none and needs none." },
    unknown_as_auto: { word: "Unknown name", note: () => "No channel lists it. As with auto, every channel answers with its default model." },
    unknown_refused: { word: "Unknown name", note: () => "No channel lists it, and no other model may stand in for it." },
  },
  /** Between a rule and what it means. */
  stop: ". ",
  leftOut: (reason: string) => `Left out: ${reason}`,
  skipped: (reason: string) => `Skipped: ${reason}`,
  /** Why a channel is no candidate. */
  cause: {
    disabled: () => "off",
    needs_key: () => "needs a key",
    limit_zero: (limit: string) => `${limit} is 0`,
    protocol_not_spoken: (protocol: string) => `does not speak ${protocol}`,
    no_default_model: () => "has no default model",
    does_not_list: () => "does not list the model",
    not_named: () => "weight 0, and not named",
    fallback_off: () => "would come later, and fallback is off",
  },
  /** Why a candidate could not be asked now. */
  held: {
    removed: () => "no longer configured",
    off: () => "off",
    limit_zero: (limit: string) => `${limit} is 0`,
    needs_key: () => "needs a key",
    spent: () => "already asked for this request",
    no_fallback: () => "would come later, and fallback is off",
    budget_spent: () => "not asked, the request had used up its attempts or its time",
    full: (limit: string, most: string, wait: string) => `${limit} of ${most} used up, free in ${wait}`,
    offline: (wait: string) => `this computer seems to be offline, tried again in ${wait}`,
    benched: (cause: string, wait: string) => `benched for ${wait}, ${cause}`,
    probing: (cause: string) => `half-open, one probe in flight, ${cause}`,
  },
  /** A failure's class, as a cause. */
  class: {
    network: "no connection",
    proxy_failure: "network proxy failed",
    tls: "certificate not trusted",
    overloaded: "overloaded",
    server_error: "server error",
    silent: "no answer in time",
    rate_limit: "rate limit",
    quota: "quota used up",
    credential: "key refused",
    model_access: "model not allowed for this key",
    model_gone: "model not served",
    region_blocked: "region not served",
    not_offered: "operation not offered",
    untranslatable: "request cannot be translated",
    context_length: "prompt too long",
    content_filter: "content refused",
    caller_fault: "request refused",
    malformed: "unreadable answer",
    client_gone: "client left",
  } satisfies Record<Class, string>,
  protocol: {
    chat: "Chat",
    responses: "Responses",
    messages: "Messages",
    gemini: "Gemini",
  },
};
