/** The two ends of a ring as raw bytes: any length, and therefore views that may be split where the ring wraps. */

import { codes } from "./core.generated.ts";
import type { HandleOptions } from "./end.ts";
import type { WhichReader } from "./passing_end.ts";
import { ReaderEnd } from "./reader_end.ts";
import { RingData, RingEnd, type RingView } from "./ring_end.ts";
import { WriterEnd } from "./writer_end.ts";
import type { RingDescription } from "./description.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { WaitOptions } from "./waiting.ts";

const NOTHING: Uint8Array<SharedArrayBuffer> = new Uint8Array(new SharedArrayBuffer(0));

/**
 * The reading end of a ring of raw bytes.
 *
 * @example
 * ```ts
 * import { Manager } from "@ringmill/ringmill/runtime";
 * import { deepEqual } from "node:assert/strict";
 *
 * await using manager = new Manager("bytes");
 * manager.addRing({ name: "chunks", bytes: 8 });
 * const opening = [manager.openWriter("chunks"), manager.openReader("chunks")] as const;
 * await manager.compile();
 * const [writer, reader] = opening;
 * writer.write(Uint8Array.of(1, 2, 3));
 * const [head, tail] = reader.look(2)!;
 * deepEqual([...head, ...tail], [1, 2]);
 * reader.increment();
 * ```
 */
export class RingReader extends RingEnd {
  readonly #end: ReaderEnd;
  readonly #ring: RingData;

  /** Wraps a reading end. Managers and bindings do this. */
  constructor(memory: SharedMemory, ring: RingDescription, end: ReaderEnd) {
    const data = new RingData(memory, ring);
    super(data, end);
    this.#ring = data;
    this.#end = end;
  }

  /** Opens reader `index` of a ring. A reader belongs to one thread. */
  static open(
    memory: SharedMemory,
    ring: RingDescription,
    which: number | WhichReader,
    options: HandleOptions = {},
  ): RingReader {
    const reader = typeof which === "number" ? { index: which } : which;
    return new RingReader(memory, ring, new ReaderEnd(memory, ring, reader, options));
  }

  /**
   * The next `length` bytes in place, or `null` if they are not there within `timeoutMs`. They stay as they are until
   * `increment()`.
   *
   * @throws {RangeError} If `length` is not 1 to the capacity, or `timeoutMs` is negative.
   * @throws {StoppedError} If the pipeline was told to stop.
   * @throws {Deno.errors.UnexpectedEof} If the ring has ended with fewer bytes left, but not none: ask for {@link available}.
   */
  look(this: object, length: number, timeoutMs?: number): RingView | null;
  look(length: number, timeoutMs = 0): RingView | null {
    this.#ring.checkLength(length);
    return this.#view(this.#end.look(length, timeoutMs), length);
  }

  /** As {@link look}, without blocking the thread; it waits without bound unless told otherwise. */
  lookAsync(this: object, length: number, options?: WaitOptions): Promise<RingView | null>;
  async lookAsync(length: number, options: WaitOptions = {}): Promise<RingView | null> {
    this.#ring.checkLength(length);
    return await this.#end.lookAsync(length, options, (offset) => this.#view(offset, length));
  }

  #view(offset: number, length: number): RingView | null {
    if (offset >= this.capacity) return [new Uint8Array(this.#end.ownSlot(0, length), 0, length), NOTHING];
    if (offset === codes.CLOSED) this.#checkRest(length);
    return this.#ring.view(offset, length);
  }

  #checkRest(length: number): void {
    const { available } = this;
    if (available === 0) return;
    const rest = `it has ended with ${available} bytes that were not read`;
    throw new Deno.errors.UnexpectedEof(`Cannot read "${this.name}": ${rest}, received a length of ${length}`);
  }

  /**
   * Consumes what `look()` has found. Always true.
   *
   * @throws {Error} If `look()` has found nothing before.
   */
  increment(this: object): boolean;
  increment(): boolean {
    return this.#end.increment();
  }

  /**
   * Copies the next `out.length` bytes. False if they are not there within `timeoutMs`.
   *
   * @throws {TypeError} If `out` is no `Uint8Array`. Otherwise as {@link look}.
   */
  readInto(this: object, out: Uint8Array, timeoutMs?: number): boolean;
  readInto(out: Uint8Array, timeoutMs = 0): boolean {
    this.#ring.checkBytes(out);
    this.#end.forgetLooked();
    const view = this.look(out.length, timeoutMs);
    if (view === null) return false;
    out.set(view[0]);
    out.set(view[1], view[0].length);
    return this.increment();
  }

  /** Leaves out what is older than the newest `length` bytes. Returns how many bytes it left out. */
  skipToNewest(this: object, length: number): number;
  skipToNewest(length: number): number {
    this.#ring.checkLength(length);
    return this.#end.skip(length);
  }

  /**
   * `false`: the writer no longer waits for this reader, and may overtake it. `true`: it does again, from its present
   * position on, and what is unread is discarded.
   */
  setBlocking(this: object, blocking: boolean): void;
  setBlocking(blocking: boolean): void {
    this.#end.setBlocking(blocking);
  }

