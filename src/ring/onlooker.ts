/**
 * Who looks at the newest frame of a stream now and then without being one of its readers: the live page, `top`.
 *
 * It has a place behind the readers, detached while nobody looks: the writer passes it over then. While somebody looks it is
 * passing, so that the writer announces what it overwrites and does not wait.
 */

import { codes, layout } from "./core.generated.ts";
import { dataAddress, readerAddress, readerPlaces, type RingDescription } from "./description.ts";
import { isRingClosed } from "./ring_figures.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** How often a frame is copied anew that the writer has overwritten meanwhile. */
const MOST_TRIES = 20;
/** Larger frames are not copied, but looked at in place: bytes. */
const LARGEST_COPY = 8 * 2 ** 20;

/** What is made of a frame: of the bytes at an address of a buffer. */
export type TakeFrame<Result> = (buffer: SharedArrayBuffer, address: number) => Result;

/** Makes a ring with places for its readers, and one for an onlooker, who is not there yet. Positions start at `start`. */
export function initRing({ core }: SharedMemory, ring: RingDescription, start: bigint = 0n): void {
  core.ring_init(ring.address, ring.capacity, readerPlaces(ring), start);
  if (ring.hasOnlooker) core.reader_release(ring.address, onlookerAddress(ring), layout.READER_DETACHED);
}

function onlookerAddress(ring: RingDescription): number {
  return readerAddress(ring, ring.readers);
}

/** Looks at a stream until it is disposed. There may be one at a time. */
export class Onlooker implements Disposable {
  readonly #memory: SharedMemory;
  readonly #ring: RingDescription;
  readonly #place: number;
  readonly #stride: number;
  /** The position from which on the writer's claims tell what is whole. */
  readonly #joinedAt: bigint;
  /** What was looked at last: where it ends, and a copy that may still turn out to be torn. */
  #seen = 0n;
  #unproven: { readonly end: bigint; readonly result: unknown } | undefined;
  #copy: SharedArrayBuffer | undefined;

  /** Looks at a ring that has a place for it. */
  constructor(memory: SharedMemory, ring: RingDescription) {
    this.#memory = memory;
    this.#ring = ring;
    this.#place = onlookerAddress(ring);
    this.#stride = ring.frame!.stride;
    memory.core.reader_release(ring.address, this.#place, layout.READER_PASSING);
    // Ordering JOIN of ring.rs: the state before this load. A writer that has not seen the state yet spares what follows it.
    this.#joinedAt = this.#published;
  }

  get #published(): bigint {
    return Atomics.load(this.#memory.longs, (this.#ring.address + layout.RING_POSITION) / 8);
  }

  /** Frames that were published. */
  get frames(): number {
    return Number(this.#published / BigInt(this.#stride));
  }

  /** How many frames there were, up to the one that {@link look} has found last. */
  get lastSeen(): number {
    return Number(this.#seen / BigInt(this.#stride));
  }

  /** Whether the writer has published its last frame. */
  get hasEnded(): boolean {
    return isRingClosed(this.#memory, this.#ring);
  }

  /**
   * What `take` makes of the newest frame; `null` if there is none since the last look, or none could be had whole. A frame
   * from before this onlooker's time is proven whole at the look after the one that takes it.
   */
  look<Result>(take: TakeFrame<Result>): Result | null {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const end = this.#published;
      if (end <= this.#seen) return null;
      if (end <= this.#joinedAt) return this.#lookBack(end, take);
      const taken = this.#take(end, take);
      if (!taken) continue;
      this.#seen = end;
      return taken.result;
    }
    return null;
  }

  /** The frame that ends there, if it stays whole meanwhile. */
  #take<Result>(end: bigint, take: TakeFrame<Result>): { readonly result: Result } | null {
    const address = this.#stand(end);
    const { buffer } = this.#memory;
    const isSmall = this.#stride <= LARGEST_COPY;
    const early = isSmall ? this.#copyOf(address) : take(buffer, address);
    if (this.#advance() === codes.OVERTAKEN) return null;
    return { result: isSmall ? take(this.#copy!, 0) : early as Result };
  }

  #copyOf(address: number): void {
    this.#copy ??= new SharedArrayBuffer(this.#stride);
    new Uint8Array(this.#copy).set(this.#memory.bytes.subarray(address, address + this.#stride));
  }

  #advance(): number {
    return this.#memory.core.reader_advance(this.#ring.address, this.#place, this.#stride);
  }

  /** Goes to the frame that ends there. Its address. */
  #stand(end: bigint): number {
    const { longs, words } = this.#memory;
    const begin = end - BigInt(this.#stride);
    const offset = Number(begin % BigInt(this.#ring.capacity));
    words[(this.#place + layout.READER_OFFSET) / 4] = offset;
    Atomics.store(longs, (this.#place + layout.READER_POSITION) / 8, begin);
    return dataAddress(this.#ring) + offset;
  }

  /**
   * The frame before this onlooker's time: the writer did not announce what it overwrites. So it is taken now, and given at a
   * later look, if the writer cannot have come to it until then.
   */
  #lookBack<Result>(end: bigint, take: TakeFrame<Result>): Result | null {
    const earlier = this.#unproven;
    if (!earlier) {
      const taken = this.#take(end, take);
      if (taken) this.#unproven = { end, ...taken };
      return null;
    }
    if (earlier.end === end && !this.#mayOverwrite(end)) this.#seen = end;
    this.#unproven = undefined;
    return this.#seen === end ? earlier.result as Result : null;
  }

  /** Whether the writer may have begun to overwrite the frame that ends there. */
  #mayOverwrite(end: bigint): boolean {
    const { address, capacity } = this.#ring;
    if (this.hasEnded) return false;
    const { longs, words } = this.#memory;
    const spared = end - BigInt(this.#stride) + BigInt(capacity);
    // The writer goes neither beyond its readers' limit nor beyond the most it has ever looked at together.
    if (Atomics.load(longs, (address + layout.RING_LIMIT) / 8) <= spared) return false;
    const widest = Math.max(this.#stride, Atomics.load(words, (address + layout.RING_WIDEST) / 4));
    return this.#published + BigInt(widest) > spared;
  }

  /** Leaves. */
  [Symbol.dispose](): void {
    this.#memory.core.reader_release(this.#ring.address, this.#place, layout.READER_DETACHED);
  }
}
