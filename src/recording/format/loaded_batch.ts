/** A batch in memory, and how it comes there: into the same bytes each time, in one go where it lies in one piece. */

import type { BatchPlace } from "./batch_index.ts";
import type { FrameFormat } from "./frame_format.ts";

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

/** Bytes of a number, a time, and a count of lost frames. */
const HEAD_SIZES = [8, 8, 4];
/** Views of numbers begin at multiples of this. */
const ALIGNMENT = 8;
/** A piece of a file may have so many bytes for each that is wanted. */
const LARGEST_SHARE = 1.5;

/** A part of a file, and where it goes in memory. */
interface Part {
  readonly place: number;
  readonly offset: number;
  readonly bytes: number;
}

/** How the columns of a batch come into memory: where each lies then, and what is read for that. */
interface Plan {
  readonly columns: readonly Part[];
  readonly reads: readonly Part[];
}

/** All columns with what lies between them, as they lie in the file; `null` if they are too far apart, or cannot be viewed so. */
function planOnePiece(columns: readonly Part[]): Plan | null {
  const place = Math.min(...columns.map(({ place }) => place));
  const bytes = Math.max(...columns.map((column) => column.place + column.bytes)) - place;
  const wanted = columns.reduce((sum, column) => sum + column.bytes, 0);
  if (bytes > LARGEST_SHARE * wanted + 4096) return null;
  const moved = columns.map((column) => ({ ...column, offset: column.place - place }));
  if (moved.some(({ offset }) => offset % ALIGNMENT !== 0)) return null;
  return { columns: moved, reads: [{ place, offset: 0, bytes }] };
}

/** Each column by itself. */
function planOf(places: readonly number[], sizes: readonly number[]): Plan {
  let end = 0;
  const columns = places.map((place, index) => {
    const offset = end;
    end = Math.ceil((end + sizes[index]) / ALIGNMENT) * ALIGNMENT;
    return { place, offset, bytes: sizes[index] };
  });
  return planOnePiece(columns) ?? { columns, reads: columns };
}

/** Loads one batch at a time. */
export class BatchLoader {
  /** Bytes of a row in each column. */
  readonly #sizes: readonly number[];
  #buffer = new ArrayBuffer(0);
  #loaded: LoadedBatch | undefined;

  constructor({ columns }: FrameFormat) {
    this.#sizes = [...HEAD_SIZES, ...columns.map(({ bytes }) => bytes)];
  }

  /** A batch, until another one is loaded. */
  load(batch: BatchPlace): LoadedBatch {
    if (this.#loaded?.batch !== batch) this.#loaded = this.#read(batch);
    return this.#loaded;
  }

  #read(batch: BatchPlace): LoadedBatch {
    const { columns, reads } = planOf(batch.columns, this.#sizes.map((size) => size * batch.rows));
    this.#loaded = undefined;
    this.#reserve(Math.max(...reads.map(({ offset, bytes }) => offset + bytes)));
    for (const { place, offset, bytes } of reads) {
      if (batch.file.read(place, new Uint8Array(this.#buffer, offset, bytes))) continue;
      throw new Error(`Cannot read ${batch.file.path}: it has become shorter`);
    }
    const [numbers, times, lost, ...data] = columns;
    return {
      batch,
      numbers: new BigUint64Array(this.#buffer, numbers.offset, batch.rows),
      times: new BigInt64Array(this.#buffer, times.offset, batch.rows),
      lost: new Uint32Array(this.#buffer, lost.offset, batch.rows),
      data: data.map(({ offset, bytes }) => new Uint8Array(this.#buffer, offset, bytes)),
    };
  }

  #reserve(bytes: number): void {
    if (this.#buffer.byteLength < bytes) this.#buffer = new ArrayBuffer(bytes);
  }
}
