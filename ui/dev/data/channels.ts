import type { ChannelLine } from "../../src/bindings/api";
import { HostFault } from "../../src/host/host";
import type { OperationAnswers } from "../fixture";
import { channelLines } from "./lines";

/** The channels of the Friday; `state=empty` has none. */
export function channelAnswers(state: string): OperationAnswers {
  let lines: ChannelLine[] = state === "empty" ? [] : structuredClone(channelLines);
  const find = (name: string): ChannelLine => {
    const line = lines.find((known) => known.name === name);
    if (!line) throw new HostFault({ code: "not_found", message: `no channel is called ${name}` });
    return line;
  };
  return {
    list_channels: () => lines,
    set_channel_enabled: ({ name, enabled }) => {
      const line: ChannelLine = { ...find(name), enabled, state: enabled ? "healthy" : "off" };
      lines = lines.map((known) => (known.name === name ? line : known));
      return line;
    },
    probe_channel: {},
  };
}