  /** Whether the writer waits for this reader. */
  isBlocking(this: object): boolean;
  isBlocking(): boolean {
    return this.#end.isBlocking;
  }

  /** Bytes that passed this reader by unread: overtaken, skipped, or discarded by `setBlocking(true)`. */
  get lost(): number {
    return this.#end.lost;
  }

  /** Bytes that are there to be read by this reader. */
  get available(): number {
    return this.#end.available;
  }

  /** Whether the writer has closed the ring: what is {@link available} is the rest. */
  get ended(): boolean {
    return this.#end.hasEnded;
  }

  /** Whether the writer has closed the ring and everything is read, or this reader is closed. */
  get closed(): boolean {
    return this.#end.closed;
  }

  /** Leaves the ring for good. The writer no longer waits for this reader. */
  close(this: object): void;
  close(): void {
    this.#end.close();
  }
}

/**
 * The writing end of a ring of raw bytes.
 *
 * @example
 * ```ts
 * import { Manager } from "@ringmill/ringmill/runtime";
 * import { equal } from "node:assert/strict";
 *
 * await using manager = new Manager("bytes");
 * manager.addRing({ name: "chunks", bytes: 8 });
 * const opening = [manager.openWriter("chunks"), manager.openReader("chunks")] as const;
 * await manager.compile();
 * const [writer] = opening;
 * equal(writer.write(Uint8Array.of(1, 2, 3, 4, 5, 6)), true);
 * equal(writer.write(Uint8Array.of(7, 8, 9)), false); // two bytes are left
 * ```
 */
export class RingWriter extends RingEnd {
  readonly #end: WriterEnd;
  readonly #ring: RingData;

  /** Wraps a writing end. Managers and bindings do this. */
  constructor(memory: SharedMemory, ring: RingDescription, end: WriterEnd) {
    const data = new RingData(memory, ring);
    super(data, end);
    this.#ring = data;
    this.#end = end;
  }

  /** Opens the writer of a ring. It belongs to one thread. */
  static open(memory: SharedMemory, ring: RingDescription, options: HandleOptions = {}): RingWriter {
    return new RingWriter(memory, ring, new WriterEnd(memory, ring, options));
  }

  /**
   * The next `length` bytes to fill, in place, or `null` if there is no room within `timeoutMs`. `increment()` publishes
   * them.
   *
   * @throws {RangeError} If `length` is not 1 to the capacity, or `timeoutMs` is negative.
   * @throws {StoppedError} If the pipeline was told to stop.
   */
  look(this: object, length: number, timeoutMs?: number): RingView | null;
  look(length: number, timeoutMs = 0): RingView | null {
    this.#ring.checkLength(length);
    this.#end.widen(length);
    return this.#ring.view(this.#end.look(length, timeoutMs), length);
  }

  /** As {@link look}, without blocking the thread; it waits without bound unless told otherwise. */
  lookAsync(this: object, length: number, options?: WaitOptions): Promise<RingView | null>;
  async lookAsync(length: number, options: WaitOptions = {}): Promise<RingView | null> {
    this.#ring.checkLength(length);
    this.#end.widen(length);
    return await this.#end.lookAsync(length, options, (offset) => this.#ring.view(offset, length));
  }

  /**
   * Publishes what `look()` has found room for.
   *
   * @throws {Error} If `look()` has found nothing before.
   */
  increment(this: object): void;
  increment(): void {
    this.#end.increment();
  }

  /**
   * Publishes all of `bytes`, and waits for room without bound unless told otherwise. False, and nothing published, if
   * there is no room for them within `timeoutMs`: 0 does not wait. What found no room is counted as `refused`. The program
   * itself never waits.
   *
   * @throws {TypeError} If `bytes` is no `Uint8Array`. Otherwise as {@link look}.
   */
  write(this: object, bytes: Uint8Array, timeoutMs?: number): boolean;
  write(bytes: Uint8Array, timeoutMs: number = this.#end.patienceMs): boolean {
    this.#ring.checkBytes(bytes);
    const view = this.look(bytes.length, timeoutMs);
    if (view === null) return this.#end.refuse(bytes.length);
    view[0].set(bytes.subarray(0, view[0].length));
    view[1].set(bytes.subarray(view[0].length));
    this.increment();
    return true;
  }

  /**
   * Bytes that the readers have consumed since the ring was made: the slowest of those that hold the writer back. If all have
   * left, it is the furthest of them. A stop has readers leave, too: look whether there was one after this.
   */
  get consumed(): number {
    return this.#end.consumed;
  }

  /** Whether all readers that the ring had have ended or were closed. */
  get abandoned(): boolean {
    return this.#end.isAbandoned;
  }

  /** Bytes that `write()` could not put anywhere in time. */
  get refused(): number {
    return this.#end.refused;
  }

  /** How often the writer has looked at its readers, modulo 2^32. */
  get scans(): number {
    return this.#end.scans;
  }

  /** End of stream: the readers drain what is left. Closing twice changes nothing. */
  close(this: object): void;
  close(): void {
    this.#end.close();
  }
}
