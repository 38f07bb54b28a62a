/** A stream of a recording: frames by their number, by their time, or one after the other. */

import type { DType, FrameOf } from "../ring/dtypes.ts";
import { DTYPES } from "../ring/dtypes.ts";
import type { StreamHead } from "./format/arrow_schema.ts";
import {
  type BatchIndex,
  type BatchPlace,
  DamagedFile,
  indexFile,
  lastOf,
  PlacedReader,
} from "./format/batch_index.ts";
import type { ColumnTypes, FrameFormat } from "./format/frame_format.ts";
import { formatText } from "./format/frame_format.ts";

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

/** Where frames are to begin, or to end. */
export type RecordedPlace =
  /** A frame's number. */
  | { readonly frame: number }
  /** Seconds since the recording's first frame of this stream. */
  | { readonly seconds: number }
  /** A moment. */
  | Date;

/** One file of a stream. */
interface Part extends BatchIndex {
  readonly path: string;
  readonly file: PlacedReader;
}

/** A batch, and the file that it lies in. */
interface Entry extends BatchPlace {
  readonly part: Part;
}

function openPart(path: string): Part {
  const file = new PlacedReader(path);
  try {
    return { path, file, ...indexFile(file) };
  } catch (error) {
    file[Symbol.dispose]();
    if (error instanceof DamagedFile) throw new Error(`Cannot open ${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The last entry for which `isBefore` holds, by bisection; -1 if there is none. */
function lastIndex<Value>(values: ArrayLike<Value>, isBefore: (value: Value) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(values[middle])) low = middle + 1;
    else high = middle;
  }
  return low - 1;
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
  /** The files, in their order: their paths, bytes, frames, and whether each was ended properly. */
  readonly parts: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly frames: number;
    readonly isComplete: boolean;
  }[];
  readonly #parts: readonly Part[];
  readonly #entries: readonly Entry[];
  readonly #format: FrameFormat;
  #loaded: { readonly entry: Entry; readonly columns: readonly Uint8Array<ArrayBuffer>[] } | undefined;

  /** Opens the files of one stream. {@link openRecording} does this. */
  constructor(name: string, paths: readonly string[]) {
    using cleanUp = new DisposableStack();
    this.#parts = paths.map((path) => {
      const part = openPart(path);
      cleanUp.use(part.file);
      return part;
    });
    this.#format = commonFormat(this.#parts);
    cleanUp.move();
    const { stream, description }: StreamHead = this.#parts[0].head;
    this.#entries = this.#parts.flatMap((part) => part.batches.map((batch) => ({ ...batch, part })));
    this.name = stream || name;
    this.description = description;
    this.shape = this.#format.shape;
    this.dtype = dtypeIn(this.#format);
    this.frames = this.#entries.reduce((sum, { rows }) => sum + rows, 0);
    const final = this.#entries.at(-1);
    const last = final && lastOf(final.part.file, final);
    this.last = last?.frame ?? null;
    this.start = this.#entries.at(0)?.start ?? null;
    this.end = last?.time ?? null;
    this.lost = last ? last.frame + 1 - this.#entries[0].first - this.frames : 0;
    this.parts = this.#parts.map(({ path, file, batches, isComplete }) => ({
      path,
      bytes: file.size,
      frames: batches.reduce((sum, { rows }) => sum + rows, 0),
      isComplete,
    }));
  }

  /** Whether the recording of this stream ended properly. Otherwise it was cut off after its last frame. */
  get isComplete(): boolean {
    return this.#parts.every(({ isComplete }) => isComplete);
  }

  /** The frame of a number, or `null` if it was not recorded. */
  read(frame: number): RecordedFrame | null {
    const entry = this.#entries[lastIndex(this.#entries, ({ first }) => first <= frame)];
    if (!entry) return null;
    const numbers = this.#numbers(entry);
    const row = lastIndex(numbers, (number) => Number(number) <= frame);
    return Number(numbers[row]) === frame ? this.#frameOf(entry, row) : null;
  }

  /** The newest frame that was taken at a time or before it, in nanoseconds since 1970; `null` if there is none. */
  at(time: bigint | Date): RecordedFrame | null {
    const wanted = time instanceof Date ? BigInt(time.getTime()) * 1_000_000n : time;
    const entry = this.#entries[lastIndex(this.#entries, ({ start }) => start <= wanted)];
    if (!entry) return null;
    return this.#frameOf(entry, lastIndex(this.#times(entry), (one) => one <= wanted));
  }

  /** The frames from one place on, up to another, which is left out. */
  *between(start?: RecordedPlace, end?: RecordedPlace): Generator<RecordedFrame> {
    const [from, to] = [this.#boundary(start, 0), this.#boundary(end, Infinity)];
    const skipped = Math.max(0, lastIndex(this.#entries, ({ first, start }) => !from.isPassed(first, start)));
    for (const entry of this.#entries.slice(skipped)) {
      const numbers = this.#numbers(entry);
      const times = this.#times(entry);
      for (let row = 0; row < entry.rows; row++) {
        const frame = Number(numbers[row]);
        if (to.isPassed(frame, times[row])) return;
        if (from.isPassed(frame, times[row])) yield this.#frameOf(entry, row);
      }
    }
  }

  /** All frames. */
  [Symbol.iterator](): Generator<RecordedFrame> {
    return this.between();
  }

  /** Tells frames at or behind a place from those before. */
  #boundary(place: RecordedPlace | undefined, otherwise: number) {
    if (place instanceof Date) return passing(BigInt(place.getTime()) * 1_000_000n);
    if (place && "seconds" in place) return passing((this.start ?? 0n) + BigInt(Math.round(place.seconds * 1e9)));
    const wanted = place?.frame ?? otherwise;
    return { isPassed: (frame: number) => frame >= wanted };
  }

  #numbers(entry: Entry): BigUint64Array<ArrayBuffer> {
    return new BigUint64Array(this.#load(entry)[0].buffer);
  }

  #times(entry: Entry): BigInt64Array<ArrayBuffer> {
    return new BigInt64Array(this.#load(entry)[1].buffer);
  }

  /** The columns of a batch; those of the last one that was asked for are kept. */
  #load(entry: Entry): readonly Uint8Array<ArrayBuffer>[] {
    if (this.#loaded?.entry === entry) return this.#loaded.columns;
    const sizes = [8, 8, 4, ...this.#format.columns.map(({ bytes }) => bytes)];
    const columns = sizes.map((size, index) => {
      const bytes = new Uint8Array(size * entry.rows);
      if (entry.part.file.read(entry.columns[index], bytes)) return bytes;
      throw new Error(`Cannot read ${entry.part.path}: it has become shorter`);
    });
    this.#loaded = { entry, columns };
    return columns;
  }

  #frameOf(entry: Entry, row: number): RecordedFrame {
    const [numbers, times, losses, ...data] = this.#load(entry);
    return {
      frame: Number(new BigUint64Array(numbers.buffer)[row]),
      time: new BigInt64Array(times.buffer)[row],
      lost: new Uint32Array(losses.buffer)[row],
      data: dataOf(this.#format, data, row),
    };
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const { file } of this.#parts) file[Symbol.dispose]();
  }
}

function passing(wanted: bigint) {
  return { isPassed: (_frame: number, time: bigint) => time >= wanted };
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

/** @throws {Error} If the files of a stream are not of one format. */
function commonFormat(parts: readonly Part[]): FrameFormat {
  const [{ path, head: { format } }] = parts;
  const other = parts.find(({ head }) => formatText(head.format) !== formatText(format));
  if (!other) return format;
  const what = `${path} has ${formatText(format)}, ${other.path} has ${formatText(other.head.format)}`;
  throw new Error(`Cannot open a recording whose files differ: ${what}`);
}
