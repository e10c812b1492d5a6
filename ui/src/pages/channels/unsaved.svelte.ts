/** The question before a form with changes is left. */

import { route } from "../../state/route.svelte";

export class Unsaved {
  /** Answers the question that is open; nothing while none is. */
  answer = $state.raw<((leave: boolean) => void) | null>(null);

  /** Asks before the page is left as long as `dirty` says so. For `$effect(() => unsaved.watch(dirty))`. */
  watch(dirty: boolean): (() => void) | undefined {
    return dirty ? route.guard(() => this.ask()) : undefined;
  }

  /** Asks whether the changes may be lost. A second question takes the place of the first. */
  ask(): Promise<boolean> {
    this.answer?.(false);
    return new Promise((done) => {
      this.answer = (leave) => {
        this.answer = null;
        done(leave);
      };
    });
  }
}
