/** What screen readers are told politely: saved, copied, failed. */
class Announcer {
  text = $state("");

  /** Says a text, also when it is the same as the last. */
  say(text: string): void {
    this.text = this.text === text ? `${text}\u00a0` : text;
  }
}

export const announcer = new Announcer();
