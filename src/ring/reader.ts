/** The reading end of a stream. */

import { showAs } from "../inspect.ts";
import { formatFrames } from "./columns.ts";
import type { HandleOptions } from "./end.ts";
import { type AsyncLoop, ReaderEnd } from "./reader_end.ts";
import {
  Frames,
  type LookManyAsyncOptions,
  type LookManyOptions,
  type OwnedFrame,
  type SharedFrame,
} from "./frames.ts";
import type { BindingOf } from "./description.ts";
import type { DType, FrameOf, FrameType } from "./dtypes.ts";
import { readableOf, type ReadableOptions } from "./readable.ts";
import { RingReader } from "./ring.ts";
import { type RunTable, runTableOf } from "./run_table.ts";
import { checkMemory, type SharedMemory } from "./shared_memory.ts";
import { StreamEnd } from "./stream_end.ts";
import type { WaitOptions } from "./waiting.ts";

/**
 * The part of a {@link Reader} that works on the main thread too: nothing in it blocks.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { deepEqual } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [2], dtype: "float32" });
 * const writer = pipe.openWriter(samples);
 * const reader = pipe.openReader(samples);
 * await pipe.start();
 * writer.write(Float32Array.of(1, 2));
 * deepEqual(await reader.readAsync(), Float32Array.of(1, 2));
 * ```
 */
export interface AsyncReader<D extends FrameType = DType>
  extends StreamEnd<D, RingReader>, AsyncIterable<SharedFrame<D>>, Disposable {
  /** Whether the stream has ended and everything is read, or this reader is closed. */
  readonly closed: boolean;
  /** Frames that passed this reader by unread: overtaken, skipped, or discarded by `setBlocking(true)`. */
  readonly lost: number;
  /** The number of the frame that was handed out last, from 0; `null` before the first. */
  readonly frameNumber: number | null;
  /** The run of the writing program that the frame is of, where it comes from another machine; otherwise `null`. */
  readonly epoch: number | null;
  /** Says that all that was handed out so far, the frame in hand included, need not come again after a restart. */
  commit(this: object): void;
  /** A copy of the next frame, or `null` if none is there. */
  read(this: object): OwnedFrame<D> | null;
  /** Copies the next frame into `out`. False if none is there. */
  readInto(this: object, out: FrameOf<D>): boolean;
  /** The next frame in place, or `null` if none is there. It stays as it is until `increment()`. */
  look(this: object): SharedFrame<D> | null;
  /** A copy of the next frame, or `null` if the stream ended or `timeoutMs` went by (without bound by default). */
  readAsync(this: object, options?: WaitOptions): Promise<OwnedFrame<D> | null>;
  /** The next frame in place, or `null` if the stream ended or `timeoutMs` went by (without bound by default). */
  lookAsync(this: object, options?: WaitOptions): Promise<SharedFrame<D> | null>;
  /** The next frames in place, as many as there are, up to `most`; `null` if fewer than `least` are there. */
  lookMany(this: object, most: number, options?: { readonly least?: number }): SharedFrame<D>[] | null;
  /** The same as soon as `least` are there; `null` if the stream ends before, or `timeoutMs` goes by. */
  lookManyAsync(this: object, most: number, options?: LookManyAsyncOptions): Promise<SharedFrame<D>[] | null>;
  /** Consumes the frame that `look()` has found, or the first `frames` that `lookMany()` has. Always true. */
  increment(this: object, frames?: number): boolean;
  /** A frame of this reader's own inside the shared memory, into which `readInto()` is one copy by the core. */
  frame(this: object): SharedFrame<D>;
  /** Whether the writer waits for this reader. True until told otherwise. */
  setBlocking(this: object, blocking: boolean): void;
  /** Whether the writer waits for this reader. */
  isBlocking(this: object): boolean;
  /** Leaves out all frames but the newest. Returns how many it left out. */
  skipToNewest(this: object): number;
  /** The frames that are still to come, for what takes streams of the platform; `cancel()` closes this reader. */
  readable(this: object, options?: ReadableOptions & { bytes?: false }): ReadableStream<OwnedFrame<D>>;
  /** The same of their bytes. */
  readable(this: object, options: ReadableOptions & { bytes: true }): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Leaves the stream for good: the writer no longer waits for this reader. */
  close(this: object): void;
}

