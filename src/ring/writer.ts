/** The writing end of a stream. */

import { showAs } from "../inspect.ts";
import { formatShare } from "../units.ts";
import { formatFrames } from "./columns.ts";
import type { HandleOptions } from "./end.ts";
import { WriterEnd } from "./writer_end.ts";
import { Frames, type LookManyAsyncOptions, type LookManyOptions, type SharedFrame } from "./frames.ts";
import type { BindingOf } from "./description.ts";
import type { DType, FrameOf, FrameType } from "./dtypes.ts";
import { RingWriter } from "./ring.ts";
import type { RingView } from "./ring_end.ts";
import { type BytesChunk, writableOf, type WritableOptions } from "./writable.ts";
import { type RunTable, runTableOf } from "./run_table.ts";
import { checkMemory, type SharedMemory } from "./shared_memory.ts";
import { StreamEnd } from "./stream_end.ts";
import type { WaitOptions } from "./waiting.ts";

/**
 * The part of a {@link Writer} that works on the main thread too: nothing in it blocks.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { equal } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const ticks = pipe.addStream("ticks", { shape: [1], dtype: "int32", frames: 2 });
 * const writer = pipe.openWriter(ticks);
 * pipe.openReader(ticks);
 * await pipe.start();
 * equal(await writer.writeAsync(Int32Array.of(1)), true);
 * equal(writer.write(Int32Array.of(2)), true);
 * equal(writer.write(Int32Array.of(3)), false); // full
 * ```
 */
export interface AsyncWriter<D extends FrameType = DType> extends StreamEnd<D, RingWriter>, Disposable {
  /** Frames that `write()` and `writeAsync()` could not put anywhere in time. */
  readonly refused: number;
  /** Whether all readers that the stream had have ended or were closed. */
  readonly abandoned: boolean;
  /** Publishes a copy of `frame`. False if the ring is full, which `refused` counts: the program never blocks. */
  write(this: object, frame: FrameOf<D>): boolean;
  /** The next frame to fill, in place, or `null` if the ring is full. `increment()` publishes it. */
  look(this: object): SharedFrame<D> | null;
  /**
   * Publishes a copy of `frame`. False if there was no room within `timeoutMs` (without bound by default). The copy is
   * made when there is room: leave the frame as it is until then.
   */
  writeAsync(this: object, frame: FrameOf<D>, options?: WaitOptions): Promise<boolean>;
  /** The next frame to fill, in place, or `null` if there was no room within `timeoutMs` (without bound by default). */
  lookAsync(this: object, options?: WaitOptions): Promise<SharedFrame<D> | null>;
  /** The next frames to fill, in place, as many as there is room for, up to `most`; `null` if there is none for `least`. */
  lookMany(this: object, most: number, options?: { readonly least?: number }): SharedFrame<D>[] | null;
  /** The same as soon as there is room for `least`; `null` if `timeoutMs` goes by before. */
  lookManyAsync(this: object, most: number, options?: LookManyAsyncOptions): Promise<SharedFrame<D>[] | null>;
  /** Publishes the frame that `look()` has handed out, or the first `frames` that `lookMany()` has. */
  increment(this: object, frames?: number): void;
  /** A frame of this writer's own inside the shared memory, for which `write()` is one copy by the core. */
  frame(this: object): SharedFrame<D>;
  /** What takes frames as a stream of the platform does; closing it closes this writer. */
  writable(this: object, options?: WritableOptions & { bytes?: false }): WritableStream<FrameOf<D>>;
  /** The same for bytes in chunks of any length, which it cuts into frames. */
  writable(this: object, options: WritableOptions & { bytes: true }): WritableStream<BytesChunk>;
  /** End of stream: the readers drain what is left, and then see `closed`. */
  close(this: object): void;
}

/**
 * The writing end of a stream, as a task gets it. When the task returns, the stream ends.
 *
 * Every call that looks for room throws {@link StoppedError} once the pipeline was told to stop; `increment()`, `close()`
 * and the properties do not. A `timeoutMs` is 0 (do not wait) to `Infinity`; a negative one is a `RangeError`.
 *
 * @example A task that writes
 * ```ts
 * import type { Writer } from "@ringmill/ringmill";
 *
 * export function source({ samples }: { samples: Writer<"float32"> }) {
 *   const frame = samples.frame();
 *   for (let n = 0; n < 1000; n++) samples.write(frame.fill(n), Infinity);
 * }
 * ```
 */
