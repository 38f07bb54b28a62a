/**
 * What all threads know of the input of a kernel that shares its worker: how full it is, and whether it is closed. The messages
 * themselves lie in the worker's inbox, and then in its heap. Some words in shared memory.
 */

import { keepAlive } from "../../keep_alive.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";
import type { Band } from "../../ring/queue_description.ts";

// Bytes from the start of the words.

/** u32: messages that are queued, on their way to the worker or there. */
const DEPTH = 0;
/** u32: 1 once nothing more can be queued. */
const CLOSED = 4;
/** u32: changes whenever somebody may find room who waits for it. */
const ROOM = 8;
/** u32: who waits for room. */
const WAITING = 12;
/** u32 each: bytes that are queued in the four bands. */
const BYTES = 16;
/** u32: messages that lie in the worker's heap. Written by the worker. */
const HELD = 32;
/** u32: what has become of the kernel's output, see `lazy_output.ts`. */
export const GAUGE_OUTPUT = 36;
/** f64: messages that were taken. Written by the worker. */
const TAKEN = 40;
/** u64: messages that were dropped, by whomever. */
const DROPPED = 56;
/** f64: whose words these are, by the id of its mailbox: another kernel may get them when that one is forgotten. */
const OWNER = 64;

/** Bytes of a gauge. */
export const GAUGE_BYTES = 128;

/** How much an input takes. */
export interface InputLimits {
  /** The most messages. */
  readonly records: number;
  /** The most bytes in each band. */
  readonly bytes: number;
  /** The most urgent messages that find room beyond the most. */
  readonly urgentRecords: number;
}

/** A thread's handle on the words of one kernel's input. */
export class InputGauge {
  readonly limits: InputLimits;
  /** The kernel, by the id of its mailbox. */
  readonly kernel: number;
  readonly #memory: SharedMemory;
  readonly #address: number;

  constructor(memory: SharedMemory, address: number, kernel: number, limits: InputLimits) {
    this.limits = limits;
    this.kernel = kernel;
    this.#memory = memory;
    this.#address = address;
  }

  /** Makes the words a new kernel's, before anybody else knows of it. */
  reset(): void {
    const { bytes, doubles } = this.#memory;
    bytes.fill(0, this.#address, this.#address + GAUGE_BYTES);
    doubles[(this.#address + OWNER) / 8] = this.kernel;
  }

  #word(offset: number): number {
    return (this.#address + offset) / 4;
  }

  #load(offset: number): number {
    return Atomics.load(this.#memory.words, this.#word(offset)) >>> 0;
  }

  /** Whether the kernel is the one whose words these are: they are another one's when it is forgotten. */
  get isOwn(): boolean {
    return this.#memory.doubles[(this.#address + OWNER) / 8] === this.kernel;
  }

  /** Messages that are queued. As old as it is when it arrives. */
  get depth(): number {
    return this.isOwn ? this.#load(DEPTH) : 0;
  }

  /** Whether nothing more can be queued. */
  get closed(): boolean {
    return this.#load(CLOSED) === 1 || !this.isOwn;
  }

  /** From now on, nothing more can be queued. */
  close(): void {
    if (!this.isOwn) return;
    Atomics.store(this.#memory.words, this.#word(CLOSED), 1);
    this.#tellRoom();
  }

  /** The index of the word that says what has become of the kernel's output. */
  get outputWord(): number {
    return this.#word(GAUGE_OUTPUT);
  }

  /** Who waits on it is told by its worker. */
  wake(): void {}

  get taken(): number {
    return this.#memory.doubles[(this.#address + TAKEN) / 8];
  }

  get dropped(): number {
    return Number(Atomics.load(this.#memory.longs, (this.#address + DROPPED) / 8));
  }

  /** Counts a message that is taken. Called by the kernel's worker alone. */
  countTaken(count = 1): void {
    this.#memory.doubles[(this.#address + TAKEN) / 8] += count;
  }

  countDropped(): void {
    Atomics.add(this.#memory.longs, (this.#address + DROPPED) / 8, 1n);
  }

  /** Messages in the worker's heap. */
  get held(): number {
    return this.#load(HELD);
  }

  set held(count: number) {
    this.#memory.words[this.#word(HELD)] = count;
  }

  /** Claims room for a message. False if there is none. */
  claim(band: Band, bytes: number): boolean {
    const { words } = this.#memory;
    const { records, urgentRecords, bytes: mostBytes } = this.limits;
    const most = band === 3 ? records + urgentRecords : records;
    // Without a claim that would be given back: that tells those who wait, this call among them.
    const held = Atomics.load(words, this.#word(BYTES) + band);
    if (held !== 0 && held + bytes > mostBytes) return false;
    const depth = this.#word(DEPTH);
    for (let seen = words[depth];;) {
      if (seen >= most || !this.isOwn) return false;
      const found = Atomics.compareExchange(words, depth, seen, seen + 1);
      if (found === seen) break;
      seen = found;
    }
    const queued = Atomics.add(words, this.#word(BYTES) + band, bytes);
    if (queued === 0 || queued + bytes <= mostBytes) return true;
    this.release(band, bytes);
    return false;
  }

  /** Counts a message for which room is made. */
  claimAnyway(band: Band, bytes: number): void {
    Atomics.add(this.#memory.words, this.#word(DEPTH), 1);
    Atomics.add(this.#memory.words, this.#word(BYTES) + band, bytes);
  }

  /** A message is not queued any more. */
  release(band: Band, bytes: number): void {
    const { words } = this.#memory;
    Atomics.sub(words, this.#word(BYTES) + band, bytes);
    Atomics.sub(words, this.#word(DEPTH), 1);
    if (Atomics.load(words, this.#word(WAITING)) > 0) this.#tellRoom();
  }

  /** Messages that lay in the heap of a worker that has died are gone. */
  forgetHeld(): number {
    const { words } = this.#memory;
    const count = this.held;
    Atomics.sub(words, this.#word(DEPTH), count);
    for (let band = 0; band < 4; band++) Atomics.store(words, this.#word(BYTES) + band, 0);
    this.held = 0;
    return count;
  }

  #tellRoom(): void {
    Atomics.add(this.#memory.words, this.#word(ROOM), 1);
    Atomics.notify(this.#memory.words, this.#word(ROOM));
  }

  /** Resolves once there may be room: `attempt` is asked until it says so, or the time is up, or the input is closed. */
  async whenRoom(attempt: () => boolean, timeoutMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { words } = this.#memory;
    const until = performance.now() + timeoutMs;
    const abort = () => this.#tellRoom();
    signal?.addEventListener("abort", abort);
    Atomics.add(words, this.#word(WAITING), 1);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const seen = Atomics.load(words, this.#word(ROOM));
        if (attempt()) return true;
        const left = until - performance.now();
        if (left <= 0 || this.closed) return false;
        const { async, value } = Atomics.waitAsync(words, this.#word(ROOM), seen, left);
        if (async) await keepAlive(value);
      }
    } finally {
      Atomics.sub(words, this.#word(WAITING), 1);
      signal?.removeEventListener("abort", abort);
    }
  }
}
