/** The parts of an input, one after the other, as there is room for them. */

import { Turns } from "../../ring/turns.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import type { OpenSource } from "../stream_source.ts";

/** Reads parts until they end or a signal aborts. */
export class PartSource<Part> {
  readonly #source: OpenSource<Part>;
  readonly #signal: AbortSignal;
  /** A generator without end must not keep timers and signals waiting. */
  readonly #turns = new Turns();
  #hasEnded = false;

  constructor(source: OpenSource<Part>, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** The next part; `null` after the last one. Rejects with what the source throws, or once the signal aborts. */
  async next(): Promise<{ readonly part: Part } | null> {
    if (this.#turns.isDue) await this.#turns.take();
    this.#signal.throwIfAborted();
    try {
      const next = this.#source.next();
      const { done, value } = "then" in next ? await untilAborted(next, this.#signal) : next;
      this.#hasEnded = done === true;
      return done ? null : { part: value };
    } catch (error) {
      // What has thrown has ended; what is still at work has not.
      this.#hasEnded = !this.#signal.aborted;
      throw error;
    }
  }

  /** Ends a source that has not ended: what that comes to, if it takes time. */
  stop(): Promise<void> | undefined {
    return this.#hasEnded ? undefined : this.#source.stop(this.#signal.reason);
  }
}
