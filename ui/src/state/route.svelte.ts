/** The pages of the window, in the order of the sidebar; their place is the digit of their shortcut. */
export const pages = ["overview", "channels", "models", "proxies", "traffic", "settings"] as const;
export type PageName = (typeof pages)[number];

/** Where the window stands, kept in the hash: `#channels/Kimi` or `#models?try=auto`. */
export interface Place {
  page: PageName;
  rest: string[];
  query: URLSearchParams;
}

/** Reads a place from a hash. An unknown page is the overview. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [first = "", ...rest] = path.split("/").map(decodeURIComponent);
  const page = pages.find((name) => name === first) ?? "overview";
  return { page, rest: rest.filter((part) => part !== ""), query: new URLSearchParams(query) };
}

/** The hash of a place. */
export function linkTo(page: PageName, rest: string[] = [], query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#${[page, ...rest].map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

/** Asked before the place changes; answers whether it may. */
type LeaveGuard = (next: string) => boolean | Promise<boolean>;

class Route {
  place = $state.raw<Place>(placeOf(""));
  #hash = "";
  #guard: LeaveGuard | null = null;

  get page(): PageName {
    return this.place.page;
  }
  get rest(): string[] {
    return this.place.rest;
  }
  get query(): URLSearchParams {
    return this.place.query;
  }

  /** Begins to follow the hash; returns how to stop. */
  start(): () => void {
    this.#accept(location.hash);
    const follow = (): void => void this.#follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }

  /** Goes to a page. */
  go(page: PageName, rest: string[] = [], query: Record<string, string> = {}): void {
    location.hash = linkTo(page, rest, query);
  }

  /** Takes another place without an entry in the history, such as a new name of what is shown. Asks no guard. */
  replace(page: PageName, rest: string[] = []): void {
    history.replaceState(null, "", linkTo(page, rest));
    this.#accept(location.hash);
  }

  /** Sets who is asked before this place is left; returns how to withdraw. */
  guard(guard: LeaveGuard): () => void {
    this.#guard = guard;
    return () => {
      if (this.#guard === guard) this.#guard = null;
    };
  }

  async #follow(): Promise<void> {
    const next = location.hash;
    if (next === this.#hash) return;
    if (this.#guard) {
      // A change of the hash cannot be refused, so it is taken back until the guard has answered.
      history.replaceState(null, "", this.#hash || "#overview");
      if (!(await this.#guard(next))) return;
      this.#guard = null;
      history.pushState(null, "", next);
    }
    this.#accept(next);
  }

  #accept(hash: string): void {
    this.#hash = hash;
    this.place = placeOf(hash);
  }
}

export const route = new Route();
