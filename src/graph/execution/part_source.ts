/** The parts of an input, one after the other, as there is room for them. */

import { Turns } from "../../ring/turns.ts";
import { untilAborted } from "../../worker/until_aborted.ts";

/** A list, a generator, or anything else that is read part by part. */
export type Parts<Part> = Iterable<Part> | AsyncIterable<Part>;

/** Reads parts until they end or a signal aborts. */
export class PartSource<Part> {
  readonly #iterator: Iterator<Part> | AsyncIterator<Part>;
  readonly #signal: AbortSignal;
  /** A generator without end must not keep timers and signals waiting. */
  readonly #turns = new Turns();
  #hasEnded = false;

  constructor(parts: Parts<Part>, signal: AbortSignal) {
    this.#iterator = Symbol.asyncIterator in parts ? parts[Symbol.asyncIterator]() : parts[Symbol.iterator]();
    this.#signal = signal;
  }

  /** The next part; `null` after the last one. Rejects with what the source throws, or once the signal aborts. */
  async next(): Promise<{ readonly part: Part } | null> {
    if (this.#turns.isDue) await this.#turns.take();
    this.#signal.throwIfAborted();
    const { done, value } = await this.#nextResult();
    this.#hasEnded = done === true;
    return done ? null : { part: await value };
  }

  async #nextResult(): Promise<IteratorResult<Part>> {
    try {
      const next = this.#iterator.next();
      return "then" in next ? await untilAborted(next as Promise<IteratorResult<Part>>, this.#signal) : next;
    } catch (error) {
      // What has thrown has ended; what is still at work has not.
      this.#hasEnded = !this.#signal.aborted;
      throw error;
    }
  }

  /** Ends a source that has not ended: what that comes to, if it takes time. */
  stop(): Promise<unknown> | undefined {
    if (this.#hasEnded) return undefined;
    this.#hasEnded = true;
    return (async () => await this.#iterator.return?.())();
  }
}
