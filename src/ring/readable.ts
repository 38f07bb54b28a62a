/** A reader as a `ReadableStream` of the platform: of frames, or of their bytes. */

import { boolean, checkOptions, type Rules } from "../rules.ts";
import type { FrameType } from "./dtypes.ts";
import type { OwnedFrame } from "./frame_kind.ts";

/** Options of `readable()` of readers. */
export interface ReadableOptions {
  /**
   * Whether it is a stream of bytes, those of the frames one after the other, as files, sockets and responses take them.
   *
   * @default {false}
   */
  bytes?: boolean;
}

/** What each option must be. */
const READABLE_RULES = { bytes: boolean } satisfies Rules;

/** What a stream of the platform needs of a reader. */
export interface FrameSource<D extends FrameType> {
  readonly name: string;
  readonly frameBytes: number;
  readAsync(options: { signal: AbortSignal }): Promise<OwnedFrame<D> | null>;
  read(): OwnedFrame<D> | null;
  close(): void;
  /** Whether it was closed. */
  wasClosed(): boolean;
  /** How many frames are there to be read at once. */
  available(): number;
  /** The bytes of a frame. */
  bytesOf(frame: OwnedFrame<D>): Uint8Array<ArrayBuffer>;
}

/** Small frames are put together to chunks of about so many bytes, if so many are there. */
const CHUNK_BYTES = 65_536;

/** The next chunk of bytes: a frame, and all that are there already behind it, up to {@link CHUNK_BYTES}. */
async function nextBytes<D extends FrameType>(source: FrameSource<D>, signal: AbortSignal) {
  const first = await source.readAsync({ signal });
  if (first === null) return null;
  const size = source.frameBytes;
  const more = Math.min(source.available(), Math.floor(CHUNK_BYTES / size) - 1);
  if (more < 1) return source.bytesOf(first);
  const chunk = new Uint8Array(size * (more + 1));
  chunk.set(source.bytesOf(first));
  let length = size;
  for (let frame; length < chunk.length && (frame = source.read()) !== null; length += size) {
    chunk.set(source.bytesOf(frame), length);
  }
  return length === chunk.length ? chunk : chunk.slice(0, length);
}

/** Takes frames only when they are asked for: what nobody reads holds the writer back. */
export function readableOf<D extends FrameType>(
  source: FrameSource<D>,
  options: ReadableOptions,
): ReadableStream<OwnedFrame<D> | Uint8Array<ArrayBuffer>> {
  checkOptions(`make a ReadableStream of "${source.name}"`, options, READABLE_RULES);
  const aborting = new AbortController();
  const { signal } = aborting;
  const cancel = (reason: unknown) => {
    aborting.abort(reason);
    source.close();
  };
  const wasClosed = source.wasClosed();
  /** What comes next, or `null` at the end: also that of a reader that is closed meanwhile, as loops end then. */
  const next = async <Chunk>(read: () => Promise<Chunk | null>): Promise<Chunk | null> => {
    try {
      return await read();
    } catch (error) {
      if (wasClosed || !source.wasClosed()) throw error;
      return null;
    }
  };
  if (!options.bytes) {
    const pull = async (controller: ReadableStreamDefaultController<OwnedFrame<D>>) => {
      const frame = await next(() => source.readAsync({ signal }));
      if (frame === null) controller.close();
      else controller.enqueue(frame);
    };
    return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
  }
  const pull = async (controller: ReadableByteStreamController) => {
    const bytes = await next(() => nextBytes(source, signal));
    if (bytes !== null) return controller.enqueue(bytes);
    controller.close();
    // A BYOB request is not ended by close().
    controller.byobRequest?.respond(0);
  };
  return new ReadableStream({ type: "bytes", pull, cancel }, { highWaterMark: 0 });
}
