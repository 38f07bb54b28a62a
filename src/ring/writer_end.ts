/** The writing end of a ring: everything that its thread can do. */

import { codes, layout } from "./core.generated.ts";
import type { RingDescription } from "./description.ts";
import { End, type HandleOptions } from "./end.ts";
import { OWN_STOP, type OwnStop } from "./own_stop.ts";
import { RefreshPacer } from "./refresh_pacer.ts";
import { consumedBytes, isRingAbandoned } from "./ring_figures.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { isTimeout, type Waitable } from "./waiting.ts";

/** The writing end: everything that its thread can do. */
export class WriterEnd extends End {
  /** How long `write()` waits unless told otherwise: without bound where the thread may block. */
  readonly patienceMs: number;
  readonly #pacer: RefreshPacer;
  readonly #memory: SharedMemory;
  readonly #description: RingDescription;
  readonly #ownStop: OwnStop | undefined;
  readonly #finished = Promise.withResolvers<void>();
  /** The most bytes that were looked at together, a frame (a byte) or more. */
  #widest: number;
  protected readonly action = "write";

  constructor(memory: SharedMemory, ring: RingDescription, options: HandleOptions = {}) {
    super(memory, ring, options);
    this.patienceMs = options.mayBlock === false ? 0 : Infinity;
    this.#memory = memory;
    this.#description = ring;
    this.#ownStop = options.ownStop;
    this.#widest = this.unit;
    this.#pacer = new RefreshPacer(ring.refresh);
    this.#ownStop?.listen(() => this.#lookForStop());
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

  /** Resolves once the pipeline is told to stop, or its task alone, or it is drained, to what is thrown then. */
  async whenStopped(): Promise<unknown> {
    const isTold = Promise.withResolvers<void>();
    const wasTold = this.#ownStop?.kind === OWN_STOP.drained;
    if (!wasTold) this.#ownStop?.whenTold().then(() => this.#ownStop!.notice() && isTold.resolve());
    await Promise.race([this.#memory.whenStopped(), isTold.promise, this.#finished.promise]);
    try {
      // One that has finished throws why.
      if (this.isShut) this.core.writer_look(this.ring, this.unit);
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
    if (offset < 0 || !isTimeout(timeoutMs)) offset = this.waitAfter(offset, length, timeoutMs);
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
    const found = this.core.writer_look_many(this.ring, unit, least, most);
    if (found > this.#widest) this.widen(found);
    return found;
  }

  /** Before so many bytes are filled together: an onlooker must know how far the writer may have come. */
  widen(length: number): void {
    if (length <= this.#widest) return;
    this.#widest = length;
    Atomics.store(this.words, (this.ring + layout.RING_WIDEST) / 4, length);
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
    if (!isTimeout(timeoutMs)) this.waitAfter(codes.DONE, length, timeoutMs);
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
    this.#lookForStop();
  }

  /** Has the next call that looks for room ask whether it must unwind. */
  #lookForStop(): void {
    const ownStop = this.#ownStop;
    if (this.isShut || !ownStop?.concerns(this)) return;
    const { openCore } = this;
    const told = (): boolean => {
      const mustUnwind = ownStop.reachesWriter(this);
      // An abandoned task is told each time.
      if (!ownStop.concerns(this)) this.core = openCore;
      return mustUnwind;
    };
    this.takesTurns = true;
    this.core = {
      ...openCore,
      writer_look: (...args) => told() ? codes.STOPPED : openCore.writer_look(...args),
      writer_look_many: (...args) => told() ? codes.STOPPED : openCore.writer_look_many(...args),
      writer_write: (...args) => told() ? codes.STOPPED : openCore.writer_write(...args),
    };
  }

  override told(): void {
    this.#ownStop?.hears(this);
    this.takesTurns = false;
  }

  /** Whether the stream had readers and has none any more. */
  get isAbandoned(): boolean {
    return isRingAbandoned(this.#memory, this.#description);
  }

  /** How often the writer has looked at its readers. */
  get scans(): number {
    return this.words[(this.ring + layout.RING_SCANS) / 4] >>> 0;
  }

  finish(reason: () => Error): void {
    if (this.isShut) return;
    this.openCore.writer_close(this.ring);
    this.shutBy(reason);
    this.#finished.resolve();
  }

  /** End of stream. Closing twice changes nothing. */
  close(): void {
    // It is closed, or another thread goes on with it.
    if (this.isShut) return;
    this.openCore.writer_close(this.ring);
    this.shut(`Cannot write "${this.name}": its writer is closed`);
  }
}
