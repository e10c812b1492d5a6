import type { Happening, Operations, Undo } from "../src/bindings/api";
import type { DesktopOperations } from "../src/host/desktop";
import { HostFault, type Host } from "../src/host/host";
import { channelAnswers } from "./data/channels";
import { connectAnswers } from "./data/connect";
import { desktopAnswers } from "./data/desktop";
import { modelAnswers } from "./data/models";
import { overviewAnswers } from "./data/overview";
import { proxyAnswers } from "./data/proxies";
import { settingAnswers } from "./data/settings";
import { trafficAnswers } from "./data/traffic";

/**
 * Answers by operation: a value, or a function of the request. A function may throw a {@link HostFault} and may tell
 * happenings.
 */
export type Answers<T> = {
  [Name in keyof T]?: T[Name] extends [infer Request, infer Reply]
    ? Reply | ((request: Request, tell: (happening: Happening) => void) => Reply | Promise<Reply>)
    : never;
};
export type OperationAnswers = Answers<Operations>;
export type DesktopAnswers = Answers<DesktopOperations>;

const never = new Promise<never>(() => {});

/** Which operations a state such as `loading` or `failed` is about: all but those that the frame needs. */
const ofTheFrame = new Set(["settings"]);

/** A host that knows one invented Friday. */
export class FixtureHost implements Host {
  readonly #state: string;
  readonly #answers: OperationAnswers;
  readonly #desktop: DesktopAnswers;
  readonly #listeners = new Set<(happening: Happening) => void>();
  readonly #watchers = new Set<(connected: boolean) => void>();

  constructor(state: string) {
    this.#state = state;
    this.#desktop = desktopAnswers(state);
    const parts = [
      overviewAnswers(state),
      connectAnswers(state),
      channelAnswers(state),
      proxyAnswers(state),
      modelAnswers(state),
      trafficAnswers(state),
      settingAnswers(state),
    ];
    // Whatever was removed, one of the parts knows how to bring it back.
    const undos = parts.flatMap(({ undo }) => (typeof undo === "function" ? [undo] : []));
    this.#answers = Object.assign({}, ...parts, {
      undo: (request: Undo) => {
        for (const undo of undos) void undo(request, this.#tell);
        return {};
      },
    }) as OperationAnswers;
  }

  call: Host["call"] = (name, request) => {
    if (!ofTheFrame.has(name)) {
      if (this.#state === "loading") return never;
      if (this.#state === "failed") return Promise.reject(new HostFault({ code: "unreachable", message: "connection refused" }));
    }
    return this.#reply(this.#answers, name, request);
  };

  desktop: NonNullable<Host["desktop"]> = (name, request) => this.#reply(this.#desktop, name, request);

  on(listener: (happening: Happening) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#watchers.add(listener);
    if (this.#state === "lost") setTimeout(() => listener(false));
    return () => this.#watchers.delete(listener);
  }

  async #reply(answers: object, name: string, request: unknown): Promise<never> {
    const answer: unknown = answers[name as keyof typeof answers];
    if (answer === undefined) throw new HostFault({ code: "failed", message: `the fixture has no answer to ${name}` });
    if (typeof answer !== "function") return structuredClone(answer) as never;
    return structuredClone(await (answer as (...all: unknown[]) => unknown)(request, this.#tell)) as never;
  }

  readonly #tell = (happening: Happening): void => {
    for (const listener of this.#listeners) listener(happening);
  };
}
