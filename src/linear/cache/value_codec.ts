/**
 * Values as bytes and back: a structured clone, with the buffers of typed arrays apart, so that large arrays are neither
 * copied nor held twice on the way to the disk.
 */

import { createHash } from "node:crypto";
import { Deserializer, Serializer } from "node:v8";
import { bytesOf, digest } from "../../fingerprint.ts";

/** A value as bytes: the first segment is its structure, the others are the buffers of its typed arrays. */
export interface Encoded {
  readonly segments: readonly Uint8Array[];
  /** All bytes together. */
  readonly bytes: number;
  /** The fingerprint of the bytes. */
  readonly id: string;
}

// deno-lint-ignore no-explicit-any
type ViewClass = new (buffer: ArrayBuffer, start: number, length: number) => any;

/** The classes of views, by the numbers that stand for them on the disk: only ever append. */
const VIEWS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float16Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as readonly ViewClass[];

/** The hooks of the serializer, which its types leave out. */
interface HostSerializer extends Serializer {
  /** Whether views are given to `_writeHostObject()`. */
  _setTreatArrayBufferViewsAsHostObjects(treat: boolean): void;
}

class Encoder extends (Serializer as new () => HostSerializer) {
  readonly buffers: ArrayBufferLike[] = [];
  readonly #places = new Map<ArrayBufferLike, number>();

  /** Called by the serializer for each typed array and view. */
  _writeHostObject(view: ArrayBufferView): void {
    let index = this.#places.get(view.buffer);
    if (index === undefined) this.#places.set(view.buffer, index = this.buffers.push(view.buffer) - 1);
    this.writeUint32(VIEWS.indexOf(view.constructor as ViewClass));
    this.writeUint32(index);
    this.writeDouble(view.byteOffset);
    this.writeDouble("length" in view ? view.length as number : view.byteLength);
  }
}

class Decoder extends Deserializer {
  buffers: readonly ArrayBuffer[] = [];

  /** Called by the deserializer for what the encoder wrote itself. */
  _readHostObject(): ArrayBufferView {
    const View = VIEWS[this.readUint32()], buffer = this.buffers[this.readUint32()];
    return new View(buffer, this.readDouble(), this.readDouble());
  }
}

/**
 * The bytes of a value. They share the memory of its typed arrays.
 *
 * @throws {Error} If the value holds what cannot be cloned.
 */
export function encode(value: unknown): Encoded {
  const encoder = new Encoder();
  encoder._setTreatArrayBufferViewsAsHostObjects(true);
  encoder.writeHeader();
  encoder.writeValue(value);
  const segments = [encoder.releaseBuffer(), ...encoder.buffers.map(bytesOf)];
  const hash = createHash("sha256");
  for (const segment of segments) hash.update(`${segment.length}:`).update(segment);
  return { segments, bytes: segments.reduce((sum, { length }) => sum + length, 0), id: digest(hash) };
}

/** The value of the segments. Its typed arrays lie in their memory. */
export function decode([structure, ...buffers]: readonly Uint8Array<ArrayBuffer>[]): unknown {
  const decoder = new Decoder(structure);
  decoder.buffers = buffers.map(({ buffer }) => buffer);
  decoder.readHeader();
  return decoder.readValue();
}
