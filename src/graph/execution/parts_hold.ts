/** Parts of one call that wait in queues: the call waits if all of them do. */

/** The parts of a call that are under way. */
export class PartsHold {
  readonly #hold: (flush: () => void) => () => void;
  readonly #held = new Set<() => void>();
  #active = 0;
  #release: (() => void) | undefined;

  /** `hold` has the whole call wait. */
  constructor(hold: (flush: () => void) => () => void) {
    this.#hold = hold;
  }

  /** Counts a part as under way, as long as the work takes. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#change(1);
    try {
      return await work();
    } finally {
      this.#change(-1);
    }
  }

  #change(by: 1 | -1): void {
    this.#active += by;
    this.#look();
  }

  /** One of the parts waits. */
  readonly hold = (flush: () => void): () => void => {
    this.#held.add(flush);
    this.#look();
    return () => {
      this.#held.delete(flush);
      this.#look();
    };
  };

  #look(): void {
    if (this.#active > 0 && this.#held.size === this.#active) this.#release ??= this.#hold(() => this.#flush());
    else {
      this.#release?.();
      this.#release = undefined;
    }
  }

  #flush(): void {
    for (const flush of [...this.#held]) flush();
  }
}