export class Writer<D extends FrameType = DType> extends StreamEnd<D, RingWriter> implements AsyncWriter<D> {
  readonly #end: WriterEnd;
  readonly #frames: Frames<D>;
  readonly #stride: number;
  /**
   * The runs of a stream that comes from another machine.
   *
   * @internal
   */
  readonly runs: RunTable | undefined;
  readonly #scratchAddress: number;
  readonly #scratch: SharedFrame<D>;

  static {
    showAs(
      Writer,
      (writer) => `${formatFrames(writer)}, ${formatShare(writer.pressure)} full, ${writer.refused} refused`,
    );
  }

  /** Opens a writer. Task hosts and pipelines do this. */
  constructor(memory: SharedMemory, description: BindingOf<"writer">, options: HandleOptions = {}) {
    checkMemory("Writer", "openWriter()", memory);
    const { ring, scratch } = description;
    const frames = new Frames<D>(memory, ring);
    const end = new WriterEnd(memory, ring, options);
    super(frames, new RingWriter(memory, ring, end));
    this.#frames = frames;
    this.#end = end;
    this.#stride = frames.stride;
    this.runs = runTableOf(memory, ring);
    this.#scratchAddress = scratch;
    this.#scratch = frames.view(scratch);
  }

  /** Whether all readers that the stream had have ended or were closed; a terminator counts as a reader that stays. */
  get abandoned(): boolean {
    return this.#end.isAbandoned;
  }

  /** Frames that `write()` and `writeAsync()` could not put anywhere in time. */
  get refused(): number {
    return this.#end.refused / this.#stride;
  }

  /**
   * Publishes a copy of `frame`, and waits for room without bound unless told otherwise. False, and nothing published, if
   * there is no room within `timeoutMs`: 0 does not wait. What found no room is counted as `refused`.
   *
   * @throws {TypeError} If `frame` is not a frame of the stream's kind and length.
   * @throws {Error} If this writer is closed.
   */
  write(this: object, frame: FrameOf<D>, timeoutMs?: number): boolean;
  write(frame: FrameOf<D>, timeoutMs: number = this.#end.patienceMs): boolean {
    if (frame === this.#scratch) return this.#end.write(this.#scratchAddress, this.#stride, timeoutMs);
    this.#frames.check(frame);
    return this.#publish(this.#end.look(this.#stride, timeoutMs), frame);
  }

  /**
   * As {@link write}, without blocking the thread; it waits without bound unless told otherwise. The copy is made when
   * there is room and the calls before are done: leave the frame as it is until the promise resolves.
   */
  writeAsync(this: object, frame: FrameOf<D>, options?: WaitOptions): Promise<boolean>;
  async writeAsync(frame: FrameOf<D>, options: WaitOptions = {}): Promise<boolean> {
    this.#frames.check(frame);
    return await this.#end.lookAsync(this.#stride, options, (offset) => this.#publish(offset, frame));
  }

  #publish(offset: number, frame: FrameOf<D>): boolean {
    if (offset < 0) return this.#end.refuse(this.#stride);
    this.#frames.copyIn(this.#frames.at(offset), frame);
    this.#end.increment();
    return true;
  }

  /**
   * The next frame to fill, in place, without a copy, or `null` if there is no room within `timeoutMs`. It holds what was
   * written there a round ago. `increment()` publishes it.
   */
  look(this: object, timeoutMs?: number): SharedFrame<D> | null;
  look(timeoutMs = 0): SharedFrame<D> | null {
    return this.#at(this.#end.look(this.#stride, timeoutMs));
  }

