/** Things that come and go in any order. */

/** A place among {@link Links}. */
export interface Link<Value> {
  /** `undefined` once it is removed. */
  value: Value | undefined;
  before: Link<Value> | undefined;
  after: Link<Value> | undefined;
}

/** A doubly linked list, which takes and drops what is short-lived in a fraction of the time of a `Set`. */
export class Links<Value> implements Iterable<Value> {
  #first: Link<Value> | undefined;

  /** Returns the place, by which the value can be removed. */
  add(value: Value): Link<Value> {
    const link: Link<Value> = { value, before: undefined, after: this.#first };
    if (this.#first) this.#first.before = link;
    return this.#first = link;
  }

  /** Removes what is at a place. Once for each place. */
  remove(link: Link<Value>): void {
    const { before, after } = link;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    // A kept link must keep no other value alive. `after` stays: an iteration may be standing here.
    link.before = undefined;
    link.value = undefined;
  }

  /** From the newest to the oldest. What is reached may be removed meanwhile. */
  *[Symbol.iterator](): Iterator<Value> {
    for (let link = this.#first; link; link = link.after) if (link.value !== undefined) yield link.value;
  }
}
