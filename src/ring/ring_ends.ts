/** The two ends of a ring, as the public handles use them: lengths in bytes, offsets into the data area. */

import { codes, layout } from "./core.generated.ts";
import type { Core } from "./core.ts";
import { readerAddress, type RingDescription } from "./description.ts";
import { StoppedError } from "../errors.ts";
import { RefreshPacer } from "./refresh_pacer.ts";
import type { Doorbell } from "./doorbell.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { Source } from "./source.ts";
import {
  type AsyncWaitOptions,
  checkTimeout,
  checkWaitOptions,
  type Waitable,
  Waiter,
  type WaiterOptions,
  type WaitObserver,
} from "./waiting.ts";

/** What a handle is opened with. */
export interface HandleOptions extends WaiterOptions {
  /** Makes what the handle throws once the pipeline is told to stop. */
  stopReason?: () => Error;
  /** Whether the thread may block. False on the main thread. */
  mayBlock?: boolean;
  /** The thread's doorbell: without one, the handle cannot be selected. */
  doorbell?: Doorbell;
}

/** A core whose every function throws: what a closed handle works with, so that open ones need not check. */
function closedCore(message: string): Core {
  return new Proxy({} as Core, {
    get: () => () => {
      throw new Error(message);
    },
  });
}

export abstract class End implements Source {
  core: Core;
  readonly name: string;
  readonly ring: number;
  readonly capacity: number;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Bytes found by the last look, 0 once they are consumed or published. */
  held = 0;
  /** Bytes that are ready or not when the end is selected: a frame, or one byte. */
  readonly unit: number;
  readonly doorbell: Doorbell | undefined;
  readonly observer: WaitObserver | undefined;
  chosen = 0;
  readonly #openCore: Core;
  readonly #waiter: Waiter;
  readonly #stopReason: () => Error;
  readonly #mayBlock: boolean;

  constructor(memory: SharedMemory, ring: RingDescription, options: HandleOptions) {
    this.name = ring.name;
    this.core = this.#openCore = memory.core;
    this.ring = ring.address;
    this.capacity = ring.capacity;
    this.words = memory.words;
    this.unit = ring.frame?.stride ?? 1;
    this.doorbell = options.doorbell;
    this.observer = options.observer;
    this.#waiter = new Waiter(this.waitable(), ring.wait, options);
    this.#stopReason = options.stopReason ?? (() => new StoppedError("The pipeline was stopped"));
    this.#mayBlock = options.mayBlock ?? true;
  }

  protected abstract waitable(): Waitable;
  abstract watch(bell: number): boolean;
  protected abstract attemptMany(unit: number, least: number, most: number): number;
  /** Where the next bytes lie in the data area. */
  abstract readonly offset: number;
  protected abstract readonly action: string;

  /** What the slowest reader that holds the writer back has not yet consumed. Works on closed handles too. */
  get unread(): number {
    return this.#openCore.ring_unread(this.ring) >>> 0;
  }

