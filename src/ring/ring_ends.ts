/** The two ends of a ring, as the public handles use them: lengths in bytes, offsets into the data area. */

import { codes, layout } from "./core.generated.ts";
import type { Core } from "./core.ts";
import { dataAddress, readerAddress, type RingDescription } from "./description.ts";
import { StoppedError } from "../errors.ts";
import { forgive, keep, owe, type Owing } from "./owed_frames.ts";
import type { OwnStop } from "./own_stop.ts";
import { consumedBytes, isRingAbandoned } from "./ring_figures.ts";
import { RefreshPacer } from "./refresh_pacer.ts";
import type { Doorbell } from "./doorbell.ts";
import { Deadline } from "./deadline.ts";
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
  /**
   * Whether a frame that a loop was left with stays in the ring until the reader is used again, or its task returns: a
   * successor of a task that has crashed gets it then.
   */
  owes?: boolean;
  /** Called once when the handle is closed. */
  onClose?: () => void;
}

/** A core whose every function throws: what a closed handle works with, so that open ones need not check. */
export function closedCore(message: string): Core {
  return new Proxy({} as Core, {
    get: () => () => {
      throw new Error(message);
    },
  });
}

/** What both ends of a ring have in common. */
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
  call = 0;
  readonly #openCore: Core;
  readonly #waiter: Waiter;
  readonly #stopReason: () => Error;
  protected readonly mayBlock: boolean;

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
    this.mayBlock = options.mayBlock ?? true;
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
    checkTimeout(timeoutMs, this.what);
    if (code !== codes.NOT_READY || timeoutMs === 0) return this.settle(code);
    if (!this.mayBlock) {
      throw new TypeError(`Cannot ${this.what}: the main thread must not block, use the async method`);
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
    checkWaitOptions(this.what, options);
    const { timeoutMs = Infinity, signal } = options;
    const found = (code: number) => {
      // Only a successful wait may set `held`: a late time-out must not undo a look() made meanwhile.
      if (code >= 0) this.found(length);
      return take(this.settle(code));
    };
    return await this.#waiter.promise(length, timeoutMs, found, signal);
  }

  /** A 64-bit count at an address, which the caller's thread writes. */
  protected countAt(address: number): number {
    const at = address / 4;
    return (this.words[at] >>> 0) + (this.words[at + 1] >>> 0) * 2 ** 32;
  }

  protected get what(): string {
    return `${this.action} "${this.name}"`;
  }

  /** An async wait has found bytes. */
  protected found(length: number): void {
    this.held = length;
  }

  /** Passes a code on, unless it says that the pipeline was told to stop. */
  protected settle(code: number): number {
    if (code === codes.STOPPED) throw this.#stopReason();
    return code;
  }

  /** The length of the last look, which is done with now. */
  protected takeHeld(): number {
    const { held } = this;
    if (held === 0) throw new Error(`Cannot increment after ${this.what}: look() has found no frame before`);
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

  /** Does nothing more, and leaves the ring as it is: another thread goes on. Returns the bytes in hand. */
  desert(): number {
    if (!this.isShut) this.shut(`Cannot use "${this.name}": its task has failed, and goes on in another worker`);
    return 0;
  }

  /** Whether this handle was closed. */
  get isShut(): boolean {
    return this.core !== this.#openCore;
  }
}

/** The offsets beyond the data area that stand for a reader's own slots. */
type OwnSlot = 0 | 1;
/** Of what `look()` has found. */
const LOOKED: OwnSlot = 0;
/** Of what a loop has handed out. */
const LOOPED: OwnSlot = 1;

/** How often a reader that may not wait tries to copy a frame that the writer keeps overtaking. */
const MOST_TRIES = 100;

/**
 * The reading end: everything that its thread can do.
 *
 * A frame that a loop has handed out stays in the ring while the loop's body works with it, so that the array stays whole;
 * calls in the body go on behind it. Only where the ring cannot hold both is it consumed first. A reader that does not hold
 * its writer back gets copies in slots of its own instead.
 */
export class ReaderEnd extends End implements Owing {
  readonly reader: number;
  protected readonly action = "read";
  /** Whether nothing is kept for a loop and the writer is held back: the usual case, and the quick one. */
  isPlain: boolean;
  readonly #isLatest: boolean;
  readonly #owes: boolean;
  readonly #memory: SharedMemory;
  readonly #data: number;
  readonly #onClose: (() => void) | undefined;
  #isPassing: boolean;
  #isShut = false;
  /** Bytes from the position on that loops and calls in their bodies have had, 0 to the capacity. */
  #kept = 0;
  /** The loop that has handed out the first of them. */
  #loop: object | null = null;
  /** Whether that loop was left. */
  #isOwed = false;
  /** Whether a loop has its frame in a slot of this reader's own. */
  #isHandedAside = false;
  readonly #ownSlots: SharedArrayBuffer[] = [];

