/** Moves of channels that are shown before they are saved. */

import type { ChannelLine, Fault, MoveChannel } from "../../bindings/api";
import { faultOf } from "../../host/host";
import { moved } from "./tiers";

/**
 * The list as the user put it. Moves are saved one after the other, so that each finds the neighbours it names;
 * a refused one takes back itself and those behind it.
 */
export class Reorder {
  #shown = $state.raw<ChannelLine[] | null>(null);
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Grows when a move is refused: moves of an earlier round are not sent any more. */
  #round = 0;
  readonly #actual: () => ChannelLine[];
  readonly #save: (move: MoveChannel) => Promise<ChannelLine[]>;
  readonly #done: (lines: ChannelLine[] | null) => void;

  /** `done` takes the list that the program answers when all moves are saved; nothing where one was refused. */
  constructor(
    actual: () => ChannelLine[],
    save: (move: MoveChannel) => Promise<ChannelLine[]>,
    done: (lines: ChannelLine[] | null) => void,
  ) {
    this.#actual = actual;
    this.#save = save;
    this.#done = done;
  }

  /** The list to show. */
  get lines(): ChannelLine[] {
    return this.#shown ?? this.#actual();
  }

  /** Moves a channel; answers why it was refused, or nothing. */
  move(move: MoveChannel): Promise<Fault | null> {
    this.#shown = moved(this.lines, move);
    this.#waiting += 1;
    const round = this.#round;
    const result = this.#last.then(() => this.#send(move, round));
    this.#last = result.then(() => undefined);
    return result;
  }

  async #send(move: MoveChannel, round: number): Promise<Fault | null> {
    if (round !== this.#round) return null;
    try {
      const lines = await this.#save(move);
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#settle(lines);
      return null;
    } catch (error) {
      this.#round += 1;
      this.#waiting = 0;
      this.#settle(null);
      return faultOf(error);
    }
  }

  #settle(lines: ChannelLine[] | null): void {
    this.#done(lines);
    this.#shown = null;
  }
}
