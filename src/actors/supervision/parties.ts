/** The numbers of threads in queues. */

import type { RecordQueue } from "../../ring/record_queue.ts";

/** Tries to clean up after a thread, a millisecond apart. A consumer holds its turn for some microseconds. */
const TRIES = 1000;

/** Gives each thread a number of its own, and takes it back when it has ended. The program's is 0. */
export class Parties {
  readonly #most: number;
  readonly #queues: () => Iterable<RecordQueue>;
  readonly #free: number[] = [];
  #given = 0;

  /** `queues` tells all that a thread may have used. */
  constructor(most: number, queues: () => Iterable<RecordQueue>) {
    this.#most = most;
    this.#queues = queues;
  }

  /** @throws {RangeError} If so many threads were given up on, as they ignored the stop, that no number is left. */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#given < this.#most) return ++this.#given;
    throw new RangeError(`Cannot start a worker: ${this.#most} are there, or were given up on`);
  }

  /** Takes the number of a thread that has ended, after what it has left behind is cleaned up. */
  async giveBack(party: number): Promise<void> {
    for (const queue of this.#queues()) {
      for (let tries = TRIES; !queue.unblock(party); tries--) {
        // The one that has the turn has died too: its own number is coming back.
        if (tries === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    this.#free.push(party);
  }
}
