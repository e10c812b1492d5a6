import type { Protocol } from "../../bindings/api";

/**
 * What the clients of each protocol call their base URL: OpenAI's end with the version, Anthropic's and Google's add
 * it themselves (Anthropic SDK `base_url`, `ANTHROPIC_BASE_URL`; Google Gen AI SDK `http_options.base_url`).
 */
const suffixes: Record<Protocol, string> = { chat: "/v1", responses: "/v1", messages: "", gemini: "" };

/** The base URL to give to clients of a protocol. */
export const baseUrlOf = (endpoint: string, protocol: Protocol): string => endpoint + suffixes[protocol];
