/** What a frame is: one typed array, or one for each of its columns. */

import { suggest } from "../suggest.ts";
import { type ColumnLayout, formatDType, layOutColumns } from "./columns.ts";
import type { FrameDescription } from "./description.ts";
import { type ArrayClass, type ColumnTypes, type DType, DTYPES, type FrameOf, type FrameType } from "./dtypes.ts";

/** A frame inside the shared memory. */
export type SharedFrame<D extends FrameType> = FrameOf<D, SharedArrayBuffer>;
/** A frame of the caller's own. */
export type OwnedFrame<D extends FrameType> = FrameOf<D, ArrayBuffer>;

/** What can be done with frames of a kind. */
export interface FrameKind<D extends FrameType> {
  /** Numbers per frame, or per column: the product of the shape, twice that for complex frames. */
  readonly length: number;
  readonly bytes: number;
  /** A frame at an address, in place, of the memory unless it is of another buffer. */
  view(address: number, buffer?: SharedArrayBuffer): SharedFrame<D>;
  /** A copy of a frame in place, outside the shared memory. */
  copyOf(frame: SharedFrame<D>): OwnedFrame<D>;
  /** The bytes of a frame in place, or of a copy. */
  bytesOf<Buffer extends ArrayBufferLike>(frame: FrameOf<D, Buffer>): Uint8Array<Buffer>;
  /** @throws {TypeError} Unless `frame` is one of this kind. */
  check(frame: FrameOf<D>): void;
  /** Copies the caller's frame, which was checked, over one in place. */
  copyIn(slot: SharedFrame<D>, frame: FrameOf<D>): void;
  /** Copies a frame in place over the caller's, which was checked. */
  copyOut(frame: FrameOf<D>, slot: SharedFrame<D>): void;
}

/** The frames of a description, in a memory. `name` is the stream's. */
export function frameKind<D extends FrameType>(
  buffer: SharedArrayBuffer,
  { shape, dtype }: FrameDescription,
  name: string,
): FrameKind<D> {
  const kind = typeof dtype === "string"
    ? new ArrayKind(buffer, shape, dtype, name)
    : new ColumnsKind(buffer, shape, dtype, name);
  return kind as unknown as FrameKind<D>;
}

function refusal(stream: string, expected: string, received: string): TypeError {
  return new TypeError(`Cannot use the frame with stream "${stream}": expected ${expected}, received ${received}`);
}

/** What a value is, for messages: the class and length of an array. */
export function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return Deno.inspect(value);
  const kind = value.constructor?.name ?? "an object";
  return "length" in value ? `${kind} of ${value.length}` : kind;
}

/** Frames of one typed array. */
class ArrayKind<D extends DType> implements FrameKind<D> {
  readonly length: number;
  readonly bytes: number;
  readonly #buffer: SharedArrayBuffer;
  readonly #array: ArrayClass;
  readonly #name: string;

  constructor(buffer: SharedArrayBuffer, shape: readonly number[], dtype: D, name: string) {
    const { array, lanes } = DTYPES[dtype];
    this.length = shape.reduce((product, size) => product * size, lanes);
    this.bytes = this.length * array.BYTES_PER_ELEMENT;
    this.#buffer = buffer;
    this.#array = array;
    this.#name = name;
  }

  view(address: number, buffer = this.#buffer): SharedFrame<D> {
    return new this.#array(buffer, address, this.length) as SharedFrame<D>;
  }

  copyOf(frame: SharedFrame<D>): OwnedFrame<D> {
    return new this.#array(frame) as OwnedFrame<D>;
  }

  bytesOf<Buffer extends ArrayBufferLike>(frame: FrameOf<D, Buffer>): Uint8Array<Buffer> {
    const { buffer, byteOffset } = frame as unknown as Uint8Array<Buffer>;
    return new Uint8Array(buffer, byteOffset, this.bytes);
  }