  /** Waits, after an attempt at `length` bytes has ended with `code`. An offset, `NOT_READY` or `CLOSED`. */
  protected waitAfter(code: number, length: number, timeoutMs: number): number {
    checkTimeout(timeoutMs, this.#what);
    if (code !== codes.NOT_READY || timeoutMs === 0) return this.settle(code);
    if (!this.#mayBlock) {
      throw new TypeError(`Cannot ${this.#what}: the main thread must not block, use the async method`);
    }
    return this.settle(this.#waiter.block(length, timeoutMs));
  }

  /** Finds as many of the next bytes as there are: a multiple of `unit`, from `least` to `most`, or a negative code. */
  lookMany(unit: number, least: number, most: number, timeoutMs: number): number {
    let length = this.attemptMany(unit, least, most);
    if (length < 0 || !(timeoutMs >= 0)) {
      length = this.waitAfter(length, least, timeoutMs);
      if (length >= 0) length = this.settle(this.attemptMany(unit, least, most));
    }
    this.held = Math.max(length, 0);
    return length;
  }

  /**
   * Finds `length` bytes without blocking the thread, and hands their offset, or a negative code, to `take` at once.
   */
  async lookAsync<Result>(
    length: number,
    options: AsyncWaitOptions,
    take: (offset: number) => Result,
  ): Promise<Result> {
    checkWaitOptions(this.#what, options);
    const { timeoutMs = Infinity, signal } = options;
    const found = (code: number) => {
      // Only a successful wait may set `held`: a late time-out must not undo a look() made meanwhile.
      if (code >= 0) this.held = length;
      return take(this.settle(code));
    };
    return await this.#waiter.promise(length, timeoutMs, found, signal);
  }

  /** A 64-bit count at an address, which the caller's thread writes. */
  protected countAt(address: number): number {
    const at = address / 4;
    return (this.words[at] >>> 0) + (this.words[at + 1] >>> 0) * 2 ** 32;
  }

  get #what(): string {
    return `${this.action} "${this.name}"`;
  }

  /** Passes a code on, unless it says that the pipeline was told to stop. */
  protected settle(code: number): number {
    if (code === codes.STOPPED) throw this.#stopReason();
    return code;
  }

  /** The length of the last look, which is done with now. */
  protected takeHeld(): number {
    const { held } = this;
    if (held === 0) throw new Error(`Cannot increment after ${this.#what}: look() has found no frame before`);
    this.held = 0;
    return held;
  }

  protected get openCore(): Core {
    return this.#openCore;
  }

  protected shut(message: string): void {
    this.held = 0;
    this.core = closedCore(message);
    this.#waiter.disturb();
    this.doorbell?.disturb();
  }

  /** Whether this handle was closed. */
  get isShut(): boolean {
    return this.core !== this.#openCore;
  }
}

/** The reading end: everything that its thread can do. */
export class ReaderEnd extends End {
  readonly reader: number;
  protected readonly action = "read";

  constructor(memory: SharedMemory, ring: RingDescription, index: number, options: HandleOptions = {}) {
    super(memory, ring, options);
    this.reader = readerAddress(ring, index);
  }

  protected waitable(): Waitable {
    return {
      words: this.words,
      waiters: (this.ring + layout.RING_DATA_WAITERS) / 4,
      attempt: (length) => this.core.reader_look(this.ring, this.reader, length),
      park: (length, spins, nanoseconds) => this.core.reader_wait(this.ring, this.reader, length, spins, nanoseconds),
      prepare: (length) => this.core.reader_prepare_wait(this.ring, this.reader, length),
    };
  }

  /** Whether a frame (a byte) is there, or the end. */
  watch(bell: number): boolean {
    return this.core.reader_watch(this.ring, this.reader, this.unit, bell) === 1;
  }

  /** Offset of the next `length` bytes, or a negative code. */
  look(length: number, timeoutMs: number): number {
    let offset = this.core.reader_look(this.ring, this.reader, length);
    if (offset < 0 || !(timeoutMs >= 0)) offset = this.waitAfter(offset, length, timeoutMs);
    this.held = offset < 0 ? 0 : length;
    return offset;
  }

  /** Consumes what `look` has found. False if it was overtaken. */
  increment(): boolean {
    return this.core.reader_advance(this.ring, this.reader, this.takeHeld()) !== codes.OVERTAKEN;
  }

  /** Consumes what was looked at, if anything, and waits for the next `length` bytes: their offset, or a negative code. */
  next(length: number): number {
    const { held } = this;
    if (held === 0) return this.look(length, Infinity);
    let offset = this.core.reader_next(this.ring, this.reader, held, length);
    if (offset < 0) {
      this.held = 0;
      offset = this.waitAfter(offset, length, Infinity);
    }
    this.held = offset < 0 ? 0 : length;
    return offset;
  }

  protected attemptMany(unit: number, least: number, most: number): number {
    return this.core.reader_look_many(this.ring, this.reader, unit, least, most);
  }

  get offset(): number {
    return this.words[(this.reader + layout.READER_OFFSET) / 4];
  }

  /** Copies the next `length` bytes to the address `to`. False if they are not there, or were overtaken. */
  read(to: number, length: number, timeoutMs: number): boolean {
    if (!(timeoutMs >= 0)) this.waitAfter(codes.DONE, length, timeoutMs);
    this.held = 0;
    const code = this.core.reader_read(this.ring, this.reader, to, length);
    return code === codes.DONE || this.#readAfter(code, to, length, timeoutMs);
  }

  #readAfter(code: number, to: number, length: number, timeoutMs: number): boolean {
    if (code === codes.OVERTAKEN || this.waitAfter(code, length, timeoutMs) < 0) return false;
    // It is there now, but the stop may have come, or the writer overtaken this reader.
    return this.settle(this.core.reader_read(this.ring, this.reader, to, length)) === codes.DONE;
  }

  /** Leaves out what is older than the newest `length` bytes. Returns how many bytes that were. */
  skip(length: number): number {
    this.held = 0;
    return this.settle(this.core.reader_skip(this.ring, this.reader, length));
  }

  setBlocking(blocking: boolean): void {
    if (typeof blocking !== "boolean") {
      const received = Deno.inspect(blocking);
      throw new TypeError(`Cannot set whether "${this.name}" blocks: expected true or false, received ${received}`);
    }
    if (blocking === this.isBlocking) return;
    this.held = 0;
    if (blocking) this.core.reader_rejoin(this.ring, this.reader);
    else this.core.reader_release(this.ring, this.reader, layout.READER_PASSING);
  }

  get isBlocking(): boolean {
    return Atomics.load(this.words, (this.reader + layout.READER_STATE) / 4) === layout.READER_BLOCKING;
  }

  get lost(): number {
    return this.countAt(this.reader + layout.READER_LOST);
  }

  get closed(): boolean {
    return this.core !== this.openCore || this.core.reader_is_closed(this.ring, this.reader) === 1;
  }

  close(): void {
    this.openCore.reader_release(this.ring, this.reader, layout.READER_DETACHED);
    this.shut(`Cannot read "${this.name}": this reader is closed`);
  }
}

/** The writing end: everything that its thread can do. */
export class WriterEnd extends End {
  /** How long `write()` waits unless told otherwise: without bound where the thread may block. */
  readonly patienceMs: number;
  readonly #pacer: RefreshPacer;
  protected readonly action = "write";

