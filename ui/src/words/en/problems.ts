/** What Sluice found in the configuration, by the problem's code. */
export const problems: Record<string, string> = {
  single_channel: "Only one channel",
  relay: "The key goes to a relay",
  plain_http: "Sent without encryption",
  relay_over_http: "The key goes to a relay, without encryption",
  needs_key: "Needs a key",
  key_refused: "Key refused",
  plain_secret: "A key stands in the file in plain text",
  no_channel: "No channel yet",
  any_key: "Any program may use Sluice",
  open_to_network: "Other devices can connect",
  config_invalid: "The configuration file has a fault",
};
