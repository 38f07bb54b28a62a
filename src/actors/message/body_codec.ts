/** What msgpackr makes of values, behind room for a header. */

import {
  addExtension,
  Packr,
  RESERVE_START_SPACE,
  RESET_BUFFER_MODE,
  REUSE_BUFFER_MODE,
} from "../../vendor/msgpackr.js";
import { areExact } from "./body_check.ts";
import { unwrap, wrap, Wrapped } from "./exact_values.ts";

function refuse(value: unknown): never {
  throw new TypeError(`${Deno.inspect(value, { depth: 0 })} could not be cloned`);
}

/** Plain bytes, the most frequent of typed arrays. Buffers are none. */
class Bytes {
  static [Symbol.hasInstance](value: object): boolean {
    return value.constructor === Uint8Array;
  }
}

// Codes of extensions. Those of msgpackr itself are letters.
const WRAPPED = 2;
const HALF_FLOATS = 3;
const BYTES = 4;

addExtension({
  Class: Wrapped,
  type: WRAPPED,
  write: ({ kind, parts }: Wrapped) => [kind, parts],
  read: ([kind, parts]: [Wrapped["kind"], unknown]) => unwrap(kind, parts),
});
addExtension({
  Class: Float16Array,
  type: HALF_FLOATS,
  write: (array: Float16Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice(),
  read: (bytes: Uint8Array) => new Float16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2),
});
// The one that is added last is looked at first.
addExtension({
  Class: Bytes,
  type: BYTES,
  pack: (bytes: Uint8Array) => bytes,
  // A copy: what is read lies in memory that the next message will use. (The `slice()` of a Buffer is none.)
  unpack: (bytes: Uint8Array) => Uint8Array.prototype.slice.call(bytes),
});

const OPTIONS = {
  // Objects as records, so that maps are maps.
  mapsAsObjects: false,
  moreTypes: true,
  useBigIntExtension: true,
  // A body that is read lies in memory that the next message reuses.
  copyBuffers: true,
  useToJSON: false,
  writeFunction: refuse,
};

const packr = new Packr(OPTIONS);

/** The buffer that msgpackr writes to. Its own fields say where the latest value lies. */
interface Target extends Uint8Array<ArrayBuffer> {
  readonly start: number;
  readonly end: number;
}

/** Bytes that were written, in a buffer that the next call writes over. */
export interface Packed {
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly start: number;
  readonly end: number;
}

/**
 * Writes values behind `reserved` bytes, 0 to 255.
 *
 * @throws {TypeError} If one of them cannot be carried as it is.
 */
export function pack(values: readonly unknown[], reserved: number): Packed {
  return write(areExact(values) ? values : values.map(wrap), reserved);
}

function write(values: readonly unknown[], reserved: number): Packed {
  const mode = REUSE_BUFFER_MODE | RESET_BUFFER_MODE | RESERVE_START_SPACE | reserved;
  const target = packr.pack(values, mode) as unknown as Target;
  return { buffer: target, start: target.start, end: target.end };
}

/** Reads what `pack` has written. */
export function unpack(bytes: Uint8Array, start: number, end: number): readonly unknown[] {
  return packr.unpack(bytes, { start, end }) as readonly unknown[];
}
