/** The frames of a stream, in place on its slots. */

import type { End } from "./end.ts";
import { dataAddress, type RingDescription } from "./description.ts";
import type { FrameOf, FrameType } from "./dtypes.ts";
import { type FrameKind, frameKind, type OwnedFrame, type SharedFrame } from "./frame_kind.ts";
import { anything, checkOptions, type Rules } from "../rules.ts";
import { suggest } from "../suggest.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { checkWaitOptions, WAIT_RULES, type WaitOptions } from "./waiting.ts";

export type { OwnedFrame, SharedFrame };

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

/** What `lookManyAsync()` may be told. */
export interface LookManyAsyncOptions extends WaitOptions {
  /**
   * The fewest frames that will do, 1 to the frames of the ring.
   * @default 1
   */
  least?: number;
}

/** The rules of {@link LookManyAsyncOptions}. */
export const LOOK_MANY_RULES: Rules = { ...WAIT_RULES, least: anything };

const NO_OPTIONS: LookManyOptions = {};

/** Views are kept for at most so many slots: each takes about a hundred bytes. */
const MOST_KEPT = 1 << 16;

/** Views of a stream's slots, each made once and kept. */
export class Frames<D extends FrameType> {
  readonly shape: readonly number[];
  readonly dtype: D;
  /** Numbers per frame, or per column: the product of the shape, twice that for complex frames. */
  readonly length: number;
  readonly bytes: number;
  readonly stride: number;
  readonly #name: string;
  readonly #kind: FrameKind<D>;
  readonly #data: number;
  readonly #perByte: number;
  readonly #count: number;
  readonly #slots: (SharedFrame<D> | undefined)[];
  /** Slots without a view that is kept. */
  #unopened: number;
  readonly #own: { readonly buffer: SharedArrayBuffer; readonly frame: SharedFrame<D> }[] = [];
  /** The memory of a reader's own slots, which follow those of the ring by number. */
  ownSlots: ((slot: number) => SharedArrayBuffer) | undefined;

  constructor(memory: SharedMemory, ring: RingDescription) {
    if (!ring.frame) throw new TypeError(`Cannot open ring "${ring.name}" as a stream: it carries raw bytes`);
    const { shape, dtype, stride } = ring.frame;
    this.shape = shape;
    this.dtype = dtype as D;
    this.stride = stride;
    this.#kind = frameKind<D>(memory.buffer, ring.frame, ring.name);
    this.length = this.#kind.length;
    this.bytes = this.#kind.bytes;
    this.#name = ring.name;
    this.#data = dataAddress(ring);
    this.#perByte = 1 / stride;
    this.#count = ring.capacity / stride;
    this.#slots = new Array(Math.min(this.#count, MOST_KEPT)).fill(undefined);
    this.#unopened = this.#count;
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
    if (slot < this.#slots.length) {
      this.#slots[slot] = frame;
      this.#unopened--;
    }
    return frame;
  }

  #openOwn(slot: number): SharedFrame<D> {
    const buffer = this.ownSlots!(slot);
    if (this.#own[slot]?.buffer !== buffer) this.#own[slot] = { buffer, frame: this.#kind.view(0, buffer) };
    return this.#own[slot].frame;
  }

