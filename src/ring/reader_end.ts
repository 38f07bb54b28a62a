/** The reading end of a ring: everything that its thread can do. */

import { codes, layout } from "./core.generated.ts";
import type { RingDescription } from "./description.ts";
import type { HandleOptions } from "./end.ts";
import { forgive, keep, owe, type Owing } from "./owed_frames.ts";
import { PassingEnd, type WhichReader } from "./passing_end.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { StoppedError } from "../errors.ts";
import { isTimeout, SLICE_MS, type Waitable, type WaitOptions } from "./waiting.ts";
import { within } from "./within.ts";

/** Bytes that a loop, or a call in its body, has had. */
interface Hand {
  /** `null` for those that no loop will finish. */
  loop: object | null;
  readonly length: number;
  isDone: boolean;
}

/** A loop that waits by promises. */
export interface AsyncLoop {
  /** The loops that may be around it: in whose bodies it may have begun. */
  readonly around: ReadonlySet<object | null>;
  /** Whether its body has got the frame that was handed out last. */
  hasFrame: boolean;
  /** Whether it was left: it takes no frame any more. */
  isLeft: boolean;
}

/**
 * The reading end: everything that its thread can do.
 *
 * A frame that a loop has handed out stays in the ring while the loop's body works with it, so that the array stays whole;
 * calls in the body go on behind it. Only where the ring cannot hold both is it consumed first. A reader that does not hold
 * its writer back gets copies in slots of its own instead.
 */
export class ReaderEnd extends PassingEnd implements Owing {
  /** Whether nothing is kept for a loop and the writer is held back: the usual case, and the quick one. */
  isPlain: boolean;
  /** Whether its thread has closed it. */
  wasClosed = false;
  readonly #owes: boolean;
  readonly #onClose: (() => void) | undefined;
  /** Bytes from the position on that loops and calls in their bodies have had, 0 to the capacity. */
  #kept = 0;
  /** What they consist of, in order. Without any, it may hold the last one, for the next round of its loop. */
  readonly #hands: Hand[] = [];
  /** The loop that has handed out the first of them. */
  #loop: object | null = null;
  /** Whether a loop was left with some of them. */
  #isOwed = false;
  /** Resolves when less is kept, or the end was found. */
  #progress: PromiseWithResolvers<void> | undefined;

