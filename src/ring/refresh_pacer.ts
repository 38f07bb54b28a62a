/** When the writer looks at its readers again, although its ring has room. */

import type { RefreshSettings } from "./description.ts";

/**
 * Turns «every so many writes, or after so many milliseconds» into a number of writes: reading the clock costs more than
 * a write, so it is read once per refresh, and the writes until the next one follow from the pace of the last.
 */
export class RefreshPacer {
  readonly #settings: RefreshSettings;
  #writes = 1;
  #last: number = performance.now();

  /** A pacer whose first refresh is due after one write. */
  constructor(settings: RefreshSettings) {
    this.#settings = settings;
  }

  /** The writes until the next refresh, 1 to the interval. Call it at each refresh. */
  next(): number {
    const { interval, ms } = this.#settings;
    const now = performance.now();
    const perWrite = (now - this.#last) / this.#writes;
    this.#last = now;
    // At most doubled, so that a burst after a pause does not put the next look far off.
    const most = Math.min(interval, this.#writes * 2);
    this.#writes = Math.max(1, perWrite * most > ms ? Math.floor(ms / perWrite) : most);
    return this.#writes;
  }
}
