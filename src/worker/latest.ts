/** A value that is replaced now and then, for whoever wants to follow it. */

/** The latest of some values. */
export class Latest<Value> {
  #value: Value;
  #isLast = false;
  #next: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(value: Value) {
    this.#value = value;
  }

  get value(): Value {
    return this.#value;
  }

  /** Replaces the value: by the last one, if no other will come. */
  replace(value: Value, isLast: boolean): void {
    this.#value = value;
    this.#isLast = isLast;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** The values from the one after `seen` on, until the last. Who is too slow for all gets the latest. */
  async *follow(seen?: Value): AsyncGenerator<Value, void> {
    for (;;) {
      if (this.#value !== seen) yield seen = this.#value;
      else if (this.#isLast) return;
      else await this.#next.promise;
    }
  }
}
