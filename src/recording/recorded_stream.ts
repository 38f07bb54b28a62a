/** A stream of a recording: frames by their number, by their time, or one after the other. */

import { type ColumnTypes, type DType, DTYPES, type FrameOf } from "../ring/dtypes.ts";
import type { FrameFormat } from "./format/frame_format.ts";
import type { LoadedBatch } from "./format/loaded_batch.ts";
import { lastIndex, nanosecondsOf, type RecordedPlace, StoredFrames } from "./format/stored_frames.ts";

/** The array of a frame, or those of its columns by name. */
export type RecordedData = FrameOf<DType, ArrayBuffer> | Readonly<Record<string, FrameOf<DType, ArrayBuffer>>>;

/** A recorded frame. */
export interface RecordedFrame {
  /** Its number in the stream, from 0; frames that were lost count. */
  readonly frame: number;
  /** When it was taken, in nanoseconds since 1970. */
  readonly time: bigint;
  /** Frames that were lost before it. */
  readonly lost: number;
  /** A copy of it. */
  readonly data: RecordedData;
}

/** A file of a recorded stream. */
export interface RecordedPart {
  /** Where it lies. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** Frames that it holds. */
  readonly frames: number;
  /** Whether it was ended properly. Otherwise it was cut off after its last frame. */
  readonly isComplete: boolean;
}

/** A recorded stream. */
export class RecordedStream implements Disposable {
  /** The stream's name. */
  readonly name: string;
  /** Elements along each dimension of a frame. */
  readonly shape: readonly number[];
  /** The type of an element, or those of its columns. */
  readonly dtype: DType | ColumnTypes;
  /** What the stream was declared to be for; empty if nothing. */
  readonly description: string;
  /** Frames that were recorded. */
  readonly frames: number;
  /** Frames that were lost between the first and the last one. */
  readonly lost: number;
  /** When its first frame was taken, in nanoseconds since 1970; `null` if there is none. */
  readonly start: bigint | null;
  /** When its last frame was taken. */
  readonly end: bigint | null;
  /** The number of its last frame; `null` if there is none. */
  readonly last: number | null;
  /** The files, in their order. */
  readonly parts: readonly RecordedPart[];
  readonly #stored: StoredFrames;

  /** Opens the files of one stream. {@link openRecording} does this. */
  constructor(name: string, paths: readonly string[]) {
    const stored = this.#stored = new StoredFrames(paths);
    const { stream, description } = stored.parts[0].head;
    const { last } = stored;
    const first = stored.batches.at(0);
    this.name = stream || name;
    this.description = description;
    this.shape = stored.format.shape;
    this.dtype = dtypeIn(stored.format);
    this.parts = stored.parts.map(({ path, file, batches, isComplete }) => {
      return { path, bytes: file.size, frames: batches.reduce((sum, { rows }) => sum + rows, 0), isComplete };
    });
    this.frames = this.parts.reduce((sum, { frames }) => sum + frames, 0);
    this.last = last?.frame ?? null;
    this.start = first?.start ?? null;
    this.end = last?.time ?? null;
    this.lost = last && first ? last.frame + 1 - first.first - this.frames : 0;
  }

  /** Whether the recording of this stream ended properly. Otherwise it was cut off after its last frame. */
  get isComplete(): boolean {
    return this.parts.every(({ isComplete }) => isComplete);
  }

  /** The frame of a number, or `null` if it was not recorded. */
  read(frame: number): RecordedFrame | null {
    const { batches } = this.#stored;
    const batch = batches[lastIndex(batches, ({ first }) => first <= frame)];
    if (!batch) return null;
    const loaded = this.#stored.load(batch);
    const row = lastIndex(loaded.numbers, (number) => Number(number) <= frame);
    return Number(loaded.numbers[row]) === frame ? this.#frameOf(loaded, row) : null;
  }

  /** The newest frame that was taken at a time or before it, in nanoseconds since 1970; `null` if there is none. */
  at(time: bigint | Date): RecordedFrame | null {
    const wanted = time instanceof Date ? nanosecondsOf(time) : time;
    const { batches } = this.#stored;
    const batch = batches[lastIndex(batches, ({ start }) => start <= wanted)];
    if (!batch) return null;
    const loaded = this.#stored.load(batch);
    return this.#frameOf(loaded, lastIndex(loaded.times, (one) => one <= wanted));
  }

  /** The frames from one place on, up to another, which is left out. */
  *between(start?: RecordedPlace, end?: RecordedPlace): Generator<RecordedFrame> {
    for (const { loaded, row } of this.#stored.between(start, end)) yield this.#frameOf(loaded, row);
  }

  /** All frames. */
  [Symbol.iterator](): Generator<RecordedFrame> {
    return this.between();
  }

  #frameOf({ numbers, times, lost, data }: LoadedBatch, row: number): RecordedFrame {
    const { format } = this.#stored;
    return { frame: Number(numbers[row]), time: times[row], lost: lost[row], data: dataOf(format, data, row) };
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    this.#stored[Symbol.dispose]();
  }
}

/** A frame of a batch, as its array or as its columns. */
function dataOf({ columns }: FrameFormat, data: readonly Uint8Array<ArrayBuffer>[], row: number): RecordedData {
  const arrays = columns.map(({ dtype, bytes, length }, index) => {
    const copy = data[index].slice(row * bytes, (row + 1) * bytes);
    return new DTYPES[dtype].array(copy.buffer, 0, length);
  });
  if (columns[0].name === null) return arrays[0];
  return Object.fromEntries(columns.map(({ name }, index) => [name, arrays[index]]));
}

function dtypeIn({ columns }: FrameFormat): DType | ColumnTypes {
  if (columns[0].name === null) return columns[0].dtype;
  return Object.fromEntries(columns.map(({ name, dtype }) => [name, dtype]));
}
