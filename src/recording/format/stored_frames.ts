/** The frames of a recorded stream, as bytes in the files that it has. */

import { type BatchIndex, type BatchPlace, DamagedFile, indexFile, PlacedReader } from "./batch_index.ts";
import { BatchLoader, type LoadedBatch } from "./loaded_batch.ts";
import { formatText, type FrameFormat } from "./frame_format.ts";

/** One file. */
export interface StoredPart extends BatchIndex {
  readonly path: string;
  readonly file: PlacedReader;
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
  let file: PlacedReader | undefined;
  try {
    file = new PlacedReader(path);
    return { path, file, ...indexFile(file) };
  } catch (error) {
    file?.[Symbol.dispose]();
    if (error instanceof DamagedFile) throw new Error(`Cannot open ${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The last index for whose value `isBefore` holds, by bisection; -1 if there is none. */
export function lastIndex<Value>(values: ArrayLike<Value>, isBefore: (value: Value) => boolean): number {
  return lastRow(values.length, (index) => isBefore(values[index]));
}

function lastRow(count: number, isBefore: (row: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How many frames of a batch lie before a place. */
function countBefore({ numbers, times }: Pick<LoadedBatch, "numbers" | "times">, hasReached: HasReached): number {
  return lastRow(numbers.length, (row) => !hasReached(Number(numbers[row]), times[row])) + 1;
}

/** Reads the batches of a stream's files. */
export class StoredFrames implements Disposable {
  readonly parts: readonly StoredPart[];
  readonly batches: readonly BatchPlace[];
  readonly format: FrameFormat;
  readonly #loader: BatchLoader;

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
    this.#loader = new BatchLoader(this.format);
    cleanUp.move();
  }

  /** The number of the last frame, and when it was taken; `null` if there is none. */
  get last(): RecordedMoment | null {
    return this.batches.at(-1)?.last ?? null;
  }

  /** A batch, until another one is asked for. */
  load(batch: BatchPlace): LoadedBatch {
    return this.#loader.load(batch);
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

  /** The frames between two places, as rows of batches. Each batch is valid until the next frame is asked for. */
  *between(
    start?: RecordedPlace,
    end?: RecordedPlace,
  ): Generator<{ readonly loaded: LoadedBatch; readonly row: number }> {
    const hasBegun = this.reaching(start, 0);
    const isOver = this.reaching(end, Infinity);
    const loader = new BatchLoader(this.format);
    const passed = Math.max(0, lastIndex(this.batches, ({ first, start }) => !hasBegun(first, start)));
    for (let index = passed; index < this.batches.length; index++) {
      const loaded = loader.load(this.batches[index]);
      const from = start && index === passed ? countBefore(loaded, hasBegun) : 0;
      const to = end ? countBefore(loaded, isOver) : loaded.numbers.length;
      for (let row = from; row < to; row++) yield { loaded, row };
      if (to < loaded.numbers.length) return;
    }
  }

  /** The first and the last frame between two places, read from no more than the batches at both ends; `null` if there is none. */
  span(start?: RecordedPlace, end?: RecordedPlace): RecordedSpan | null {
    const first = this.between(start, end).next().value;
    if (!first) return null;
    const isOver = this.reaching(end, Infinity);
    const batch = this.batches[lastIndex(this.batches, ({ first, start }) => !isOver(first, start))];
    const { numbers, times } = this.load(batch);
    const row = countBefore({ numbers, times }, isOver) - 1;
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
