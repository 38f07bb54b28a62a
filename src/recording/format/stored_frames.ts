/** The frames of a recorded stream, as bytes in the files that it has. */

import { type BatchIndex, type BatchPlace, DamagedFile, indexFile, PlacedReader } from "./batch_index.ts";
import { formatText, type FrameFormat } from "./frame_format.ts";

/** One file. */
export interface StoredPart extends BatchIndex {
  readonly path: string;
  readonly file: PlacedReader;
}

/** A batch in memory. */
export interface LoadedBatch {
  readonly batch: BatchPlace;
  readonly numbers: BigUint64Array<ArrayBuffer>;
  /** In nanoseconds since 1970. */
  readonly times: BigInt64Array<ArrayBuffer>;
  readonly lost: Uint32Array<ArrayBuffer>;
  /** Each array of the frames, one frame after the other. */
  readonly data: readonly Uint8Array<ArrayBuffer>[];
}

/** Where frames are to begin, or to end. */
export type RecordedPlace =
  /** A frame's number. */
  | { readonly frame: number }
  /** Seconds since the first frame of the stream. */
  | { readonly seconds: number }
  /** A moment. */
  | Date;

/** A frame's number, and when it was taken, in nanoseconds since 1970. */
export interface RecordedMoment {
  readonly frame: number;
  readonly time: bigint;
}

/** The first and the last of some frames. */
export interface RecordedSpan {
  readonly first: RecordedMoment;
  readonly last: RecordedMoment;
}

/** Tells whether a frame lies at a place or behind it. */
export type HasReached = (frame: number, time: bigint) => boolean;

const NANOSECONDS = 1_000_000;

/** A moment in nanoseconds since 1970. */
export const nanosecondsOf = (date: Date): bigint => BigInt(date.getTime()) * BigInt(NANOSECONDS);

function openPart(path: string): StoredPart {
  const file = new PlacedReader(path);
  try {
    return { path, file, ...indexFile(file) };
  } catch (error) {
    file[Symbol.dispose]();
    if (error instanceof DamagedFile) throw new Error(`Cannot open ${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The last index for whose value `isBefore` holds, by bisection; -1 if there is none. */
export function lastIndex<Value>(values: ArrayLike<Value>, isBefore: (value: Value) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(values[middle])) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Reads the batches of a stream's files. */
export class StoredFrames implements Disposable {
  readonly parts: readonly StoredPart[];
  readonly batches: readonly BatchPlace[];
  readonly format: FrameFormat;
  #loaded: LoadedBatch | undefined;

  /** @throws {Error} If a file is damaged, or they are not of one format. */
  constructor(paths: readonly string[]) {
    using cleanUp = new DisposableStack();
    this.parts = paths.map((path) => {
      const part = openPart(path);
      cleanUp.use(part.file);
      return part;
    });
    this.format = commonFormat(this.parts);
    this.batches = this.parts.flatMap((part) => part.batches);
    cleanUp.move();
  }

  /** The number of the last frame, and when it was taken; `null` if there is none. */
  get last(): RecordedMoment | null {
    return this.batches.at(-1)?.last ?? null;
  }

  /** A batch; the last one that was asked for is kept. */
  load(batch: BatchPlace): LoadedBatch {
    if (this.#loaded?.batch !== batch) this.#loaded = this.#read(batch);
    return this.#loaded;
  }

  #read(batch: BatchPlace): LoadedBatch {
    const sizes = [8, 8, 4, ...this.format.columns.map(({ bytes }) => bytes)];
    const { columns } = batch;
    const [numbers, times, lost, ...data] = sizes.map((size, index) => {
      const bytes = new Uint8Array(size * batch.rows);
      if (batch.file.read(columns[index], bytes)) return bytes;
      throw new Error(`Cannot read ${batch.file.path}: it has become shorter`);
    });
    return {
      batch,
      numbers: new BigUint64Array(numbers.buffer),
      times: new BigInt64Array(times.buffer),
      lost: new Uint32Array(lost.buffer),
      data,
    };
  }

  /** What tells whether a place is reached; the beginning if there is none, `otherwise` if that is `Infinity` the end. */
  reaching(place: RecordedPlace | undefined, otherwise: number): HasReached {
    if (place instanceof Date) return this.#reachingTime(nanosecondsOf(place));
    if (place && "seconds" in place) {
      return this.#reachingTime((this.batches.at(0)?.start ?? 0n) + BigInt(Math.round(place.seconds * 1e9)));
    }
    const wanted = place?.frame ?? otherwise;
    return (frame) => frame >= wanted;
  }

  #reachingTime(wanted: bigint): HasReached {
    return (_frame, time) => time >= wanted;
  }

  /** The frames between two places, as rows of batches. */
  *between(
    start?: RecordedPlace,
    end?: RecordedPlace,
  ): Generator<{ readonly loaded: LoadedBatch; readonly row: number }> {
    const hasBegun = this.reaching(start, 0);
    const isOver = this.reaching(end, Infinity);
    const passed = Math.max(0, lastIndex(this.batches, ({ first, start }) => !hasBegun(first, start)));
    for (let index = passed; index < this.batches.length; index++) {
      const loaded = this.load(this.batches[index]);
      const { numbers, times } = loaded;
      for (let row = 0; row < numbers.length; row++) {
        const frame = Number(numbers[row]);
        if (isOver(frame, times[row])) return;
        if (hasBegun(frame, times[row])) yield { loaded, row };
      }
    }
  }

  /** The first and the last frame between two places, read from no more than the batches at both ends; `null` if there is none. */
  span(start?: RecordedPlace, end?: RecordedPlace): RecordedSpan | null {
    const first = this.between(start, end).next().value;
    if (!first) return null;
    const isOver = this.reaching(end, Infinity);
    const batch = this.batches[lastIndex(this.batches, ({ first, start }) => !isOver(first, start))];
    const { numbers, times } = this.load(batch);
    const rows = numbers.keys().filter((row) => !isOver(Number(numbers[row]), times[row]));
    const row = Array.from(rows).at(-1)!;
    const { loaded, row: firstRow } = first;
    return {
      first: { frame: Number(loaded.numbers[firstRow]), time: loaded.times[firstRow] },
      last: { frame: Number(numbers[row]), time: times[row] },
    };
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const { file } of this.parts) file[Symbol.dispose]();
  }
}

function commonFormat(parts: readonly StoredPart[]): FrameFormat {
  const [{ path, head: { format } }] = parts;
  const other = parts.find(({ head }) => formatText(head.format) !== formatText(format));
  if (!other) return format;
  const what = `${path} has ${formatText(format)}, ${other.path} has ${formatText(other.head.format)}`;
  throw new Error(`Cannot open a recording whose files differ: ${what}`);
}
