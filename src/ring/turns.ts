/** Turns of a thread's event loop, for calls that are done at once. */

/** After so many calls it is time to look at the clock. */
const CALLS_PER_LOOK = 64;
/** The longest time, in milliseconds, in which timers and messages of the thread may have to wait. */
const TURN_MS = 2;

/** Gives the event loop a turn now and then: a loop over promises that are all settled would keep it waiting for ever. */
export class Turns {
  #calls = 0;
  #taken = -Infinity;

  /** To be asked at each call: whether it is time for a turn. */
  get isDue(): boolean {
    return ++this.#calls % CALLS_PER_LOOK === 0 && performance.now() - this.#taken > TURN_MS;
  }

  /** A turn. */
  async take(): Promise<void> {
    await new Promise(setImmediate);
    this.#taken = performance.now();
  }
}