/**
 * The reading end of a stream, as a task gets it. Frames arrive whole and in the order of writing; every reader of a
 * stream sees every frame.
 *
 * Every call that looks for a frame throws {@link StoppedError} once the pipeline was told to stop; `increment()`,
 * `setBlocking()`, `close()` and the properties do not. A `timeoutMs` is 0 (do not wait) to `Infinity`; a negative one is
 * a `RangeError`. Methods need their reader: one that is taken out of it (`const { read } = samples`) is a type error.
 *
 * @example A task that reads
 * ```ts
 * import type { Reader, Writer } from "@ringmill/ringmill";
 *
 * export function scale({ samples, doubled }: { samples: Reader<"float32">; doubled: Writer<"float32"> }) {
 *   for (const frame of samples) doubled.write(frame.map((x) => 2 * x));
 * }
 * ```
 */
export class Reader<D extends FrameType = DType> extends StreamEnd<D, RingReader> implements AsyncReader<D> {
  readonly #end: ReaderEnd;
  readonly #frames: Frames<D>;
  readonly #stride: number;
  readonly #index: number;
  /**
   * The runs of a stream that crosses machines.
   *
   * @internal
   */
  readonly runs: RunTable | undefined;
  readonly #scratchAddress: number;
  readonly #scratch: SharedFrame<D>;

  static {
    showAs(Reader, (reader) => {
      const unread = reader.ring.available / reader.#stride;
      const state = [formatFrames(reader), `${unread} unread`, `${reader.lost} lost`];
      if (reader.closed) state.push("closed");
      else if (!reader.isBlocking()) state.push("holds nobody back");
      return state.join(", ");
    });
  }

  /** Opens a reader. Task hosts and pipelines do this. */
  constructor(memory: SharedMemory, description: BindingOf<"reader">, options: HandleOptions = {}) {
    checkMemory("Reader", "openReader()", memory);
    const { ring, scratch, index } = description;
    const frames = new Frames<D>(memory, ring);
    const end = new ReaderEnd(memory, ring, description, options);
    super(frames, new RingReader(memory, ring, end));
    this.#frames = frames;
    this.#end = end;
    this.#stride = frames.stride;
    this.#index = index;
    this.runs = runTableOf(memory, ring);
    this.#scratchAddress = scratch;
    this.#scratch = frames.view(scratch);
    frames.ownSlots = (slot) => end.ownSlot(slot, frames.stride);
  }

  /** Whether the stream has ended and everything is read, or this reader is closed. */
  get closed(): boolean {
    return this.#end.closed;
  }

  /** Frames that passed this reader by unread: overtaken, skipped, or discarded by `setBlocking(true)`. */
  get lost(): number {
    return this.#end.lost / this.#stride;
  }

