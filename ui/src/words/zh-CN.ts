import type { Messages } from "./en";
import { channels } from "./zh-CN/channels";
import { charts } from "./zh-CN/charts";
import { codes } from "./zh-CN/codes";
import { common } from "./zh-CN/common";
import { editor } from "./zh-CN/editor";
import { failures } from "./zh-CN/failures";
import { faults } from "./zh-CN/faults";
import { first } from "./zh-CN/first";
import { importing } from "./zh-CN/importing";
import { models } from "./zh-CN/models";
import { overview } from "./zh-CN/overview";
import { problems } from "./zh-CN/problems";
import { proxies } from "./zh-CN/proxies";
import { routing } from "./zh-CN/routing";
import { settings } from "./zh-CN/settings";
import { shell } from "./zh-CN/shell";
import { test } from "./zh-CN/test";
import { traffic } from "./zh-CN/traffic";

/** Every text of the window in Simplified Chinese. */
export const zhCN: Messages = {
  common,
  shell,
  codes,
  faults,
  overview,
  first,
  settings,
  channels,
  editor,
  failures,
  importing,
  test,
  problems,
  proxies,
  models,
  routing,
  traffic,
  charts,
};
