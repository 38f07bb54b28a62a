/** Adds up the time in which something is the case. */

/** A stopwatch, which stands still at first. Starting or stopping it twice changes nothing. */
export class Stopwatch {
  #before = 0;
  #since: number | null = null;

  /** Milliseconds in which it was running. */
  get ms(): number {
    return this.#before + (this.#since === null ? 0 : performance.now() - this.#since);
  }

  start(): void {
    this.#since ??= performance.now();
  }

  stop(): void {
    this.#before = this.ms;
    this.#since = null;
  }
}
