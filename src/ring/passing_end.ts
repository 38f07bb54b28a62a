/** What a reading end does while the writer does not wait for it, and may overtake it. */

import { codes, layout } from "./core.generated.ts";
import { Deadline } from "./deadline.ts";
import { dataAddress, readerAddress, type RingDescription } from "./description.ts";
import { End, type HandleOptions } from "./end.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { checkTimeout, type WaitOptions } from "./waiting.ts";

/** Which reader of a ring. */
export interface WhichReader {
  readonly index: number;
  /** Whether it wants the newest frame only. */
  readonly isLatest?: boolean;
}

/** The offsets beyond the data area that stand for a reader's own slots. */
type OwnSlot = number;
/** The slot of what `look()` has found. Those behind it are of what each loop has handed out. */
const LOOKED: OwnSlot = 0;

/** How often a reader that may not wait tries to copy a frame that the writer keeps overtaking. */
const MOST_TRIES = 100;

/** A reading end's position, and the whole copies that it takes, in slots of its own, of what the writer may overtake. */
export abstract class PassingEnd extends End {
  readonly reader: number;
  protected readonly action = "read";
  protected readonly memory: SharedMemory;
  /** Whether the writer does not wait for this reader. */
  protected isPassing: boolean;
  readonly #data: number;
  readonly #isLatest: boolean;
  readonly #ownSlots: SharedArrayBuffer[] = [];
  /** The loops that go on, each by its place. */
  readonly #loops: (object | undefined)[] = [];
  /** Whether a loop has its frame in a slot of this reader's own. */
  #isHandedAside = false;

  constructor(memory: SharedMemory, ring: RingDescription, which: WhichReader, options: HandleOptions) {
    super(memory, ring, options);
    this.reader = readerAddress(ring, which.index);
    this.memory = memory;
    this.#data = dataAddress(ring);
    this.#isLatest = which.isLatest ?? false;
    this.isPassing = Atomics.load(this.words, (this.reader + layout.READER_STATE) / 4) === layout.READER_PASSING;
  }

  /** Copies bytes of the data area, which do not wrap, to the address `to`. */
  protected copyOut(offset: number, to: number, length: number): void {
    const from = this.#data + offset;
    this.memory.bytes.copyWithin(to, from, from + length);
  }

  /** As `look()`, into a slot of its own. The same bytes come again until they are consumed. */
  protected lookAside(length: number, timeoutMs: number): number {
    if (this.held === length) return this.settle(this.memory.stopped ? codes.STOPPED : this.capacity);
    const code = this.#takeAside(LOOKED, length, timeoutMs);
    if (code < 0) return code;
    this.#move(-length);
    this.held = length;
    return code;
  }

  /** As {@link lookAside}, without blocking the thread. */
  protected async lookAsideAsync<Result>(
    length: number,
    options: WaitOptions,
    take: (offset: number) => Result,
  ): Promise<Result> {
    if (this.held === length) return take(this.lookAside(length, 0));
    this.held = 0;
    const until = new Deadline(options.timeoutMs);
    for (;;) {
      // The frame found by the wait may be overtaken before it is copied.
      const code = await super.lookAsync(length, until.rest(options), (offset) => {
        return offset < 0 ? offset : this.lookAside(length, 0);
      });
      if (code !== codes.NOT_READY || until.isOver) return take(code);
    }
  }

  /** Consumes what was looked at. It was whole, even if it is overtaken by now. */
  protected passLooked(): void {
    if (this.held === 0 && this.#isHandedAside) this.#isHandedAside = false;
    else this.#move(this.takeHeld());
  }

  /** Copies and consumes the next `length` bytes of a reader that the writer may overtake. 0, or a negative code. */
  protected takeWhole(length: number, timeoutMs: number, copy: (offset: number) => void): number {
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

  /** Waits for the next `length` bytes of a loop, and copies them: the slot's offset, or a negative code. */
  protected handAside(loop: object, length: number): number {
    this.#isHandedAside = false;
    const offset = this.#takeAside(this.#slotOf(loop), length, Infinity);
    this.#isHandedAside = offset >= 0;
    return offset;
  }

  /** As {@link handAside}, without blocking the thread. */
  protected async handAsideAsync(loop: { readonly isLeft: boolean }, length: number): Promise<number> {
    for (;;) {
      const code = await super.lookAsync(length, {}, (offset) => {
        if (loop.isLeft) return codes.CLOSED;
        return offset < 0 ? offset : this.#takeAside(this.#slotOf(loop), length, 0);
      });
      if (code !== codes.NOT_READY) return code;
    }
  }

  /** A loop is left: what it had in a slot of its own needs no `increment()`. */
  protected leaveAside(loop: object): void {
    this.#isHandedAside = false;
    const place = this.#loops.indexOf(loop);
    if (place >= 0) this.#loops[place] = undefined;
  }

  #slotOf(loop: object): OwnSlot {
    let place = this.#loops.indexOf(loop);
    if (place < 0) {
      place = this.#loops.indexOf(undefined);
      if (place < 0) place = this.#loops.length;
      this.#loops[place] = loop;
    }
    return LOOKED + 1 + place;
  }

  /** Copies the next `length` bytes into a slot of its own, and consumes them. The slot's offset, or a negative code. */
  #takeAside(slot: OwnSlot, length: number, timeoutMs: number): number {
    const own = new Uint8Array(this.ownSlot(slot, length));
    const { bytes } = this.memory;
    const code = this.takeWhole(length, timeoutMs, (offset) => {
      const beforeWrap = Math.min(length, this.capacity - offset);
      const from = this.#data + offset;
      own.set(bytes.subarray(from, from + beforeWrap));
      own.set(bytes.subarray(this.#data, this.#data + length - beforeWrap), beforeWrap);
    });
    return code < 0 ? code : this.capacity + slot * length;
  }

  /** The memory of a slot of its own, for at least `length` bytes. */
  ownSlot(slot: number, length: number): SharedArrayBuffer {
    const known = this.#ownSlots[slot];
    if (known !== undefined && known.byteLength >= length) return known;
    return this.#ownSlots[slot] = new SharedArrayBuffer(length);
  }

  /** Moves the position of a reader that the writer does not look at. */
  #move(length: number): void {
    const { capacity } = this;
    const { longs } = this.memory;
    const position = (this.reader + layout.READER_POSITION) / 8;
    const offset = (this.reader + layout.READER_OFFSET) / 4;
    Atomics.store(longs, position, Atomics.load(longs, position) + BigInt(length));
    this.words[offset] = (this.words[offset] + length + capacity) % capacity;
  }

  /** Has the next look of a reader that may be overtaken look anew. */
  forgetLooked(): void {
    if (this.isPassing) this.held = 0;
  }

  get isBlocking(): boolean {
    return Atomics.load(this.words, (this.reader + layout.READER_STATE) / 4) === layout.READER_BLOCKING;
  }

  /** Whether the writer has published its last byte. */
  get hasEnded(): boolean {
    return Atomics.load(this.words, (this.ring + layout.RING_CLOSED) / 4) !== 0;
  }

  /** Bytes that passed this reader by unread. */
  get lost(): number {
    return this.countAt(this.reader + layout.READER_LOST);
  }
}
