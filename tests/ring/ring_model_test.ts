/** Random sequences of operations against a model that keeps every byte in an array. */

import { deepEqual, equal } from "node:assert/strict";
import type { RingReader, RingWriter } from "../../src/ring/ring.ts";
import { makeRing, Random } from "./_helpers.ts";

const CAPACITIES = [1, 2, 3, 5, 8, 13, 64, 100, 257];
const STARTS = [0n, 1n, 2n ** 31n - 40n, 2n ** 32n - 40n, 2n ** 32n + 12_345n, 2n ** 53n - 40n, 2n ** 53n + 99n];
const OPERATIONS = 400;

/** A reader and where the model thinks that it is. */
interface ModelReader {
  readonly handle: RingReader;
  position: number;
  lost: number;
  isBlocking: boolean;
  isClosed: boolean;
}

/** A ring and its model, which must not differ. */
class Twins {
  readonly #random: Random;
  readonly #capacity: number;
  readonly #writer: RingWriter;
  readonly #readers: ModelReader[];
  readonly #written: number[] = [];

  constructor(capacity: number, start: bigint, random: Random) {
    const ring = makeRing(capacity, {
      start,
      readers: random.below(4),
      refresh: { interval: 1 + random.below(9), ms: Infinity },
    });
    this.#random = random;
    this.#capacity = capacity;
    this.#writer = ring.bytesWriter();
    this.#readers = ring.readerBindings.map(({ index }) => {
      return { handle: ring.bytesReader(index), position: 0, lost: 0, isBlocking: true, isClosed: false };
    });
  }

  /** Bytes that the slowest reader which holds the writer back has not read. */
  get #unread(): number {
    const held = this.#readers.filter(({ isBlocking, isClosed }) => isBlocking && !isClosed);
    return this.#written.length - Math.min(this.#written.length, ...held.map(({ position }) => position));
  }

  #length(): number {
    return 1 + this.#random.below(this.#capacity);
  }

  write(): void {
    const sent = this.#random.bytes(this.#length());
    const fits = this.#unread + sent.length <= this.#capacity;
    if (this.#random.below(2) === 0) {
      equal(this.#writer.write(sent), fits);
    } else {
      const view = this.#writer.look(sent.length);
      equal(view !== null, fits);
      if (!view) return;
      view[0].set(sent.subarray(0, view[0].length));
      view[1].set(sent.subarray(view[0].length));
      this.#writer.increment();
    }
    if (fits) this.#written.push(...sent);
  }

  /** What the next `length` bytes are to a reader, which jumps if it was overtaken. */
  #next(reader: ModelReader, length: number): Uint8Array | null {
    if (reader.position + length > this.#written.length) return null;
    if (!reader.isBlocking && this.#written.length > reader.position + this.#capacity) this.#skip(reader, length);
    return Uint8Array.from(this.#written.slice(reader.position, reader.position + length));
  }

  #skip(reader: ModelReader, length: number): number {
    const skipped = Math.max(0, this.#written.length - length - reader.position);
    reader.position += skipped;
    reader.lost += skipped;
    return skipped;
  }

  #read(reader: ModelReader): void {
    const length = this.#length(), expected = this.#next(reader, length);
    if (this.#random.below(2) === 0) {
      const out = new Uint8Array(length);
      equal(reader.handle.readInto(out), expected !== null);
      if (expected) deepEqual(out, expected);
    } else {
      const view = reader.handle.look(length);
      deepEqual(view && Uint8Array.of(...view[0], ...view[1]), expected);
      if (view && this.#random.below(4) === 0) return;
      if (view) equal(reader.handle.increment(), true);
    }
    if (expected) reader.position += length;
  }

  #setBlocking(reader: ModelReader): void {
    const isBlocking = this.#random.below(2) === 0;
    reader.handle.setBlocking(isBlocking);
    if (isBlocking && !reader.isBlocking) this.#skip(reader, 0);
    reader.isBlocking = isBlocking;
  }

  #leave(reader: ModelReader): void {
    reader.handle.close();
    reader.isClosed = true;
  }

  /** Does something with a reader. */
  useReader(): void {
    const open = this.#readers.filter(({ isClosed }) => !isClosed);
    if (open.length === 0) return;
    const reader = this.#random.pick(open), kind = this.#random.below(100);
    if (kind < 85) {
      this.#read(reader);
    } else if (kind < 92) {
      const length = this.#length();
      equal(reader.handle.skipToNewest(length), this.#skip(reader, length));
    } else if (kind < 99) {
      this.#setBlocking(reader);
    } else {
      this.#leave(reader);
    }
  }

  compare(): void {
    equal(this.#writer.unread, this.#unread);
    for (const { handle, lost, isBlocking, isClosed } of this.#readers) {
      equal(handle.lost, lost);
      equal(handle.isBlocking(), isBlocking && !isClosed);
    }
  }
}

for (const capacity of CAPACITIES) {
  Deno.test(`a ring of ${capacity} bytes does what an array would, whatever is asked of it`, () => {
    for (const [index, start] of STARTS.entries()) {
      for (let run = 0; run < 3; run++) {
        const seed = 1000 * capacity + 10 * index + run;
        const random = new Random(seed), twins = new Twins(capacity, start, random);
        try {
          for (let operation = 0; operation < OPERATIONS; operation++) {
            if (random.below(5) < 2) twins.write();
            else twins.useReader();
            twins.compare();
          }
        } catch (error) {
          throw new Error(`The ring and its model differ from start ${start} with seed ${seed}`, { cause: error });
        }
      }
    }
  });
}
