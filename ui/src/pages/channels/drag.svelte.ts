/** Dragging a row of the list by its grip, with the pointer. */

import type { Place } from "./tiers";

/** A line between two rows on which a dragged one may be let go. `y` counts from the top of the list. */
export interface Slot extends Place {
  y: number;
}

/** A pointer that moves less than this, in pixels, presses the grip and does not drag. */
const SLACK = 4;
/** Nearer than this to an edge of what scrolls, in pixels, the list scrolls along. */
const EDGE = 32;
const SCROLL_STEP = 6;

interface Actions {
  /** All lines on which a row may be let go, as the list stands now. */
  slots: () => Slot[];
  onpress: (name: string, grip: HTMLElement) => void;
  ondrop: (name: string, place: Place) => void;
}

/** The nearest line to a height; nothing where there is none. */
export function nearest(slots: Slot[], y: number): Slot | null {
  return slots.reduce<Slot | null>((best, slot) => (best === null || Math.abs(slot.y - y) < Math.abs(best.y - y) ? slot : best), null);
}

/** The grip at an event's target, and the channel that it moves. */
function gripOf(target: EventTarget | null): { name: string; grip: HTMLElement } | null {
  const grip = target instanceof Element ? target.closest<HTMLElement>("[data-control=grip]") : null;
  const name = grip?.closest<HTMLElement>("[data-channel]")?.dataset["channel"];
  return grip && name !== undefined ? { name, grip } : null;
}

export class Drag {
  /** The row that is dragged. */
  name = $state<string | null>(null);
  /** How far it is from its place, in pixels. */
  lifted = $state(0);
  /** Where it would be let go. */
  slot = $state.raw<Slot | null>(null);
  readonly #actions: Actions;
  #pressed: { name: string; id: number; y: number; scrolled: number } | null = null;
  /** Whether the pointer that was let go had dragged: the click that follows presses nothing. */
  #dragged = false;
  #pointer = 0;
  #frame = 0;

  constructor(actions: Actions) {
    this.#actions = actions;
  }

  /** Follows a grip that was pressed; returns how to stop. For the element that holds all rows. */
  attach = (list: HTMLElement): (() => void) => {
    const down = (event: PointerEvent): void => this.#down(event);
    const move = (event: PointerEvent): void => this.#move(event, list);
    const up = (): void => this.#up();
    const click = (event: MouseEvent): void => this.#click(event);
    const cancel = (): void => this.stop();
    const key = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && this.name !== null) {
        event.preventDefault();
        this.stop();
      }
    };
    list.addEventListener("pointerdown", down);
    list.addEventListener("pointermove", move);
    list.addEventListener("pointerup", up);
    list.addEventListener("pointercancel", cancel);
    list.addEventListener("click", click);
    addEventListener("keydown", key);
    return () => {
      list.removeEventListener("pointerdown", down);
      list.removeEventListener("pointermove", move);
      list.removeEventListener("pointerup", up);
      list.removeEventListener("pointercancel", cancel);
      list.removeEventListener("click", click);
      removeEventListener("keydown", key);
      this.stop();
    };
  };

  /** Puts the row back. */
  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#pressed = null;
    this.name = null;
    this.slot = null;
    this.lifted = 0;
  }

  #down(event: PointerEvent): void {
    this.#dragged = false;
    const pressed = gripOf(event.target);
    if (!pressed || event.button !== 0) return;
    pressed.grip.setPointerCapture(event.pointerId);
    this.#pressed = { name: pressed.name, id: event.pointerId, y: event.clientY, scrolled: 0 };
    this.#pointer = event.clientY;
  }

  #move(event: PointerEvent, list: HTMLElement): void {
    const pressed = this.#pressed;
    if (!pressed || event.pointerId !== pressed.id) return;
    this.#pointer = event.clientY;
    if (this.name === null) {
      if (Math.abs(event.clientY - pressed.y) < SLACK) return;
      this.name = pressed.name;
      this.#scrollAlong(list);
    }
    this.#aim(list);
  }

  #aim(list: HTMLElement): void {
    const pressed = this.#pressed;
    if (!pressed) return;
    this.lifted = this.#pointer - pressed.y + pressed.scrolled;
    this.slot = nearest(this.#actions.slots(), this.#pointer - list.getBoundingClientRect().top);
  }

  #up(): void {
    const { name, slot } = this;
    this.#dragged = name !== null;
    this.stop();
    if (name !== null && slot) this.#actions.ondrop(name, slot);
  }

  /** A grip that is pressed and not dragged, by pointer or by key, shows what it offers. */
  #click(event: MouseEvent): void {
    const pressed = gripOf(event.target);
    if (pressed && !this.#dragged) this.#actions.onpress(pressed.name, pressed.grip);
    this.#dragged = false;
  }

  #scrollAlong(list: HTMLElement): void {
    const area = list.closest<HTMLElement>(".scroll");
    if (!area) return;
    const box = area.getBoundingClientRect();
    const step = (): void => {
      const pressed = this.#pressed;
      if (!pressed) return;
      const toward = this.#pointer < box.top + EDGE ? -SCROLL_STEP : this.#pointer > box.bottom - EDGE ? SCROLL_STEP : 0;
      if (toward !== 0) {
        const before = area.scrollTop;
        area.scrollTop += toward;
        pressed.scrolled += area.scrollTop - before;
        this.#aim(list);
      }
      this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }
}
