import { channels } from "./en/channels";
import { charts } from "./en/charts";
import { codes } from "./en/codes";
import { common } from "./en/common";
import { editor } from "./en/editor";
import { failures } from "./en/failures";
import { faults } from "./en/faults";
import { first } from "./en/first";
import { importing } from "./en/importing";
import { models } from "./en/models";
import { overview } from "./en/overview";
import { problems } from "./en/problems";
import { proxies } from "./en/proxies";
import { routing } from "./en/routing";
import { settings } from "./en/settings";
import { shell } from "./en/shell";
import { test } from "./en/test";
import { traffic } from "./en/traffic";

/** Every text of the window in English, by page. The other languages have the same shape. */
export const en = {
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

export type Messages = typeof en;
