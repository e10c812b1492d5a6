import type { Protocol, ProxyStepName, Severity, StepName } from "../../bindings/api";

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

/** Words for the codes that the program sends. */
export const codes = { steps, proxySteps, severities, protocols };
