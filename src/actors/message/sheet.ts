/** The memory that records are made in: the serialiser's, or our own where there is nothing to serialise. */

import type { Packed } from "./body_codec.ts";

/** Bytes of a record that are not valid any more when the next one is made. */
export type RecordBytes = Uint8Array<ArrayBuffer>;

/** Some memory to make a record in. */
export interface Sheet {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Views of its beginning, by their length. */
  readonly views: RecordBytes[];
}

/** Views of a sheet's beginning are made once, up to this length. */
const SHORT_BYTES = 1024;

function newSheet(bytes: Uint8Array<ArrayBuffer>): Sheet {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), views: [] };
}

/** Most records are shorter. Longer ones get memory that is not kept. */
const KEPT_BYTES = 64 * SHORT_BYTES;

const own = newSheet(new Uint8Array(KEPT_BYTES));
/** msgpackr reuses its buffer: one view of it is kept. */
let serialisers = own;

/** Our own memory, with room for so many bytes. */
export function ownSheet(bytes: number): Sheet {
  return bytes <= KEPT_BYTES ? own : newSheet(new Uint8Array(bytes));
}

/** The serialiser's memory with what it has packed, or a copy in our own if there is no room for `more` bytes after that. */
export function sheetOf({ buffer, start, end }: Packed, more: number): Sheet {
  if (end + more > buffer.length) {
    const sheet = ownSheet(end + more);
    sheet.bytes.set(buffer.subarray(start, end), start);
    return sheet;
  }
  return buffer === serialisers.bytes ? serialisers : serialisers = newSheet(buffer);
}

/** The record that lies there. */
export function recordOn({ bytes, views }: Sheet, start: number, end: number): RecordBytes {
  if (start !== 0 || end > SHORT_BYTES) return bytes.subarray(start, end);
  return views[end] ??= bytes.subarray(0, end);
}
