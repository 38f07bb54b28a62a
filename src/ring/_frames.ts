/** The frames of a stream, as typed arrays on its slots. */

import { dataAddress, type RingDescription } from "./description.ts";
import { type ArrayClass, type DType, DTYPES, type FrameOf } from "./dtypes.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** A frame inside the shared memory. */
export type SharedFrame<D extends DType> = FrameOf<D, SharedArrayBuffer>;
/** A frame of the caller's own. */
export type OwnedFrame<D extends DType> = FrameOf<D, ArrayBuffer>;

/** Views of a stream's slots and of one scratch frame, each made once and kept. */
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
  readonly #slots: (SharedFrame<D> | undefined)[];

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
    this.#slots = new Array(ring.capacity / stride).fill(undefined);
  }

  /** The slot at an offset of the data area. */
  at(offset: number): SharedFrame<D> {
    // The offset is a multiple of the stride, so rounding is exact; a division would take several times as long.
    const slot = (offset * this.#perByte + 0.5) | 0;
    return this.#slots[slot] ?? (this.#slots[slot] = this.view(this.#data + offset));
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

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const kind = value.constructor?.name ?? "an object";
  return "length" in value ? `${kind} of ${value.length}` : kind;
}

/** Copies one frame over another of the same kind and length. */
export function copyFrame<D extends DType>(to: FrameOf<D>, from: FrameOf<D>): void {
  (to as Float64Array).set(from as Float64Array);
}
