/** What a task was seen to do when it was last looked at, again and again. */

import type { WaitingFor } from "../metrics.ts";

/** Looks that count. */
const LOOKS = 20;

/** The last looks at a task. */
export class Sightings {
  readonly #latest: (WaitingFor["what"] | undefined)[] = [];

  /** Notes what it waits for at this moment, if it does. */
  note(what: WaitingFor["what"] | undefined): void {
    this.#latest.push(what);
    if (this.#latest.length > LOOKS) this.#latest.shift();
  }

  /** In how many of the looks it waited for that, 0 to 1. */
  share(what: WaitingFor["what"]): number {
    const { length } = this.#latest;
    return length === 0 ? 0 : this.#latest.filter((seen) => seen === what).length / length;
  }
}