  /** As many frames as `end` finds, in place, or `null` if it does not find enough of them. */
  lookMany(end: End, most: number, options: LookManyOptions = NO_OPTIONS): SharedFrame<D>[] | null {
    if (options !== NO_OPTIONS) this.#checkOptions(options);
    const { least = 1, timeoutMs = 0 } = options;
    this.#checkCount("least", least, this.#count);
    if (most !== Infinity) this.#checkCount("most", most, Infinity, least);
    const { stride } = this;
    const length = end.lookMany(stride, least * stride, Math.min(most, this.#count) * stride, timeoutMs);
    return length < 0 ? null : this.#run(end.offset / stride, length / stride);
  }

  /** As {@link lookMany}, without blocking the thread: it waits without bound unless told otherwise. */
  async lookManyAsync(end: End, most: number, options: LookManyAsyncOptions = {}): Promise<SharedFrame<D>[] | null> {
    const action = `use the frames of stream "${this.#name}"`;
    if (typeof options === "number") checkWaitOptions(action, options);
    checkOptions(action, options, LOOK_MANY_RULES);
    const { least = 1, timeoutMs, signal } = options;
    signal?.throwIfAborted();
    const found = this.lookMany(end, most, { least });
    if (found !== null) return found;
    const wait = { timeoutMs, signal };
    return await end.lookAsync(
      least * this.stride,
      wait,
      (offset) => offset < 0 ? null : this.lookMany(end, most, { least }),
    );
  }

  /** The frames of `count` slots from one on, beyond the wrap too. */
  #run(slot: number, count: number): SharedFrame<D>[] {
    // Slots of a reader's own follow those of the ring.
    if (this.#unopened === 0 && slot < this.#count) return this.#runOpened(slot, count);
    const frames = new Array<SharedFrame<D>>(count);
    for (let n = 0; n < count; n++) {
      frames[n] = this.#slots[slot] ?? this.#open(slot);
      if (++slot >= this.#count) slot = 0;
    }
    return frames;
  }

  /** The same once all slots are known: arrays are copied as a whole. */
  #runOpened(slot: number, count: number): SharedFrame<D>[] {
    const slots = this.#slots as SharedFrame<D>[];
    const end = slot + count;
    if (end <= this.#count) return slots.slice(slot, end);
    return slots.slice(slot).concat(slots.slice(0, end - this.#count));
  }

  /** Has `end` consume or publish only the first `count` frames of those that it has looked at. */
  narrow(end: End, count: number): void {
    if (end.held === 0) return;
    this.#checkCount("frames", count, end.held / this.stride);
    end.held = count * this.stride;
  }

  /** Looks for unknown names only: a table of rules would cost as much as the look. */
  #checkOptions(options: LookManyOptions): void {
    // A bare time-out has no names at all: it would be left out without a word.
    if (typeof options !== "object" || options === null) {
      checkWaitOptions(`use the frames of stream "${this.#name}"`, options);
    }
    for (const option in options) if (option !== "least" && option !== "timeoutMs") this.#refuseOption(option);
  }

  #refuseOption(option: string): never {
    const near = suggest(option, ["least", "timeoutMs"]);
    throw new TypeError(`Cannot use the frames of stream "${this.#name}": there is no option "${option}"${near}`);
  }

  #checkCount(what: string, count: number, most: number, least = 1): void {
    if (Number.isInteger(count) && count >= least && count <= most) return;
    const limits = `${what} must be a whole number from ${least} to ${most}`;
    throw new RangeError(`Cannot use the frames of stream "${this.#name}": ${limits}, received ${Deno.inspect(count)}`);
  }

  /** A frame at an address. */
  view(address: number): SharedFrame<D> {
    return this.#kind.view(address);
  }

  /** A copy of a frame, outside the shared memory. */
  copyOf(frame: SharedFrame<D>): OwnedFrame<D> {
    return this.#kind.copyOf(frame);
  }

  /** The bytes of a frame in place, or of a copy. */
  bytesOf<Buffer extends ArrayBufferLike>(frame: FrameOf<D, Buffer>): Uint8Array<Buffer> {
    return this.#kind.bytesOf(frame);
  }

  /** @throws {TypeError} Unless `frame` is one of the stream's kind and length. */
  check(frame: FrameOf<D>): void {
    this.#kind.check(frame);
  }

  /** Copies the caller's frame, which was checked, over one in place. */
  copyIn(slot: SharedFrame<D>, frame: FrameOf<D>): void {
    this.#kind.copyIn(slot, frame);
  }

  /** Copies a frame in place over the caller's, which was checked. */
  copyOut(frame: FrameOf<D>, slot: SharedFrame<D>): void {
    this.#kind.copyOut(frame, slot);
  }
}