  constructor(memory: SharedMemory, ring: RingDescription, options: HandleOptions = {}) {
    super(memory, ring, options);
    this.patienceMs = options.mayBlock === false ? 0 : Infinity;
    this.#pacer = new RefreshPacer(ring.refresh);
    this.refresh();
  }

  protected waitable(): Waitable {
    return {
      words: this.words,
      waiters: (this.ring + layout.RING_SPACE_WAITERS) / 4,
      attempt: (length) => this.core.writer_look(this.ring, length),
      park: (length, spins, nanoseconds) => this.core.writer_wait(this.ring, length, spins, nanoseconds),
      prepare: (length) => this.core.writer_prepare_wait(this.ring, length),
    };
  }

  /** Whether there is room for a frame (a byte). */
  watch(bell: number): boolean {
    return this.core.writer_watch(this.ring, this.unit, bell) === 1;
  }

  /** Offset of the next `length` bytes to fill, or a negative code. */
  look(length: number, timeoutMs: number): number {
    let offset = this.core.writer_look(this.ring, length);
    if (offset < 0 || !(timeoutMs >= 0)) offset = this.waitAfter(offset, length, timeoutMs);
    this.held = offset < 0 ? 0 : length;
    return offset;
  }

  /** Publishes what `look` has found room for. */
  increment(): void {
    if (this.core.writer_advance(this.ring, this.takeHeld()) === codes.REFRESH_DUE) this.refresh();
  }

  protected attemptMany(unit: number, least: number, most: number): number {
    return this.core.writer_look_many(this.ring, unit, least, most);
  }

  get offset(): number {
    return this.words[(this.ring + layout.RING_OFFSET) / 4];
  }

  /** Counts bytes that a caller wanted to write and that found no room in time. Returns false. */
  refuse(length: number): false {
    const at = (this.ring + layout.RING_REFUSED) / 4;
    const low = (this.words[at] >>> 0) + length;
    this.words[at] = low;
    if (low >= 2 ** 32) this.words[at + 1]++;
    return false;
  }

  /** Bytes that found no room in time. */
  get refused(): number {
    return this.countAt(this.ring + layout.RING_REFUSED);
  }

  /** Copies `length` bytes from the address `from` and publishes them. False if there is no room. */
  write(from: number, length: number, timeoutMs: number): boolean {
    if (!(timeoutMs >= 0)) this.waitAfter(codes.DONE, length, timeoutMs);
    this.held = 0;
    const code = this.core.writer_write(this.ring, from, length);
    return code === codes.DONE || this.#writeAfter(code, from, length, timeoutMs);
  }

  #writeAfter(code: number, from: number, length: number, timeoutMs: number): boolean {
    if (code < 0) {
      if (this.waitAfter(code, length, timeoutMs) < 0) return this.refuse(length);
      // There is room now, but the stop may have come.
      code = this.settle(this.core.writer_write(this.ring, from, length));
    }
    if (code === codes.REFRESH_DUE) this.refresh();
    return true;
  }

  /** Looks at the readers now, and plans the next look. */
  refresh(): void {
    this.core.writer_refresh(this.ring, this.#pacer.next());
  }

  /** How often the writer has looked at its readers. */
  get scans(): number {
    return this.words[(this.ring + layout.RING_SCANS) / 4] >>> 0;
  }

  /** End of stream. Closing twice changes nothing. */
  close(): void {
    this.openCore.writer_close(this.ring);
    this.shut(`Cannot write "${this.name}": its writer is closed`);
  }
}
