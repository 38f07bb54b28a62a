/** A writer as a `WritableStream` of the platform: of frames, or of bytes that are cut into frames. */

import { boolean, checkOptions, oneOf, type Rules } from "../rules.ts";
import type { FrameOf, FrameType } from "./dtypes.ts";
import { describe, type SharedFrame } from "./frame_kind.ts";
import type { RingView } from "./ring_end.ts";

/** What becomes of the bytes at the end of a stream that are less than a frame. */
export type PartialFrame = "error" | "drop" | "pad";

const PARTIALS: readonly PartialFrame[] = ["error", "drop", "pad"];

/** Options of `writable()` of writers. */
export interface WritableOptions {
  /**
   * Whether it takes bytes, in chunks of any length, and cuts them into frames.
   *
   * @default {false}
   */
  bytes?: boolean;
  /**
   * What becomes of bytes at the end that are less than a frame: closing fails and says how many they are, or they are
   * dropped, or zeros make them a frame.
   *
   * @default {"error"}
   */
  partial?: PartialFrame;
}

/** What each option must be. */
const WRITABLE_RULES = { bytes: boolean, partial: oneOf(PARTIALS) } satisfies Rules;

/** What a stream of the platform needs of a writer. */
export interface FrameSink<D extends FrameType> {
  readonly name: string;
  readonly frameBytes: number;
  /** Whether closing the writer at an abort is up to the stream: in a task, it is up to how the task ends. */
  readonly closesOnAbort: boolean;
  writeAsync(frame: FrameOf<D>, options: { signal: AbortSignal }): Promise<boolean>;
  /**
   * Room for as many whole frames as there is, up to so many bytes, in one or two parts; `null` if there is none, or if frames
   * do not follow each other without gaps.
   */
  lookBytes(most: number): RingView | null;
  /** The next frame to fill, if there is room. */
  look(): SharedFrame<D> | null;
  /** Publishes the bytes of a frame as soon as there is room: at once then, as another part of a task may write, too. */
  writeBytesAsync(bytes: Uint8Array, options: { signal: AbortSignal }): Promise<void>;
  increment(): void;
  close(): void;
  /** The bytes of a frame in place. */
  bytesOf(frame: SharedFrame<D>): Uint8Array;
  /** Resolves once the pipeline is told to stop, to what its ends throw then. */
  whenStopped(): Promise<unknown>;
}

/** What bytes may come as. */
export type BytesChunk = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