  constructor(
    memory: SharedMemory,
    ring: RingDescription,
    { index, isLatest = false }: { readonly index: number; readonly isLatest?: boolean },
    options: HandleOptions = {},
  ) {
    super(memory, ring, options);
    this.reader = readerAddress(ring, index);
    this.#memory = memory;
    this.#data = dataAddress(ring);
    this.#isLatest = isLatest;
    this.#owes = options.owes ?? false;
    this.#onClose = options.onClose;
    this.#isPassing = Atomics.load(this.words, (this.reader + layout.READER_STATE) / 4) === layout.READER_PASSING;
    this.isPlain = !this.#isPassing;
  }

  protected waitable(): Waitable {
    return {
      words: this.words,
      waiters: (this.ring + layout.RING_DATA_WAITERS) / 4,
      attempt: (length) => this.#attempt(length),
      park: (length, spins, nanoseconds) =>
        this.core.reader_wait(this.ring, this.reader, this.#reach(length), spins, nanoseconds),
      prepare: (length) => this.core.reader_prepare_wait(this.ring, this.reader, this.#reach(length)),
    };
  }

  /** Whether a frame (a byte) is there, or the end. */
  watch(bell: number): boolean {
    return this.core.reader_watch(this.ring, this.reader, this.#reach(this.unit), bell) === 1;
  }

  /** How many bytes from the position on must be there for `length` new ones. Consumes what cannot be kept any longer. */
  #reach(length: number): number {
    if (this.#isOwed || this.#kept + length > this.capacity) this.release();
    return this.#kept + length;
  }

  /** Offset of `length` bytes behind what is kept, or a negative code. */
  #attempt(length: number): number {
    const code = this.core.reader_look(this.ring, this.reader, this.#reach(length));
    return code < 0 ? code : this.#behindKept(code);
  }

  #behindKept(offset: number): number {
    const behind = offset + this.#kept;
    return behind < this.capacity ? behind : behind - this.capacity;
  }

  /** Consumes everything that is kept. */
  release(): void {
    const kept = this.#kept;
    this.#kept = 0;
    this.#loop = null;
    this.#isOwed = false;
    this.isPlain = !this.#isPassing;
    forgive(this);
    if (kept > 0 && !this.#isShut) this.core.reader_advance(this.ring, this.reader, kept);
  }

  /** Offset of the next `length` bytes, or a negative code. */
  look(length: number, timeoutMs: number): number {
    return this.isPlain ? this.lookPlain(length, timeoutMs) : this.#lookOtherwise(length, timeoutMs);
  }

  /** As {@link look}, of a reader that is plain. */
  lookPlain(length: number, timeoutMs: number): number {
    let offset = this.core.reader_look(this.ring, this.reader, length);
    if (offset < 0 || !(timeoutMs >= 0)) offset = this.waitAfter(offset, length, timeoutMs);
    this.held = offset < 0 ? 0 : length;
    return offset;
  }

  #lookOtherwise(length: number, timeoutMs: number): number {
    if (this.#isPassing) return this.#lookAside(length, timeoutMs);
    let offset = this.#attempt(length);
    if (offset < 0 || !(timeoutMs >= 0)) offset = this.waitAfter(offset, length, timeoutMs);
    this.held = offset < 0 ? 0 : length;
    return offset;
  }

  protected override found(length: number): void {
    if (!this.#isPassing) this.held = length;
  }

  override async lookAsync<Result>(
    length: number,
    options: AsyncWaitOptions,
    take: (offset: number) => Result,
  ): Promise<Result> {
    if (!this.#isPassing) return await super.lookAsync(length, options, take);
    if (this.held === length) return take(this.#lookAside(length, 0));
    this.held = 0;
    const until = new Deadline(options.timeoutMs);
    for (;;) {
      // What the wait finds may be overtaken before it is copied.
      const code = await super.lookAsync(length, until.rest(options), (offset) => {
        return offset < 0 ? offset : this.#lookAside(length, 0);
      });
      if (code !== codes.NOT_READY || until.isOver) return take(code);
    }
  }

  /** Consumes what {@link lookPlain} has just found. */
  consume(): void {
    this.core.reader_advance(this.ring, this.reader, this.held);
    this.held = 0;
  }

  /** Consumes what `look` has found. */
  increment(): boolean {
    if (!this.isPlain) return this.#incrementOtherwise();
    return this.core.reader_advance(this.ring, this.reader, this.takeHeld()) !== codes.OVERTAKEN;
  }

  #incrementOtherwise(): boolean {
    if (this.#isPassing) this.#passLooked();
    // Without a look since, it is the frame of the loop that the body has done with.
    else if (this.held === 0 && this.#kept > 0 && !this.#isOwed) this.release();
    else this.#keepLooked();
    return true;
  }

  #keepLooked(): void {
    const held = this.takeHeld();
    this.#kept += held;
  }

  /** Consumes the frame of this round of a loop, and waits for the next `length` bytes: their offset, or a negative code. */
  next(loop: object, length: number): number {
    if (this.#loop !== loop || this.#kept !== length) return this.#nextOtherwise(loop, length);
    this.held = 0;
    const offset = this.core.reader_next(this.ring, this.reader, length, length);
    return offset >= 0 ? offset : this.#nextAfter(offset, loop, length);
  }

  /** The frame of the last round is consumed, and there is no other yet. */
  #nextAfter(code: number, loop: object, length: number): number {
    this.#kept = 0;
    this.release();
    const offset = this.waitAfter(code, length, Infinity);
    if (offset >= 0) this.#handOut(loop, length);
    return offset;
  }

  #nextOtherwise(loop: object, length: number): number {
    if (this.#isShut) return codes.CLOSED;
    if (this.#isPassing) return this.#handAside(length);
    this.#beginRound(loop);
    const offset = this.look(length, Infinity);
    if (offset >= 0) this.#handOut(loop, length);
    return offset;
  }

  #handAside(length: number): number {
    this.#isHandedAside = false;
    const offset = this.#takeAside(LOOPED, length, Infinity);
    this.#isHandedAside = offset >= 0;
    return offset;
  }

  /** As {@link next}, without blocking the thread. */
  async nextAsync<Result>(loop: object, length: number, take: (offset: number) => Result): Promise<Result> {
    if (this.#isShut) return take(codes.CLOSED);
    if (this.#isPassing) return await this.#takeAsideAsync(length, take);
    this.#beginRound(loop);
    return await super.lookAsync(length, {}, (offset) => {
      if (offset >= 0) this.#handOut(loop, length);
      return take(offset);
    });
  }

  /** What a loop inside another one has handed out is kept until the outer one goes on. */
  #beginRound(loop: object): void {
    this.held = 0;
    if (this.#kept > 0 && (this.#loop === loop || this.#loop === null)) this.release();
  }

  #handOut(loop: object, length: number): void {
    if (this.#kept === 0) {
      this.#loop = loop;
      if (this.#owes) keep(this);
    }
    this.#kept += length;
    this.held = 0;
    this.isPlain = false;
  }

  /** A loop is left, by its end, a `break` or a throw. */
  leave(loop: object): void {
    this.#isHandedAside = false;
    if (this.#loop !== loop || this.#kept === 0) return;
    this.#loop = null;
    if (!this.#owes) return this.release();
    this.#isOwed = true;
    owe(this);
  }

  /** Whether a loop over this reader ends by an error, instead of throwing it. */
  endsQuietly(error: unknown): boolean {
    return this.#isShut || error instanceof StoppedError && !this.mayBlock;
  }

  protected attemptMany(unit: number, least: number, most: number): number {
    if (this.isPlain) return this.core.reader_look_many(this.ring, this.reader, unit, least, most);
    const reach = this.#reach(least);
    const kept = this.#kept;
    const found = this.core.reader_look_many(this.ring, this.reader, unit, reach, Math.min(kept + most, this.capacity));
    return found < 0 ? found : found - kept;
  }

  override lookMany(unit: number, least: number, most: number, timeoutMs: number): number {
    if (!this.#isPassing) return super.lookMany(unit, least, most, timeoutMs);
    if (most > unit) {
      const reason = "lookMany() beyond one frame needs a reader that holds its writer back";
      throw new RangeError(`Cannot ${this.what}: ${reason}, received ${most / unit}`);
    }
    return this.look(unit, timeoutMs) < 0 ? codes.NOT_READY : unit;
  }

  get offset(): number {
    if (this.#isPassing) return this.capacity;
    const offset = this.words[(this.reader + layout.READER_OFFSET) / 4];
    return this.isPlain ? offset : this.#behindKept(offset);
  }

  /** Copies the next `length` bytes to the address `to`. False if they are not there. */
  read(to: number, length: number, timeoutMs: number): boolean {
    if (!(timeoutMs >= 0)) this.waitAfter(codes.DONE, length, timeoutMs);
    if (!this.isPlain) return this.readBy(length, timeoutMs, (offset) => this.#copyOut(offset, to, length));
    this.held = 0;
    const code = this.core.reader_read(this.ring, this.reader, to, length);
    return code === codes.DONE || this.#readAfter(code, to, length, timeoutMs);
  }

  #copyOut(offset: number, to: number, length: number): void {
    const from = this.#data + offset;
    this.#memory.bytes.copyWithin(to, from, from + length);
  }

  #readAfter(code: number, to: number, length: number, timeoutMs: number): boolean {
    if (this.waitAfter(code, length, timeoutMs) < 0) return false;
    // It is there now, but the stop may have come.
    return this.settle(this.core.reader_read(this.ring, this.reader, to, length)) === codes.DONE;
  }

  /** Finds the next `length` bytes, has `copy` copy them from their offset, and consumes them. False if there are none. */
  readBy(length: number, timeoutMs: number, copy: (offset: number) => void): boolean {
    if (this.#isPassing) return this.#takeWhole(length, timeoutMs, copy) >= 0;
    const offset = this.look(length, timeoutMs);
    if (offset < 0) return false;
    copy(offset);
    return this.increment();
  }

  /** Copies and consumes the next `length` bytes of a reader that the writer may overtake. 0, or a negative code. */
  #takeWhole(length: number, timeoutMs: number, copy: (offset: number) => void): number {
    this.held = 0;
    checkTimeout(timeoutMs, this.what);
    const until = new Deadline(timeoutMs);
    for (let tries = 1;; tries++) {
      if (this.#isLatest) this.core.reader_skip(this.ring, this.reader, length);
      const offset = this.core.reader_look(this.ring, this.reader, length);
      if (offset < 0) {
        const found = this.waitAfter(offset, length, until.leftMs);
        if (found < 0) return found;
        continue;
      }
      copy(offset);
      if (this.core.reader_advance(this.ring, this.reader, length) !== codes.OVERTAKEN) return codes.DONE;
      if (tries >= MOST_TRIES && until.isOver) return codes.NOT_READY;
    }
  }

  /** Copies the next `length` bytes into a slot of its own, and consumes them. The slot's offset, or a negative code. */
  #takeAside(slot: OwnSlot, length: number, timeoutMs: number): number {
    const own = new Uint8Array(this.ownSlot(slot, length));
    const code = this.#takeWhole(length, timeoutMs, (offset) => {
      const beforeWrap = Math.min(length, this.capacity - offset), from = this.#data + offset;
      own.set(this.#memory.bytes.subarray(from, from + beforeWrap));
      own.set(this.#memory.bytes.subarray(this.#data, this.#data + length - beforeWrap), beforeWrap);
    });
    return code < 0 ? code : this.capacity + slot * length;
  }

  async #takeAsideAsync<Result>(length: number, take: (offset: number) => Result): Promise<Result> {
    for (;;) {
      const code = await super.lookAsync(length, {}, (offset) => {
        return offset < 0 ? offset : this.#takeAside(LOOPED, length, 0);
      });
      if (code !== codes.NOT_READY) return take(code);
    }
  }

  /** As {@link look}, into the reader's own slot. The same bytes come again until they are consumed. */
  #lookAside(length: number, timeoutMs: number): number {
    if (this.held === length) return this.settle(this.#memory.stopped ? codes.STOPPED : this.capacity);
    const code = this.#takeAside(LOOKED, length, timeoutMs);
    if (code < 0) return code;
    this.#move(-length);
    this.held = length;
    return code;
  }

  /** Consumes what was looked at. It was whole, even if it is overtaken by now. */
  #passLooked(): void {
    if (this.held === 0 && this.#isHandedAside) this.#isHandedAside = false;
    else this.#move(this.takeHeld());
  }

  /** Has the next look of a reader that may be overtaken look anew. */
  forgetLooked(): void {
    if (this.#isPassing) this.held = 0;
  }

  /** @throws {Error} If this reader is closed. */
  checkOpen(): void {
    if (this.#isShut) this.core.reader_is_closed(this.ring, this.reader);
  }

  /** Moves the position of a reader that the writer does not look at. */
  #move(length: number): void {
    const { longs } = this.#memory, { capacity } = this;
    const position = this.reader + layout.READER_POSITION, offset = (this.reader + layout.READER_OFFSET) / 4;
    Atomics.store(longs, position / 8, Atomics.load(longs, position / 8) + BigInt(length));
    this.words[offset] = (this.words[offset] + length + capacity) % capacity;
  }

  /** The memory of a slot of its own, for at least `length` bytes. */
  ownSlot(slot: number, length: number): SharedArrayBuffer {
    const known = this.#ownSlots[slot];
    if (known !== undefined && known.byteLength >= length) return known;
    return this.#ownSlots[slot] = new SharedArrayBuffer(length);
  }

  /** Leaves out what is older than the newest `length` bytes. Returns how many bytes that were. */
  skip(length: number): number {
    this.held = 0;
    if (this.#kept > 0) this.release();
    return this.settle(this.core.reader_skip(this.ring, this.reader, length));
  }

  setBlocking(blocking: boolean): void {
    if (typeof blocking !== "boolean") {
      const received = Deno.inspect(blocking);
      throw new TypeError(`Cannot set whether "${this.name}" blocks: expected true or false, received ${received}`);
    }
    if (blocking === this.isBlocking) return;
    this.held = 0;
    this.release();
    if (blocking) this.core.reader_rejoin(this.ring, this.reader);
    else this.core.reader_release(this.ring, this.reader, layout.READER_PASSING);
    this.#isPassing = !blocking;
    this.isPlain = blocking;
  }

  get isBlocking(): boolean {
    return Atomics.load(this.words, (this.reader + layout.READER_STATE) / 4) === layout.READER_BLOCKING;
  }

  /** Bytes that are there and that this reader has not had. */
  get available(): number {
    if (this.#isShut) return 0;
    const { longs } = this.#memory;
    const written = Atomics.load(longs, (this.ring + layout.RING_POSITION) / 8);
    return Number(written - Atomics.load(longs, (this.reader + layout.READER_POSITION) / 8)) - this.#kept;
  }

  /** Whether the writer has published its last byte. */
  get hasEnded(): boolean {
    return Atomics.load(this.words, (this.ring + layout.RING_CLOSED) / 4) !== 0;
  }

  get lost(): number {
    return this.countAt(this.reader + layout.READER_LOST);
  }

  get closed(): boolean {
    if (this.#isShut) return true;
    if (this.#kept > 0) return this.hasEnded && this.available === 0;
    return this.core.reader_is_closed(this.ring, this.reader) === 1;
  }

  override desert(): number {
    const inHand = this.#isShut || this.#isPassing ? 0 : this.#kept + this.held;
    this.#isShut = true;
    super.desert();
    this.release();
    return inHand;
  }

  close(): void {
    if (this.#isShut) return;
    this.release();
    this.#isShut = true;
    this.#isPassing = false;
    this.isPlain = true;
    this.openCore.reader_release(this.ring, this.reader, layout.READER_DETACHED);
    this.shut(`Cannot read "${this.name}": this reader is closed`);
    this.#onClose?.();
  }
}

/** The writing end: everything that its thread can do. */
export class WriterEnd extends End {
  /** How long `write()` waits unless told otherwise: without bound where the thread may block. */
  readonly patienceMs: number;
  readonly #pacer: RefreshPacer;
  readonly #memory: SharedMemory;
  readonly #description: RingDescription;
  readonly #ownStop: OwnStop | undefined;
  protected readonly action = "write";

  constructor(memory: SharedMemory, ring: RingDescription, options: HandleOptions = {}) {
    super(memory, ring, options);
    this.patienceMs = options.mayBlock === false ? 0 : Infinity;
    this.#memory = memory;
    this.#description = ring;
    this.#ownStop = options.ownStop;
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

  /** Resolves once the pipeline is told to stop, to what is thrown then. */
  async whenStopped(): Promise<unknown> {
    await this.#memory.whenStopped();
    try {
      return this.settle(codes.STOPPED);
    } catch (error) {
      return error;
    }
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

  /** Up to which byte the readers have consumed the ring. */
  get consumed(): number {
    return consumedBytes(this.#memory, this.#description);
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
    if (this.#ownStop?.reaches(this, true)) this.#tellStop();
  }

  /** Has the next call that looks for room find that the task was told to stop. */
  #tellStop(): void {
    const told = (): number => {
      this.core = this.openCore;
      // What abandons a task stays so; of a drain it is told once.
      if (this.#ownStop!.reaches(this, true)) this.#tellStop();
      return codes.STOPPED;
    };
    this.core = { ...this.openCore, writer_look: told, writer_look_many: told, writer_write: told };
  }

  /** Whether the stream had readers and has none any more. */
  get isAbandoned(): boolean {
    return isRingAbandoned(this.#memory, this.#description);
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
