/** What a ring must do, told by plain arrays: an item is a byte of a ring of bytes, or a frame of a stream. */

import { throws } from "node:assert/strict";

/** What a reader finds: items that are whole. */
export interface Found<Item> {
  readonly items: readonly Item[];
}

/** A ring with its writer. Positions count items since the ring was made. */
export class RingModel<Item> {
  readonly capacity: number;
  readonly readers: readonly ReaderModel<Item>[];
  readonly written: Item[] = [];
  /** The furthest position that the writer has ever looked up to, and may be overwriting. */
  claimed = 0;
  /** What the writer has put where its last look() was. */
  held: readonly Item[] = [];
  isClosed = false;

  constructor(capacity: number, readers: number) {
    this.capacity = capacity;
    this.readers = Array.from({ length: readers }, () => new ReaderModel<Item>(this));
  }

  get position(): number {
    return this.written.length;
  }

  /** Items that the slowest reader which holds the writer back has not consumed. */
  get unread(): number {
    const blocking = this.readers.filter(({ state }) => state === "blocking");
    return this.position - Math.min(this.position, ...blocking.map(({ position }) => position));
  }

  /** Looks for room, and fills it with `items` at once. */
  look(items: readonly Item[]): boolean {
    const fits = this.unread + items.length <= this.capacity;
    this.held = fits ? items : [];
    if (fits) this.claimed = Math.max(this.claimed, this.position + items.length);
    return fits;
  }

  /** Publishes what was looked at, or the first `count` items of it. */
  increment(count = this.held.length): void {
    this.written.push(...this.held.slice(0, count));
    this.held = [];
  }

  write(items: readonly Item[]): boolean {
    const fits = this.look(items);
    this.increment();
    return fits;
  }

  close(): void {
    this.held = [];
    this.isClosed = true;
  }
}

/** A reader. */
export class ReaderModel<Item> {
  readonly #ring: RingModel<Item>;
  readonly capacity: number;
  state: "blocking" | "passing" | "closed" = "blocking";
  position = 0;
  lost = 0;
  /** Items found by the last look(). */
  held = 0;
  #copy: readonly Item[] = [];

  constructor(ring: RingModel<Item>) {
    this.#ring = ring;
    this.capacity = ring.capacity;
  }

  get unread(): number {
    return this.#ring.position - this.position;
  }

  /** Whether the ring has ended with some items left, but fewer than `count`. */
  isCutShort(count: number): boolean {
    return this.#ring.isClosed && this.unread > 0 && this.unread < count;
  }

  /** Whether it is closed, or everything is read that there will ever be. */
  get isEnded(): boolean {
    return this.state === "closed" || this.#ring.isClosed && this.unread === 0;
  }

  get #isOvertaken(): boolean {
    return this.state === "passing" && this.#ring.claimed > this.position + this.#ring.capacity;
  }

  /**
   * What the next `count` items are. A reader that was overtaken goes on with the newest; one that may be overtaken keeps a
   * copy, which it finds again.
   */
  look(count: number): Found<Item> | null {
    if (this.state === "passing" && this.held === count) return { items: this.#copy };
    this.held = 0;
    do {
      if (this.unread < count) return null;
      if (this.#isOvertaken) this.#jump(this.unread - count);
    } while (this.#isOvertaken && this.#jump(count));
    this.held = count;
    this.#copy = this.#ring.written.slice(this.position, this.position + count);
    return { items: this.#copy };
  }

  /** As many items as there are, up to `most`, if they are at least so many. */
  lookMany(most: number, least: number): Found<Item> | null {
    const found = this.look(least);
    if (!found || this.state === "passing") return found;
    this.held = Math.min(most, this.unread);
    return { items: this.#ring.written.slice(this.position, this.position + this.held) };
  }

  /** Consumes what was found, or the first `count` items of it. */
  increment(count = this.held): boolean {
    this.position += count;
    this.held = 0;
    return true;
  }

  /** A copy of the next `count` items, if they are there. */
  read(count: number): readonly Item[] | null {
    this.held = 0;
    const found = this.look(count);
    if (found) this.increment();
    return found && found.items;
  }

  skip(count: number): number {
    this.held = 0;
    const skipped = Math.max(0, this.unread - count);
    this.#jump(skipped);
    return skipped;
  }

  setBlocking(isBlocking: boolean): void {
    if (this.state === "closed" || isBlocking === (this.state === "blocking")) return;
    this.held = 0;
    if (isBlocking) this.#jump(this.unread);
    this.state = isBlocking ? "blocking" : "passing";
  }

  close(): void {
    this.held = 0;
    this.state = "closed";
  }

  #jump(items: number): true {
    this.position += items;
    this.lost += items;
    return true;
  }
}

/** More than the rest of a ring that has ended is not to be had. */
export function refuseCutShort(model: ReaderModel<unknown>, look: () => unknown): void {
  if (model.state === "closed") look();
  else throws(look, Deno.errors.UnexpectedEof);
  model.held = 0;
}
