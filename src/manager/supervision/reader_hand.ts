/** The readers of a task that has failed, seen from the thread that starts it again. */

import { layout } from "../../ring/core.generated.ts";
import { type BindingDescription, type BindingOf, dataAddress, readerAddress } from "../../ring/description.ts";
import type { FrameOf, FrameType } from "../../ring/dtypes.ts";
import { Frames } from "../../ring/frames.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";

/** The bytes that each reader had in hand, by the function's names for them. */
export type BytesInHand = Readonly<Record<string, number>>;

/** A frame in hand. */
export interface FrameInHand {
  readonly stream: string;
  /** Its number in the stream, from 0. */
  readonly frame: number;
}

/** One reader. Nobody else may use it: its task's worker has ended, or will never use it again. */
export class ReaderHand {
  readonly stream: string;
  readonly #memory: SharedMemory;
  readonly #binding: BindingOf<"reader">;
  readonly #unit: number;

  constructor(memory: SharedMemory, binding: BindingOf<"reader">) {
    this.stream = binding.ring.name;
    this.#memory = memory;
    this.#binding = binding;
    this.#unit = binding.ring.frame?.stride ?? 1;
  }

  get #reader(): number {
    return readerAddress(this.#binding.ring, this.#binding.index);
  }

  /** Frames that were consumed: the number of the next one. A raw ring counts bytes. */
  get position(): number {
    return this.#position / this.#unit;
  }

  get #position(): number {
    return Number(Atomics.load(this.#memory.longs, (this.#reader + layout.READER_POSITION) / 8));
  }

  /** Frames that wait to be read; 0 for a reader that is closed. */
  get waiting(): number {
    const state = Atomics.load(this.#memory.words, (this.#reader + layout.READER_STATE) / 4);
    if (state === layout.READER_DETACHED) return 0;
    const written = Number(Atomics.load(this.#memory.longs, (this.#binding.ring.address + layout.RING_POSITION) / 8));
    return (written - this.#position) / this.#unit;
  }

  /** Copies of the next `bytes`, frame by frame; of a raw ring all at once. */
  copies(bytes: number): { readonly frame: number; readonly data: FrameOf<FrameType, ArrayBuffer> }[] {
    const { ring } = this.#binding;
    const offset = this.#memory.words[(this.#reader + layout.READER_OFFSET) / 4];
    if (!ring.frame) return [{ frame: this.position, data: this.#copyBytes(offset, bytes) }];
    const frames = new Frames(this.#memory, ring);
    return Array.from({ length: bytes / this.#unit }, (_, index) => ({
      frame: this.position + index,
      data: frames.copyOf(frames.at((offset + index * this.#unit) % ring.capacity)) as FrameOf<FrameType, ArrayBuffer>,
    }));
  }

  /** They may go on at the beginning of the ring. */
  #copyBytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const { ring } = this.#binding;
    const all = new Uint8Array(this.#memory.buffer, dataAddress(ring), ring.capacity);
    const first = all.subarray(offset, offset + length);
    const copy = new Uint8Array(length);
    copy.set(first);
    copy.set(all.subarray(0, length - first.length), first.length);
    return copy;
  }

  /** Consumes the next `bytes`. */
  skip(bytes: number): void {
    this.#memory.core.reader_advance(this.#binding.ring.address, this.#reader, bytes);
  }
}

/** The readers of a task by its names for them. */
export function readerHands(
  memory: SharedMemory,
  bindings: Readonly<Record<string, BindingDescription>>,
): ReadonlyMap<string, ReaderHand> {
  const hands = new Map<string, ReaderHand>();
  for (const [local, binding] of Object.entries(bindings)) {
    if (binding.kind === "reader") hands.set(local, new ReaderHand(memory, binding));
  }
  return hands;
}