  /** Frames of the ring that this reader was handed, the one in hand included. */
  get #handedOut(): number {
    return this.#end.handedOut / this.#stride;
  }

  /**
   * The number of the frame that was handed out last, from 0; `null` before the first. After `lookMany()` it is the last of
   * them. A stream that comes from another machine has the numbers that its writer there counts, so that a frame that comes
   * again after a restart has the number that it had: keep it with what you make of the frame.
   */
  get frameNumber(): number | null {
    const index = this.#handedOut - 1;
    return index < 0 ? null : this.runs ? this.runs.find(index)?.number ?? null : index;
  }

  /**
   * The run of the writing program that the frame is of, where it comes from another machine or goes to one: later runs have
   * larger numbers. Otherwise `null`.
   */
  get epoch(): number | null {
    return this.runs?.find(Math.max(0, this.#handedOut - 1))?.epoch ?? null;
  }

  /**
   * Says that all frames that were handed out so far, the one in hand included, need not come again after a restart. It counts
   * for streams that come from another machine with `commit: "explicit"`; where all is in one program, nothing comes again.
   *
   * @example A sink that writes before it commits
   * ```ts
   * import type { Reader, TaskContext } from "@ringmill/ringmill";
   *
   * export function keep({ frames }: { frames: Reader<"float64"> }, { params }: TaskContext<{ path: string }>) {
   *   using file = Deno.openSync(params.path, { append: true, create: true });
   *   for (const frame of frames) {
   *     file.writeSync(new TextEncoder().encode(`${frames.epoch} ${frames.frameNumber} ${frame[0]}\n`));
   *     file.syncDataSync();
   *     frames.commit();
   *   }
   * }
   * ```
   */
  commit(this: object): void;
  commit(): void {
    this.runs?.commit(this.#index, this.#handedOut);
  }

  /**
   * The next frame in place, without a copy, or `null` if none arrives within `timeoutMs` or the stream has ended. The
   * same frame comes again until `increment()`; after that its array shows whatever the writer puts there.
   */
  look(this: object, timeoutMs?: number): SharedFrame<D> | null;
  look(timeoutMs = 0): SharedFrame<D> | null {
    return this.#at(this.#end.look(this.#stride, timeoutMs));
  }

  /**
   * The next frames in place, as many as there are, up to `most` (`Infinity`: all): many small frames for the price of one,
   * or a window that slides over the stream. `null` if fewer than `least` arrive within `timeoutMs`, or the stream has ended
   * with fewer left. `increment()` consumes all of them, `increment(n)` the first `n`.
   *
   * @throws {RangeError} If `most` or `least` is no whole number of at least 1, `least` exceeds `most` or the ring's frames,
   * or `timeoutMs` is negative.
   *
   * @example Four frames at a time, each time two further on
   * ```ts
   * import type { Reader, Writer } from "@ringmill/ringmill";
   *
   * export function overlap({ samples, means }: { samples: Reader<"float32">; means: Writer<"float32"> }) {
   *   for (;;) {
   *     const window = samples.lookMany(4, { least: 4, timeoutMs: Infinity });
   *     if (!window) return;
   *     means.write(Float32Array.of(window.reduce((sum, [first]) => sum + first, 0) / 4));
   *     samples.increment(2);
   *   }
   * }
   * ```
   */
  lookMany(this: object, most: number, options?: LookManyOptions): SharedFrame<D>[] | null;
  lookMany(most: number, options?: LookManyOptions): SharedFrame<D>[] | null {
    return this.#frames.lookMany(this.#end, most, options);
  }

  /**
   * As {@link lookMany}, without blocking the thread; it waits without bound unless told otherwise.
   *
   * @throws {RangeError} As {@link lookMany}.
   * @throws {TypeError} If an option is of the wrong kind, or unknown.
   *
   * @example A window that slides over a stream, in the program
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { deepEqual } from "node:assert/strict";
   *
   * await using pipe = new Pipeline("loop");
   * const samples = pipe.addStream("samples", { shape: [1], dtype: "int32" });
   * const writer = pipe.openWriter(samples);
   * const reader = pipe.openReader(samples);
   * await pipe.start();
   * for (const n of [1, 2, 3]) writer.write(Int32Array.of(n));
   * writer.close();
   * const sums: number[] = [];
   * for (let two; (two = await reader.lookManyAsync(2, { least: 2 })); reader.increment(1)) sums.push(two[0][0] + two[1][0]);
   * deepEqual(sums, [3, 5]);
   * ```
   */
  lookManyAsync(this: object, most: number, options?: LookManyAsyncOptions): Promise<SharedFrame<D>[] | null>;
  lookManyAsync(most: number, options?: LookManyAsyncOptions): Promise<SharedFrame<D>[] | null> {
    return this.#frames.lookManyAsync(this.#end, most, options);
  }

  /** As {@link look}, without blocking the thread; it waits without bound unless told otherwise. */
  lookAsync(this: object, options?: WaitOptions): Promise<SharedFrame<D> | null>;
  lookAsync(options: WaitOptions = {}): Promise<SharedFrame<D> | null> {
    return this.#end.lookAsync(this.#stride, options, (offset) => this.#at(offset));
  }

  #at(offset: number): SharedFrame<D> | null {
    return offset < 0 ? null : this.#frames.at(offset);
  }

  /**
   * Consumes the frame that `look()` has found, or the first `frames` of those that `lookMany()` has: all of them by
   * default. Always true.
   *
   * @throws {Error} If no frame was looked at before.
   * @throws {RangeError} If `frames` is not 1 to the number of frames that were looked at.
   */
  increment(this: object, frames?: number): boolean;
  increment(frames?: number): boolean {
    if (frames !== undefined) this.#frames.narrow(this.#end, frames);
    return this.#end.increment();
  }

  /** A copy of the next frame, or `null` if none arrives within `timeoutMs` or the stream has ended. */
  read(this: object, timeoutMs?: number): OwnedFrame<D> | null;
  read(timeoutMs = 0): OwnedFrame<D> | null {
    const end = this.#end;
    if (!end.isPlain) return this.#readOtherwise(timeoutMs);
    const offset = end.lookPlain(this.#stride, timeoutMs);
    if (offset < 0) return null;
    const copy = this.#frames.copyOf(this.#frames.at(offset));
    end.consume();
    return copy;
  }

  #readOtherwise(timeoutMs: number): OwnedFrame<D> | null {
    let copy: OwnedFrame<D> | null = null;
    const isRead = this.#end.readBy(this.#stride, timeoutMs, (offset) => {
      copy = this.#frames.copyOf(this.#frames.at(offset));
    });
    return isRead ? copy : null;
  }

  /** As {@link read}, without blocking the thread; it waits without bound unless told otherwise. */
  readAsync(this: object, options?: WaitOptions): Promise<OwnedFrame<D> | null>;
  readAsync(options: WaitOptions = {}): Promise<OwnedFrame<D> | null> {
    this.#end.forgetLooked();
    return this.#end.lookAsync(this.#stride, options, (offset) => this.#copy(this.#at(offset)));
  }

  #copy(frame: SharedFrame<D> | null): OwnedFrame<D> | null {
    if (frame === null) return null;
    const copy = this.#frames.copyOf(frame);
    this.increment();
    return copy;
  }

  /**
   * Copies the next frame into `out`, which allocates nothing. False if none arrives within `timeoutMs`, or the stream has
   * ended.
   *
   * @throws {TypeError} If `out` is not a frame of the stream's kind and length. Nothing is consumed then.
   */
  readInto(this: object, out: FrameOf<D>, timeoutMs?: number): boolean;
  readInto(out: FrameOf<D>, timeoutMs = 0): boolean {
    if (out === this.#scratch) return this.#end.read(this.#scratchAddress, this.#stride, timeoutMs);
    this.#frames.check(out);
    const end = this.#end;
    if (!end.isPlain) return this.#readIntoOtherwise(out, timeoutMs);
    const offset = end.lookPlain(this.#stride, timeoutMs);
    if (offset < 0) return false;
    this.#frames.copyOut(out, this.#frames.at(offset));
    end.consume();
    return true;
  }

  #readIntoOtherwise(out: FrameOf<D>, timeoutMs: number): boolean {
    return this.#end.readBy(this.#stride, timeoutMs, (offset) => this.#frames.copyOut(out, this.#frames.at(offset)));
  }

  /** A frame of this reader's own inside the shared memory, into which `readInto()` is one copy by the core. */
  frame(this: object): SharedFrame<D>;
  frame(): SharedFrame<D> {
    return this.#scratch;
  }

  /**
   * `false`: the writer no longer waits for this reader, and may overtake it: it then goes on with the newest frame, and
   * what it has missed counts as {@link lost}. All frames that it gets are whole: loops and `look()` hand out copies in a
   * slot of its own, and `lookMany()` one frame at a time. `true`: the writer waits again; what is unread is discarded.
   */
  setBlocking(this: object, blocking: boolean): void;
  setBlocking(blocking: boolean): void {
    this.#end.setBlocking(blocking);
  }

  /** Whether the writer waits for this reader. True until told otherwise. */
  isBlocking(this: object): boolean;
  isBlocking(): boolean {
    return this.#end.isBlocking;
  }

  /** Leaves out all frames but the newest. Returns how many it left out. */
  skipToNewest(this: object): number;
  skipToNewest(): number {
    return this.#end.skip(this.#stride) / this.#stride;
  }

  /**
   * The frames that are still to come, as a `ReadableStream`: copies, each read when it is asked for, so that a slow consumer
   * holds the writer back. With `bytes`, their bytes: whole frames one after the other, small ones put together. It ends
   * with the stream, fails when the pipeline is stopped, and `cancel()` closes this reader.
   *
   * @throws {TypeError} If an option is unknown or of the wrong kind.
   *
   * @example Sound to standard output
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { deepEqual } from "node:assert/strict";
   *
   * await using pipe = new Pipeline("sound");
   * const samples = pipe.addStream("samples", { shape: [2], dtype: "int16" });
   * const writer = pipe.openWriter(samples);
   * const reader = pipe.openReader(samples);
   * await pipe.start();
   * writer.write(Int16Array.of(1, 2));
   * writer.close();
   * // As in: await reader.readable({ bytes: true }).pipeTo(Deno.stdout.writable);
   * deepEqual(await new Response(reader.readable({ bytes: true })).bytes(), Uint8Array.of(1, 0, 2, 0));
   * ```
   */
  readable(this: object, options?: ReadableOptions & { bytes?: false }): ReadableStream<OwnedFrame<D>>;
  readable(this: object, options: ReadableOptions & { bytes: true }): ReadableStream<Uint8Array<ArrayBuffer>>;
  // deno-lint-ignore no-explicit-any
  readable(options: ReadableOptions = {}): any {
    return readableOf<D>({
      name: this.name,
      frameBytes: this.frameBytes,
      readAsync: (wait) => this.readAsync(wait),
      read: () => this.read(),
      close: () => this.close(),
      wasClosed: () => this.#end.wasClosed,
      available: () => this.ring.unread / this.#stride,
      bytesOf: (frame) => this.#frames.bytesOf<ArrayBuffer>(frame),
    }, options);
  }

  /** Leaves the stream for good: the writer no longer waits for this reader, and reading throws. */
  close(this: object): void;
  close(): void {
    this.#end.close();
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The frames in place until the stream ends, each consumed when the loop goes on. Blocks the thread.
   *
   * The body may read on: `read()` gives the next frame, which the loop then leaves out, and `look()` shows it. The loop's
   * own frame stays whole meanwhile, unless all frames of the ring were read in one round. `skipToNewest()` makes the newest
   * frame the next, `close()` ends the loop. A frame with which a loop is left, by `break` or by an error, is consumed when
   * the reader is used again or the task returns; if the task fails by the error, it is not.
   */
  [Symbol.iterator](): IterableIterator<SharedFrame<D>> {
    this.#end.checkOpen();
    return new FrameIterator(this.#end, this.#frames);
  }

  /**
   * As the plain iterator, without blocking the thread. In the program, the loop ends when the pipeline is stopped. Several
   * loops at a time share the frames, and each keeps its own whole: the others wait when the ring is full of what they have.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<SharedFrame<D>> {
    this.#end.checkOpen();
    return new AsyncFrameIterator(this.#end, this.#frames);
  }
}

/** Written out, as a generator takes several times as long per frame. */
class FrameIterator<D extends FrameType> implements IterableIterator<SharedFrame<D>> {
  readonly #end: ReaderEnd;
  readonly #frames: Frames<D>;

  constructor(end: ReaderEnd, frames: Frames<D>) {
    this.#end = end;
    this.#frames = frames;
  }

  /** Consumes the frame of this round, unless the loop body has done so, and hands out the next. */
  next(): IteratorResult<SharedFrame<D>, undefined> {
    const offset = this.#end.next(this, this.#frames.stride);
    return offset < 0 ? { done: true, value: undefined } : { done: false, value: this.#frames.at(offset) };
  }

  return(): IteratorResult<SharedFrame<D>, undefined> {
    this.#end.leave(this);
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** Written out, as `return()` of a generator waits for the frame that `next()` waits for. */
class AsyncFrameIterator<D extends FrameType> implements AsyncIterableIterator<SharedFrame<D>>, AsyncDisposable {
  readonly #end: ReaderEnd;
  readonly #frames: Frames<D>;
  readonly #loop: AsyncLoop;
  #settle: ((result: IteratorResult<SharedFrame<D>, undefined>) => void) | undefined;

  constructor(end: ReaderEnd, frames: Frames<D>) {
    this.#end = end;
    this.#frames = frames;
    this.#loop = end.beginAsync();
  }

  /** Consumes the frame of this round, unless the loop body has done so, and waits for the next. */
  next(): Promise<IteratorResult<SharedFrame<D>, undefined>> {
    const loop = this.#loop;
    if (loop.isLeft) return Promise.resolve(DONE);
    loop.hasFrame = false;
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      const settle = (offset: number) => this.#hand(offset, resolve);
      const fail = (error: unknown) => this.#fail(error, reject);
      this.#end.nextAsync(loop, this.#frames.stride).then(settle, fail);
    });
  }

  #hand(offset: number, resolve: (result: IteratorResult<SharedFrame<D>, undefined>) => void): void {
    if (offset < 0) return void this.return();
    this.#loop.hasFrame = true;
    resolve({ done: false, value: this.#frames.at(offset) });
  }

  #fail(error: unknown, reject: (error: unknown) => void): void {
    if (!this.#loop.isLeft && !this.#end.endsQuietly(error)) reject(error);
    this.return();
  }

  /** Leaves the loop. Who waits for a frame gets none, and it stays in the stream. */
  return(): Promise<IteratorResult<SharedFrame<D>, undefined>> {
    this.#loop.isLeft = true;
    this.#end.leave(this.#loop);
    this.#settle?.(DONE);
    return Promise.resolve(DONE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const DONE = { done: true, value: undefined } as const;
