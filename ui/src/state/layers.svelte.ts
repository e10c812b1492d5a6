/**
 * How many modal dialogs are open. What floats above everything, such as a toast, must be drawn inside the uppermost:
 * the rest of the page can neither be reached nor heard meanwhile.
 */
class Layers {
  modals = $state(0);

  /** Counts a modal dialog; returns how to stop. */
  enter(): () => void {
    this.modals += 1;
    return () => (this.modals -= 1);
  }
}

export const layers = new Layers();
