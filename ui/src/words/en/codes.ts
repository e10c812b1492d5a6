import type { GatewayState, Health, Protocol, ProxyStepName, Severity, StepName } from "../../bindings/api";

const health: Record<Health, string> = {
  healthy: "Healthy",
  benched: "Benched",
  probing: "Half-open",
  full: "Full",
  needs_key: "Needs a key",
  off: "Off",
};

const steps: Record<StepName, string> = {
  proxy: "Network proxy",
  tls: "TLS",
  auth: "Authentication",
  model: "Model",
  first_token: "First token",
};

const proxySteps: Record<ProxyStepName, string> = {
  resolve: "Find the host",
  connect: "Connect",
  auth: "Sign in and open the tunnel",
  reach: "Reach the internet",
};

const severities: Record<Severity, string> = { advice: "Advice", warning: "Warning", error: "Error" };
const protocols: Record<Protocol, string> = { chat: "Chat", responses: "Responses", messages: "Messages", gemini: "Gemini" };
const gateway: Record<GatewayState, string> = {
  ok: "Listening",
  degraded: "Degraded",
  down: "Down",
  paused: "Paused",
  stopped: "Not listening",
};

/** Words for the codes that the program sends. */
export const codes = { health, steps, proxySteps, severities, protocols, gateway };
