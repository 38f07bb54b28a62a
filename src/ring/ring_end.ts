/** What both handles of a ring of raw bytes have in common. */

import type { End } from "./end.ts";
import { describe } from "./frame_kind.ts";
import { dataAddress, type RingDescription } from "./description.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { SOURCE, type Source } from "./source.ts";

/** Consecutive bytes of a ring. The second part is empty unless they wrap. */
export type RingView = readonly [Uint8Array<SharedArrayBuffer>, Uint8Array<SharedArrayBuffer>];

/** The data area of a ring. */
export class RingData {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly #name: string;
  /** Bytes of which only multiples are moved: those of a frame, or 1. */
  readonly #unit: number;

  constructor(memory: SharedMemory, ring: RingDescription) {
    this.#unit = ring.frame?.stride ?? 1;
    this.bytes = memory.bytes.subarray(dataAddress(ring), dataAddress(ring) + ring.capacity);
    this.#name = ring.name;
  }

  checkLength(length: number): void {
    const isWhole = Number.isInteger(length) && length % this.#unit === 0;
    if (isWhole && length >= 1 && length <= this.bytes.length) return;
    const multiple = this.#unit > 1 ? `, a multiple of ${this.#unit}` : "";
    const limits = `length must be 1 to ${this.bytes.length} bytes${multiple}`;
    throw new RangeError(`Cannot use ring "${this.#name}": ${limits}, received ${Deno.inspect(length)}`);
  }

  checkBytes(bytes: Uint8Array): void {
    if (bytes instanceof Uint8Array) return;
    throw new TypeError(`Cannot use ring "${this.#name}": expected a Uint8Array, received ${describe(bytes)}`);
  }

  /** The bytes at an offset, or `null` for a code that is none. */
  view(offset: number, length: number): RingView | null {
    if (offset < 0) return null;
    const beforeWrap = Math.min(length, this.bytes.length - offset);
    return [this.bytes.subarray(offset, offset + beforeWrap), this.bytes.subarray(0, length - beforeWrap)];
  }
}

/**
 * What {@link RingReader} and {@link RingWriter} have in common.
 *
 * @example
 * ```ts
 * import { Manager } from "@ringmill/ringmill/runtime";
 * import { equal } from "node:assert/strict";
 *
 * await using manager = new Manager("bytes");
 * manager.addRing({ name: "chunks", bytes: 8 });
 * const writer = manager.openWriter("chunks");
 * const reader = manager.openReader("chunks");
 * await manager.compile();
 * writer.write(Uint8Array.of(1, 2));
 * equal(writer.pressure, 2 / 8);
 * equal(reader.unread, 2);
 * ```
 */
export abstract class RingEnd {
  /** The ring's name. */
  readonly name: string;
  /** The whole data area in the order of the memory. What a reader sees in it changes at any time. */
  readonly data: Uint8Array<SharedArrayBuffer>;
  readonly #end: End;

  /** Wraps an end of a ring. */
  constructor(data: RingData, end: End) {
    this.name = end.name;
    this.data = data.bytes;
    this.#end = end;
  }

  /** Bytes that the ring holds. */
  get capacity(): number {
    return this.data.length;
  }

  /** Bytes that the slowest reader which holds the writer back has not yet consumed. */
  get unread(): number {
    return this.#end.unread;
  }

  /** How full the ring is for the slowest reader which holds the writer back, 0 to 1. */
  get pressure(): number {
    return this.unread / this.capacity;
  }

  /** @internal */
  get [SOURCE](): Source {
    return this.#end;
  }
}
