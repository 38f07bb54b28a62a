/** The moment at which a wait that may take several tries is over. */

/** Reads the clock only where the wait has a bound. */
export class Deadline {
  readonly #at: number;

  /** A deadline in `timeoutMs` from now, 0 to `Infinity`. */
  constructor(timeoutMs = Infinity) {
    this.#at = timeoutMs > 0 && timeoutMs !== Infinity ? performance.now() + timeoutMs : timeoutMs;
  }

  /** Milliseconds that are left, 0 to `Infinity`. */
  get leftMs(): number {
    return this.#at === 0 || this.#at === Infinity ? this.#at : Math.max(0, this.#at - performance.now());
  }

  /** Whether no time is left. */
  get isOver(): boolean {
    return this.leftMs === 0;
  }

  /** The options of the next try. */
  rest<Options extends { readonly timeoutMs?: number }>(options: Options): Options {
    return this.#at === Infinity ? options : { ...options, timeoutMs: this.leftMs };
  }
}