  check(frame: FrameOf<D>): void {
    if (frame instanceof this.#array && (frame as Uint8Array).length === this.length) return;
    throw refusal(this.#name, `${this.#array.name} of ${this.length}`, describe(frame));
  }

  copyIn(slot: SharedFrame<D>, frame: FrameOf<D>): void {
    (slot as Float64Array).set(frame as Float64Array);
  }

  copyOut(frame: FrameOf<D>, slot: SharedFrame<D>): void {
    (frame as Float64Array).set(slot as Float64Array);
  }
}

type AnyColumns = Readonly<Record<string, FrameOf<DType>>>;

/** The bytes of a frame whose columns lie in one buffer as in a slot; `null` if they do not. */
type FrameBytes = Uint8Array | null;

/** The bytes of a frame in place. */
const BYTES = Symbol("bytes");
type FrameWithBytes = AnyColumns & { readonly [BYTES]?: Uint8Array };

/**
 * Frames of one typed array per column. Those that are handed out are frozen, so that nobody replaces a column; those in place
 * carry their bytes, unseen, so that all columns are copied at once. Of the caller's, the last one that was checked is known.
 */
class ColumnsKind implements FrameKind<ColumnTypes> {
  readonly length: number;
  readonly bytes: number;
  readonly #buffer: SharedArrayBuffer;
  readonly #columns: ColumnLayout["columns"];
  readonly #dtype: ColumnTypes;
  readonly #name: string;
  #known: AnyColumns | undefined;
  #knownColumns: readonly FrameOf<DType>[] = [];
  #knownBytes: FrameBytes = null;
  #isKnownFrozen = false;

  constructor(buffer: SharedArrayBuffer, shape: readonly number[], dtype: ColumnTypes, name: string) {
    const { columns, bytes } = layOutColumns(shape, dtype);
    this.length = shape.reduce((product, size) => product * size, 1);
    this.bytes = bytes;
    this.#buffer = buffer;
    this.#columns = columns;
    this.#dtype = dtype;
    this.#name = name;
  }

  view(address: number, buffer = this.#buffer): SharedFrame<ColumnTypes> {
    const bytes = new Uint8Array(buffer, address, this.bytes);
    const frame = this.#columnsOn(bytes);
    // Not enumerable: two frames are equal if their columns are.
    Object.defineProperty(frame, BYTES, { value: bytes });
    return Object.freeze(frame) as SharedFrame<ColumnTypes>;
  }

  #columnsOn(bytes: Uint8Array): AnyColumns {
    const frame: Record<string, FrameOf<DType>> = {};
    const { buffer, byteOffset } = bytes;
    for (const { name, array, length, offset } of this.#columns) {
      frame[name] = new array(buffer, byteOffset + offset, length);
    }
    return frame;
  }

  copyOf(frame: SharedFrame<ColumnTypes>): OwnedFrame<ColumnTypes> {
    // Not by slice(), which zeroes the memory first.
    const bytes = new Uint8Array((frame as FrameWithBytes)[BYTES]!);
    return Object.freeze(this.#columnsOn(bytes)) as OwnedFrame<ColumnTypes>;
  }

  bytesOf<Buffer extends ArrayBufferLike>(frame: FrameOf<ColumnTypes, Buffer>): Uint8Array<Buffer> {
    const { buffer, byteOffset } = frame[this.#columns[0].name] as Uint8Array<Buffer>;
    return new Uint8Array(buffer, byteOffset, this.bytes);
  }

  check(frame: FrameOf<ColumnTypes>): void {
    const isKnown = frame === this.#known && (this.#isKnownFrozen || this.#isUnaltered(frame));
    if (!isKnown) this.#learn(frame);
  }

  #isUnaltered(frame: AnyColumns): boolean {
    const columns = this.#columns;
    for (let n = 0; n < columns.length; n++) if (frame[columns[n].name] !== this.#knownColumns[n]) return false;
    return true;
  }

  #learn(frame: AnyColumns): void {
    this.#known = undefined;
    if (typeof frame !== "object" || frame === null) throw this.#refusal(describe(frame));
    if (ArrayBuffer.isView(frame) || Array.isArray(frame)) throw this.#refusal(describe(frame));
    for (const { name, array, length } of this.#columns) {
      const column = Object.hasOwn(frame, name) ? frame[name] : undefined;
      if (column instanceof array && column.length === length) continue;
      throw refusal(this.#name, `${name}: ${array.name} of ${length}`, describe(column));
    }
    const known = Object.keys(this.#dtype);
    const unknown = Object.keys(frame).find((name) => !known.includes(name));
    if (unknown !== undefined) throw this.#refusal(`the column "${unknown}"${suggest(unknown, known)}`);
    this.#knownColumns = this.#columns.map(({ name }) => frame[name]);
    // Frames of another stream may have the same columns in another order.
    this.#knownBytes = this.#bytesOf(this.#knownColumns);
    this.#isKnownFrozen = Object.isFrozen(frame);
    this.#known = frame;
  }

  #refusal(received: string): TypeError {
    return refusal(this.#name, `an object with the columns ${formatDType(this.#dtype)}`, received);
  }

  #bytesOf(columns: readonly FrameOf<DType>[]): FrameBytes {
    const { buffer, byteOffset } = columns[0];
    const isOneRun = columns.every((column, index) =>
      column.buffer === buffer && column.byteOffset === byteOffset + this.#columns[index].offset
    );
    return isOneRun && byteOffset + this.bytes <= buffer.byteLength
      ? new Uint8Array(buffer, byteOffset, this.bytes)
      : null;
  }

  copyIn(slot: SharedFrame<ColumnTypes>, frame: FrameOf<ColumnTypes>): void {
    // A promise copies later than it checks.
    this.check(frame);
    const bytes = this.#knownBytes;
    if (bytes !== null) return (slot as FrameWithBytes)[BYTES]!.set(bytes);
    for (const { name } of this.#columns) (slot[name] as Float64Array).set(frame[name] as Float64Array);
  }

  copyOut(frame: FrameOf<ColumnTypes>, slot: SharedFrame<ColumnTypes>): void {
    this.check(frame);
    const bytes = this.#knownBytes;
    if (bytes !== null) return bytes.set((slot as FrameWithBytes)[BYTES]!);
    for (const { name } of this.#columns) (frame[name] as Float64Array).set(slot[name] as Float64Array);
  }
}
