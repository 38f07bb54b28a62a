/** The memory that records are made in: the serialiser's, or our own where there is nothing to serialise. */

import type { Packed } from "./_codec.ts";

/** Bytes of a record that are not valid any more when the next one is made. */
export type Record = Uint8Array<ArrayBuffer>;

/** Some memory to make a record in. */
export interface Sheet {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Views of its beginning, by their length. */
  readonly views: Record[];
}

/** Views of a sheet's beginning are made once, up to this length. */
const SHORT_BYTES = 1024;

function newSheet(bytes: Uint8Array<ArrayBuffer>): Sheet {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), views: [] };
}

let own = newSheet(new Uint8Array(8 * SHORT_BYTES));
/** The serialiser's is the same for most records. */
let serialisers = own;

/** Our own memory, with room for so many bytes. */
export function ownSheet(bytes: number): Sheet {
  return own.bytes.length >= bytes ? own : own = newSheet(new Uint8Array(bytes));
}

/** The serialiser's memory with what it has packed, or a larger copy where there is no room for `more` bytes after that. */
export function sheetOf({ buffer, start, end }: Packed, more: number): Sheet {
  if (end + more > buffer.length) {
    const larger = new Uint8Array(end + more);
    larger.set(buffer.subarray(start, end), start);
    return newSheet(larger);
  }
  return buffer === serialisers.bytes ? serialisers : serialisers = newSheet(buffer);
}

/** The record that lies there. */
export function recordOn({ bytes, views }: Sheet, start: number, end: number): Record {
  if (start !== 0 || end > SHORT_BYTES) return bytes.subarray(start, end);
  return views[end] ??= bytes.subarray(0, end);
}
