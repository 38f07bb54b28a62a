/** First in, first out. */

interface Place<Value> {
  readonly value: Value;
  next: Place<Value> | undefined;
}

/** A queue whose ends cost the same however long it is: to shift an array moves what is behind. */
export class Fifo<Value> {
  #first: Place<Value> | undefined;
  #last: Place<Value> | undefined;

  get first(): Value | undefined {
    return this.#first?.value;
  }

  push(value: Value): void {
    const place: Place<Value> = { value, next: undefined };
    if (this.#last) this.#last.next = place;
    else this.#first = place;
    this.#last = place;
  }

  shift(): Value | undefined {
    const place = this.#first;
    this.#first = place?.next;
    if (!this.#first) this.#last = undefined;
    return place?.value;
  }

  clear(): void {
    this.#first = this.#last = undefined;
  }

  /** Drops the first one that is not wanted, and all behind it. */
  cut(isWanted: (value: Value) => boolean): void {
    let kept: Place<Value> | undefined;
    for (let place = this.#first; place && isWanted(place.value); place = place.next) kept = place;
    this.#last = kept;
    if (kept) kept.next = undefined;
    else this.#first = undefined;
  }
}