  constructor(memory: SharedMemory, ring: RingDescription, which: WhichReader, options: HandleOptions = {}) {
    super(memory, ring, which, options);
    this.#owes = options.owes ?? false;
    this.#onClose = options.onClose;
    this.isPlain = !this.isPassing;
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
    if (this.#isOwed) this.release();
    if (this.#kept + length > this.capacity) this.#releaseAll();
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

  /** Consumes what loops were left with. */
  release(): void {
    this.#isOwed = false;
    this.#finish(null);
  }

  /** Consumes everything that is kept. */
  #releaseAll(): void {
    this.#consume(this.#kept);
  }

  /** A loop has done with what it has handed out (`null`: with what loops were left with): it is consumed in order. */
  #finish(loop: object | null): void {
    if (this.#loop === loop && this.#hands.length === 1) return this.#releaseAll();
    for (const hand of this.#hands) if (hand.loop === loop) hand.isDone = true;
    let consumed = 0;
    while (this.#hands[0]?.isDone) consumed += this.#hands.shift()!.length;
    this.#consume(consumed);
  }

  #consume(bytes: number): void {
    this.#kept -= bytes;
    this.#goOn();
    if (bytes > 0 && !this.isShut) this.core.reader_advance(this.ring, this.reader, bytes);
    this.#loop = this.#kept > 0 ? this.#hands[0].loop : null;
    if (this.#kept > 0) return;
    this.#isOwed = false;
    this.isPlain = !this.isPassing;
    forgive(this);
  }

  /** Offset of the next `length` bytes, or a negative code. */
  look(length: number, timeoutMs: number): number {
    return this.isPlain ? this.lookPlain(length, timeoutMs) : this.#lookOtherwise(length, timeoutMs);
  }

  /** As {@link look}, of a reader that is plain. */
  lookPlain(length: number, timeoutMs: number): number {
    let offset = this.core.reader_look(this.ring, this.reader, length);
    if (offset < 0 || !isTimeout(timeoutMs)) offset = this.waitAfter(offset, length, timeoutMs);
    this.held = offset < 0 ? 0 : length;
    return offset;
  }

  #lookOtherwise(length: number, timeoutMs: number): number {
    if (this.isPassing) return this.lookAside(length, timeoutMs);
    let offset = this.#attempt(length);
    if (offset < 0 || !isTimeout(timeoutMs)) offset = this.waitAfter(offset, length, timeoutMs);
    this.held = offset < 0 ? 0 : length;
    return offset;
  }

  protected override found(length: number): void {
    if (!this.isPassing) this.held = length;
  }

  override async lookAsync<Result>(
    length: number,
    options: WaitOptions,
    take: (offset: number) => Result,
  ): Promise<Result> {
    if (this.isPassing) return await this.lookAsideAsync(length, options, take);
    return await super.lookAsync(length, options, take);
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
    if (this.isPassing) this.passLooked();
    // Without a look since, it is the frame of the loop that the body has done with.
    else if (this.held === 0 && this.#kept > 0 && !this.#isOwed) this.#releaseAll();
    else this.#keepLooked();
    return true;
  }

  #keepLooked(): void {
    const length = this.takeHeld();
    this.#keep(null, length);
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
    this.#releaseAll();
    const offset = this.waitAfter(code, length, Infinity);
    if (offset >= 0) this.#handOut(loop, length);
    return offset;
  }

  #nextOtherwise(loop: object, length: number): number {
    if (this.isShut) return codes.CLOSED;
    if (this.isPassing) return this.handAside(loop, length);
    this.#beginRound(loop);
    const offset = this.look(length, Infinity);
    if (offset >= 0) this.#handOut(loop, length);
    return offset;
  }

  /** Begins a loop for {@link nextAsync}. */
  beginAsync(): AsyncLoop {
    const inHand = this.#kept > 0 ? this.#hands.map(({ loop }) => loop) : [];
    const isInBody = (loop: object | null) => loop !== null && (loop as AsyncLoop).hasFrame !== false;
    return { around: new Set(inHand.filter(isInBody)), hasFrame: false, isLeft: false };
  }

  /** As {@link next}, without blocking the thread. */
  async nextAsync(loop: AsyncLoop, length: number): Promise<number> {
    if (this.isShut) return codes.CLOSED;
    if (this.isPassing) return await this.handAsideAsync(loop, length);
    this.#beginRound(loop);
    if (this.#mustWait(loop, length)) {
      await this.#untilRoom(loop, length);
      if (this.isShut) return codes.CLOSED;
    }
    return await super.lookAsync(length, {}, (offset) => {
      if (offset >= 0 && !loop.isLeft) this.#handOut(loop, length);
      else offset = this.#goOn();
      this.held = 0;
      return offset;
    });
  }

  /** Whether the ring is full of what loops beside this one, and not around it, still work with. */
  #mustWait({ around }: AsyncLoop, length: number): boolean {
    const awaited = this.pendingCalls * length;
    if (this.#kept + awaited + length <= this.capacity || this.isShut || this.memory.stopped) return false;
    if (this.#kept === 0) return awaited > 0;
    return this.#loop !== null && !around.has(this.#loop);
  }

  async #untilRoom(loop: AsyncLoop, length: number): Promise<void> {
    do {
      this.#progress ??= Promise.withResolvers();
      await within(this.#progress.promise, SLICE_MS);
    } while (this.#mustWait(loop, length));
  }

  /** Has others look again. What a call returns that has found nothing. */
  #goOn(): number {
    this.#progress?.resolve();
    this.#progress = undefined;
    return codes.CLOSED;
  }

  /** What a loop inside another one, or beside it, has handed out is kept: until the outer one goes on, or it does itself. */
  #beginRound(loop: object): void {
    this.held = 0;
    if (this.#isOwed) this.release();
    if (this.#kept > 0) this.#finish(loop);
  }

  #handOut(loop: object, length: number): void {
    if (this.#kept === 0) {
      this.#loop = loop;
      if (this.#owes) keep(this);
    }
    this.#keep(loop, length);
    this.held = 0;
    this.isPlain = false;
  }

  #keep(loop: object | null, length: number): void {
    const isLast = this.#hands.length === 1 && this.#hands[0].loop === loop;
    if (this.#kept > 0 || !isLast) {
      if (this.#kept === 0) this.#hands.length = 0;
      this.#hands.push({ loop, length, isDone: loop === null });
    }
    this.#kept += length;
  }

  /** A loop is left, by its end, a `break` or a throw. */
  leave(loop: object): void {
    this.leaveAside(loop);
    if (this.#kept === 0) return;
    if (!this.#owes) return this.#finish(loop);
    for (const hand of this.#hands) {
      if (hand.loop !== loop) continue;
      hand.loop = null;
      this.#isOwed = true;
    }
    if (this.#loop === loop) this.#loop = null;
    this.#goOn();
    if (this.#isOwed) owe(this);
  }

  /** Whether a loop over this reader ends by an error, instead of throwing it. */
  endsQuietly(error: unknown): boolean {
    return this.isShut || error instanceof StoppedError && !this.mayBlock;
  }

  protected attemptMany(unit: number, least: number, most: number): number {
    if (this.isPlain) return this.core.reader_look_many(this.ring, this.reader, unit, least, most);
    const reach = this.#reach(least);
    const kept = this.#kept;
    const found = this.core.reader_look_many(this.ring, this.reader, unit, reach, Math.min(kept + most, this.capacity));
    return found < 0 ? found : found - kept;
  }

  override lookMany(unit: number, least: number, most: number, timeoutMs: number): number {
    if (!this.isPassing) return super.lookMany(unit, least, most, timeoutMs);
    if (most > unit) {
      const reason = "lookMany() beyond one frame needs a reader that holds its writer back";
      throw new RangeError(`Cannot ${this.what}: ${reason}, received ${most / unit}`);
    }
    return this.look(unit, timeoutMs) < 0 ? codes.NOT_READY : unit;
  }

  get offset(): number {
    if (this.isPassing) return this.capacity;
    const offset = this.words[(this.reader + layout.READER_OFFSET) / 4];
    return this.isPlain ? offset : this.#behindKept(offset);
  }

  /** Copies the next `length` bytes to the address `to`. False if they are not there. */
  read(to: number, length: number, timeoutMs: number): boolean {
    if (!isTimeout(timeoutMs)) this.waitAfter(codes.DONE, length, timeoutMs);
    if (!this.isPlain) return this.readBy(length, timeoutMs, (offset) => this.copyOut(offset, to, length));
    this.held = 0;
    const code = this.core.reader_read(this.ring, this.reader, to, length);
    return code === codes.DONE || this.#readAfter(code, to, length, timeoutMs);
  }

  #readAfter(code: number, to: number, length: number, timeoutMs: number): boolean {
    if (this.waitAfter(code, length, timeoutMs) < 0) return false;
    // The frame is there now, but the stop may have come.
    return this.settle(this.core.reader_read(this.ring, this.reader, to, length)) === codes.DONE;
  }

  /** Finds the next `length` bytes, has `copy` copy them from their offset, and consumes them. False if there are none. */
  readBy(length: number, timeoutMs: number, copy: (offset: number) => void): boolean {
    if (this.isPassing) return this.takeWhole(length, timeoutMs, copy) >= 0;
    const offset = this.look(length, timeoutMs);
    if (offset < 0) return false;
    copy(offset);
    return this.increment();
  }

  /** @throws {Error} If this reader is closed. */
  checkOpen(): void {
    if (this.isShut) this.core.reader_is_closed(this.ring, this.reader);
  }

  /** Leaves out what is older than the newest `length` bytes. Returns how many bytes that were. */
  skip(length: number): number {
    this.held = 0;
    if (this.#kept > 0) this.#releaseAll();
    return this.settle(this.core.reader_skip(this.ring, this.reader, length));
  }

  setBlocking(blocking: boolean): void {
    if (typeof blocking !== "boolean") {
      const received = Deno.inspect(blocking);
      throw new TypeError(`Cannot set whether "${this.name}" blocks: expected true or false, received ${received}`);
    }
    if (blocking === this.isBlocking) return;
    this.held = 0;
    this.#releaseAll();
    if (blocking) this.core.reader_rejoin(this.ring, this.reader);
    else this.core.reader_release(this.ring, this.reader, layout.READER_PASSING);
    this.isPassing = !blocking;
    this.isPlain = blocking;
  }

  /** Up to which byte of the ring this reader was handed it: what it has in hand counts. */
  get handedOut(): number {
    const position = Atomics.load(this.memory.longs, (this.reader + layout.READER_POSITION) / 8);
    return Number(position) + this.#kept + this.held;
  }

  /** Bytes that are there and that this reader has not had. */
  get available(): number {
    if (this.isShut) return 0;
    const { longs } = this.memory;
    const written = Atomics.load(longs, (this.ring + layout.RING_POSITION) / 8);
    return Number(written - Atomics.load(longs, (this.reader + layout.READER_POSITION) / 8)) - this.#kept;
  }

  get closed(): boolean {
    if (this.isShut) return true;
    if (this.#kept > 0) return this.hasEnded && this.available === 0;
    return this.core.reader_is_closed(this.ring, this.reader) === 1;
  }

  override desert(reason: (name: string) => Error): number {
    const inHand = this.isShut || this.isPassing ? 0 : this.#kept + this.held;
    super.desert(reason);
    this.#releaseAll();
    return inHand;
  }

  close(): void {
    if (this.isShut) return;
    this.wasClosed = true;
    this.#releaseAll();
    this.isPassing = false;
    this.isPlain = true;
    this.openCore.reader_release(this.ring, this.reader, layout.READER_DETACHED);
    this.shut(`Cannot read "${this.name}": this reader is closed`);
    this.#onClose?.();
  }
}