  /**
   * The next frames to fill, in place, as many as there is room for, up to `most` (`Infinity`: all): many small frames for
   * the price of one. `null` if there is no room for `least` within `timeoutMs`. `increment()` publishes all of them,
   * `increment(n)` the first `n`.
   *
   * @throws {RangeError} If `most` or `least` is no whole number of at least 1, `least` exceeds `most` or the ring's frames,
   * or `timeoutMs` is negative.
   *
   * @example A task that writes ticks as they come
   * ```ts
   * import type { Writer } from "@ringmill/ringmill";
   *
   * export function feed({ ticks }: { ticks: Writer<"float64"> }) {
   *   for (let left = 1000; left > 0;) {
   *     const frames = ticks.lookMany(left, { timeoutMs: Infinity })!;
   *     for (const frame of frames) frame[0] = left--;
   *     ticks.increment();
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
   * Publishes the frame that `look()` has handed out, or the first `frames` of those that `lookMany()` has: all of them by
   * default.
   *
   * @throws {Error} If no frame was handed out before.
   * @throws {RangeError} If `frames` is not 1 to the number of frames that were handed out.
   */
  increment(this: object, frames?: number): void;
  increment(frames?: number): void {
    if (frames !== undefined) this.#frames.narrow(this.#end, frames);
    this.#end.increment();
  }

  /**
   * A frame of this writer's own inside the shared memory, for which `write()` is one copy by the core. It is the same one
   * each time, zeroed at first, and keeps what it holds when it is written.
   */
  frame(this: object): SharedFrame<D>;
  frame(): SharedFrame<D> {
    return this.#scratch;
  }

  /**
   * What takes frames as a `WritableStream` does: each is copied when there is room, so that full rings hold the source back.
   * With `bytes`, it takes bytes in chunks of any length and cuts them into frames; `partial` says what becomes of those
   * that are left at the end. Closing it closes this writer. It fails when the pipeline is stopped. If the source fails, or
   * a chunk is of the wrong kind, what came before stays written: the program's writer is closed then; a task decides itself,
   * by how it ends.
   *
   * @throws {TypeError} If an option is unknown or of the wrong kind.
   * @throws {RangeError} If `partial` is none of those.
   *
   * @example Bytes, cut into frames
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { deepEqual } from "node:assert/strict";
   *
   * await using pipe = new Pipeline("sound");
   * const samples = pipe.addStream("samples", { shape: [2], dtype: "int16" });
   * const writer = pipe.openWriter(samples);
   * const reader = pipe.openReader(samples);
   * await pipe.start();
   * // As in: await Deno.stdin.readable.pipeTo(writer.writable({ bytes: true }));
   * await new Blob([Uint8Array.of(1, 0, 2), Uint8Array.of(0)]).stream().pipeTo(writer.writable({ bytes: true }));
   * deepEqual(await reader.readAsync(), Int16Array.of(1, 2));
   * ```
   */
  writable(this: object, options?: WritableOptions & { bytes?: false }): WritableStream<FrameOf<D>>;
  writable(this: object, options: WritableOptions & { bytes: true }): WritableStream<BytesChunk>;
  // deno-lint-ignore no-explicit-any
  writable(options: WritableOptions = {}): any {
    return writableOf<D>({
      name: this.name,
      frameBytes: this.frameBytes,
      closesOnAbort: this.#end.patienceMs === 0,
      writeAsync: (frame, wait) => this.writeAsync(frame, wait),
      lookBytes: (most) => this.#lookBytes(most),
      look: () => this.look(0),
      writeBytesAsync: (bytes, wait) =>
        this.#end.lookAsync(this.#stride, wait, (offset) => this.#publishBytes(offset, bytes)),
      increment: () => this.increment(),
      close: () => this.close(),
      bytesOf: (frame) => this.#bytesOf(frame),
      whenStopped: () => this.#end.whenStopped(),
    }, options);
  }

  #bytesOf(frame: SharedFrame<D>): Uint8Array {
    return this.#frames.bytesOf<SharedArrayBuffer>(frame);
  }

  #publishBytes(offset: number, bytes: Uint8Array): void {
    this.#bytesOf(this.#frames.at(offset)).set(bytes);
    this.#end.increment();
  }

  #lookBytes(most: number): RingView | null {
    const { raw } = this;
    if (this.#stride !== this.frameBytes) return null;
    const length = this.#end.lookMany(this.#stride, this.#stride, Math.min(most, raw.length), 0);
    if (length < 0) return null;
    const beforeWrap = Math.min(length, raw.length - this.#end.offset);
    return [raw.subarray(this.#end.offset, this.#end.offset + beforeWrap), raw.subarray(0, length - beforeWrap)];
  }

  /** End of stream: the readers drain what is left, and then see `closed`. Closing twice changes nothing. */
  close(this: object): void;
  close(): void {
    this.#end.close();
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
