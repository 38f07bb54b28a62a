/** The frames of a stream, as typed arrays on its slots. */

import type { End } from "./ring_ends.ts";
import { dataAddress, type RingDescription } from "./description.ts";
import { type ArrayClass, type DType, DTYPES, type FrameOf } from "./dtypes.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** A frame inside the shared memory. */
export type SharedFrame<D extends DType> = FrameOf<D, SharedArrayBuffer>;
/** A frame of the caller's own. */
export type OwnedFrame<D extends DType> = FrameOf<D, ArrayBuffer>;

/** What `lookMany()` may be told. */
export interface LookManyOptions {
  /**
   * The fewest frames that will do, 1 to the frames of the ring.
   * @default 1
   */
  least?: number;
  /**
   * How long to wait for that many, in milliseconds, 0 to `Infinity`.
   * @default 0
   */
  timeoutMs?: number;
}

/** Views are kept for at most so many slots: each takes about a hundred bytes. */
const MOST_KEPT = 1 << 16;

/** Views of a stream's slots, each made once and kept. */
export class Frames<D extends DType> {
  readonly shape: readonly number[];
  readonly dtype: D;
  /** Numbers per frame: the product of the shape, twice that for complex frames. */
  readonly length: number;
  readonly bytes: number;
  readonly stride: number;
  readonly #name: string;
  readonly #array: ArrayClass;
  readonly #buffer: SharedArrayBuffer;
  readonly #data: number;
  readonly #perByte: number;
  readonly #count: number;
  readonly #slots: (SharedFrame<D> | undefined)[];
  readonly #own: SharedFrame<D>[] = [];
  /** The memory of a reader's own slots, which follow those of the ring by number. */
  ownSlots: ((slot: number) => SharedArrayBuffer) | undefined;

  constructor(memory: SharedMemory, ring: RingDescription) {
    if (!ring.frame) throw new TypeError(`Cannot open ring "${ring.name}" as a stream: it carries raw bytes`);
    const { shape, dtype, stride } = ring.frame;
    const { array, lanes } = DTYPES[dtype];
    this.shape = shape;
    this.dtype = dtype as D;
    this.stride = stride;
    this.length = shape.reduce((product, size) => product * size, lanes);
    this.bytes = this.length * array.BYTES_PER_ELEMENT;
    this.#name = ring.name;
    this.#array = array;
    this.#buffer = memory.buffer;
    this.#data = dataAddress(ring);
    this.#perByte = 1 / stride;
    this.#count = ring.capacity / stride;
    this.#slots = new Array(Math.min(this.#count, MOST_KEPT)).fill(undefined);
  }

  /** The slot at an offset of the data area. */
  at(offset: number): SharedFrame<D> {
    // The offset is a multiple of the stride, so rounding is exact; a division would take several times as long.
    const slot = (offset * this.#perByte + 0.5) | 0;
    return this.#slots[slot] ?? this.#open(slot);
  }

  #open(slot: number): SharedFrame<D> {
    if (slot >= this.#count) return this.#openOwn(slot - this.#count);
    const frame = this.view(this.#data + slot * this.stride);
    if (slot < this.#slots.length) this.#slots[slot] = frame;
    return frame;
  }

  #openOwn(slot: number): SharedFrame<D> {
    const buffer = this.ownSlots!(slot);
    if (this.#own[slot]?.buffer === buffer) return this.#own[slot];
    return this.#own[slot] = new this.#array(buffer, 0, this.length) as SharedFrame<D>;
  }

  /** As many frames as `end` finds, in place, or `null` if it does not find enough of them. */
  lookMany(end: End, most: number, { least = 1, timeoutMs = 0 }: LookManyOptions): SharedFrame<D>[] | null {
    this.#checkCount("least", least, this.#count);
    if (most !== Infinity) this.#checkCount("most", most, Infinity, least);
    const { stride } = this;
    const length = end.lookMany(stride, least * stride, Math.min(most, this.#count) * stride, timeoutMs);
    return length < 0 ? null : this.#run(end.offset / stride, length / stride);
  }

  /** The frames of `count` slots from one on, beyond the wrap too. */
  #run(slot: number, count: number): SharedFrame<D>[] {
    const frames = new Array<SharedFrame<D>>(count);
    for (let n = 0; n < count; n++) {
      frames[n] = this.#slots[slot] ?? this.#open(slot);
      if (++slot >= this.#count) slot = 0;
    }
    return frames;
  }

  /** Has `end` consume or publish only the first `count` frames of those that it has looked at. */
  narrow(end: End, count: number): void {
    if (end.held === 0) return;
    this.#checkCount("frames", count, end.held / this.stride);
    end.held = count * this.stride;
  }

  #checkCount(what: string, count: number, most: number, least = 1): void {
    if (Number.isInteger(count) && count >= least && count <= most) return;
    const limits = `${what} must be a whole number from ${least} to ${most}`;
    throw new RangeError(`Cannot use the frames of stream "${this.#name}": ${limits}, received ${Deno.inspect(count)}`);
  }

  /** A frame at an address. */
  view(address: number): SharedFrame<D> {
    return new this.#array(this.#buffer, address, this.length) as SharedFrame<D>;
  }

  /** A copy of a frame, outside the shared memory. */
  copyOf(frame: SharedFrame<D>): OwnedFrame<D> {
    return new this.#array(frame) as OwnedFrame<D>;
  }

  /** @throws {TypeError} Unless `frame` is a typed array of the stream's kind and length. */
  check(frame: FrameOf<D>): void {
    if (frame instanceof this.#array && frame.length === this.length) return;
    throw new TypeError(
      `Cannot use the frame with stream "${this.#name}": expected ${this.#array.name} of ${this.length}, received ${
        describe(frame)
      }`,
    );
  }
}

/** What a value is, for messages: the class and length of an array. */
export function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const kind = value.constructor?.name ?? "an object";
  return "length" in value ? `${kind} of ${value.length}` : kind;
}

/** Copies one frame over another of the same kind and length. */
export function copyFrame<D extends DType>(to: FrameOf<D>, from: FrameOf<D>): void {
  (to as Float64Array).set(from as Float64Array);
}