function bytesIn(chunk: unknown, name: string): Uint8Array {
  const buffer = ArrayBuffer.isView(chunk) ? chunk.buffer : chunk;
  if (!(buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer)) {
    throw new TypeError(
      `Cannot write bytes to stream "${name}": expected a buffer or a view of one, received ${describe(chunk)}`,
    );
  }
  checkThere(buffer, name);
  if (chunk instanceof Uint8Array) return chunk;
  const { byteOffset, byteLength } = ArrayBuffer.isView(chunk)
    ? chunk
    : { byteOffset: 0, byteLength: buffer.byteLength };
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A buffer that was handed to somebody else looks as if it were empty. */
function checkThere(buffer: ArrayBufferLike, name: string): void {
  if (!(buffer instanceof ArrayBuffer) || !buffer.detached) return;
  throw new TypeError(
    `Cannot write bytes to stream "${name}": the chunk's buffer was transferred before they were written`,
  );
}

/** Cuts bytes into frames. */
class FrameCutter<D extends FrameType> {
  readonly #sink: FrameSink<D>;
  readonly #signal: AbortSignal;
  /** The beginning of a frame whose rest has not come yet. */
  readonly #rest: Uint8Array;
  #length = 0;

  constructor(sink: FrameSink<D>, signal: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
    this.#rest = new Uint8Array(sink.frameBytes);
  }

  async write(chunk: unknown): Promise<void> {
    const bytes = bytesIn(chunk, this.#sink.name);
    try {
      await this.#cut(bytes);
    } finally {
      checkThere(bytes.buffer, this.#sink.name);
    }
  }

  async #cut(bytes: Uint8Array): Promise<void> {
    const size = this.#sink.frameBytes;
    let at = 0;
    if (this.#length > 0) {
      at = this.#keep(bytes, 0);
      if (this.#length < size) return;
      await this.#publish(this.#rest);
      this.#length = 0;
    }
    while (bytes.length - at >= size) {
      const published = this.#publishAtOnce(bytes, at);
      // A promise only where there is no room.
      if (published === 0) await this.#publish(bytes.subarray(at, at + size));
      at += published || size;
    }
    this.#keep(bytes, at);
  }

  /** Keeps as many bytes as the frame under way lacks. Returns where the next begins. */
  #keep(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#rest.length - this.#length);
    this.#rest.set(bytes.subarray(at, end), this.#length);
    this.#length += end - at;
    return end;
  }

  /** Publishes as many frames from a place on as there is room for. Returns how many bytes that were. */
  #publishAtOnce(bytes: Uint8Array, at: number): number {
    const size = this.#sink.frameBytes;
    const room = this.#sink.lookBytes(Math.floor((bytes.length - at) / size) * size);
    if (room !== null) return this.#fillRoom(room, bytes, at);
    const slot = this.#sink.look();
    if (slot === null) return 0;
    this.#sink.bytesOf(slot).set(bytes.subarray(at, at + size));
    this.#sink.increment();
    return size;
  }

  #fillRoom([head, tail]: RingView, bytes: Uint8Array, at: number): number {
    const length = head.length + tail.length;
    head.set(bytes.subarray(at, at + head.length));
    tail.set(bytes.subarray(at + head.length, at + length));
    this.#sink.increment();
    return length;
  }

  async #publish(bytes: Uint8Array): Promise<void> {
    await this.#sink.writeBytesAsync(bytes, { signal: this.#signal });
  }

  async end(partial: PartialFrame): Promise<void> {
    const length = this.#length;
    if (length === 0 || partial === "drop") return;
    if (partial === "error") {
      const { name, frameBytes } = this.#sink;
      const left = `${length} ${length === 1 ? "byte is" : "bytes are"} left, a frame has ${frameBytes}`;
      throw new RangeError(`Cannot end stream "${name}": ${left}; the option partial says what becomes of them`);
    }
    await this.#publish(this.#rest.fill(0, length));
  }
}

/** Each chunk waits until there is room for it. */
export function writableOf<D extends FrameType>(
  sink: FrameSink<D>,
  options: WritableOptions,
): WritableStream<FrameOf<D> | BytesChunk> {
  const action = `make a WritableStream of "${sink.name}"`;
  checkOptions(action, options, WRITABLE_RULES);
  const { bytes = false, partial = "error" } = options;
  if (!bytes && options.partial !== undefined) {
    throw new TypeError(`Cannot ${action}: partial is of streams with bytes: true, received ${Deno.inspect(partial)}`);
  }
  const aborting = new AbortController();
  const { signal } = aborting;
  // A platform stream that fails by itself is not aborted: nobody else would end the stream then.
  const fail = (error: unknown): never => {
    if (sink.closesOnAbort) sink.close();
    throw error;
  };
  const cutter = bytes ? new FrameCutter(sink, signal) : null;
  return new WritableStream<FrameOf<D> | BytesChunk>({
    start(controller) {
      controller.signal.addEventListener("abort", () => aborting.abort(controller.signal.reason));
      // Also while no chunk is under way: otherwise who pipes into it would wait for the next one.
      sink.whenStopped().then((error) => controller.error(error));
    },
    async write(chunk) {
      try {
        if (cutter) await cutter.write(chunk);
        else await sink.writeAsync(chunk as FrameOf<D>, { signal });
      } catch (error) {
        fail(error);
      }
    },
    async close() {
      try {
        await cutter?.end(partial);
      } catch (error) {
        fail(error);
      }
      sink.close();
    },
    abort() {
      if (sink.closesOnAbort) sink.close();
    },
  });
}
