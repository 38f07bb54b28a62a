/** When the nodes of an execution begin and end. */

import { now } from "../../ring/clock.ts";

/** The times of one execution by node, by the program's clock; `NaN` for what has not happened. */
export class Timing {
  readonly startedAt: number[];
  readonly endedAt: number[];
  /** The last reading of the clock, and whether no function has run since: to read it takes as long as a small one. */
  #now = NaN;
  #isNow = false;

  constructor(blank: readonly number[]) {
    this.startedAt = blank.slice();
    this.endedAt = blank.slice();
  }

  /** A node's function is about to be called. */
  begin(index: number): void {
    if (!this.#isNow) this.#now = now();
    this.startedAt[index] = this.#now;
    this.#isNow = false;
  }

  /** A node has ended. */
  end(index: number): void {
    this.endedAt[index] = this.#now = now();
    this.#isNow = true;
  }

  /** A function has returned, but its node has not ended. */
  pass(): void {
    this.#isNow = false;
  }
}
