/**
 * Values as bytes and back: a structured clone, with the buffers of typed arrays apart, so that large arrays are neither
 * copied nor held twice on the way to the disk.
 *
 * The bytes are the size of {@link Head} as JSON (4 bytes, little-endian), this JSON, the structure, the buffers.
 */

import { bytesOf } from "../../fingerprint.ts";
import { kindOfView, StructureReader, StructureWriter, viewOf, type ViewPlace } from "../../structured_clone.ts";
import { fingerprintOfAll, packed } from "./bytes.ts";
import { BUILT_IN_CODECS, type CodecTable, type NamedCodec } from "./codec_table.ts";
import { bareAgain, inspectValue, type ValueTraits } from "./inspect_value.ts";
import { type CodedPart, withStandIns } from "./stand_ins.ts";

/** A value as bytes. */
export interface Encoded {
  /** All bytes, in pieces, some of which are the memory of the value's typed arrays. */
  readonly pieces: readonly Uint8Array[];
  /** How many they are. */
  readonly bytes: number;
  /** Their fingerprint. */
  readonly id: string;
}

/** Where decoding takes its bytes from. */
export interface ByteSource {
  /** How many there are. */
  readonly bytes: number;
  /** The next `length` bytes, in a buffer of their own. */
  take(length: number): Uint8Array<ArrayBuffer>;
}

/** The codecs for a value: those for parts of it, and one for the whole. */
export interface Codecs {
  readonly table: CodecTable;
  readonly root?: NamedCodec;
}

const BUILT_IN: Codecs = { table: BUILT_IN_CODECS };

/** What is said of the bytes that follow. */
interface Head {
  /** The lengths of the structure and of the buffers. */
  readonly lengths: readonly number[];
  /** Where the part of each buffer begins that is stored. */
  readonly starts?: readonly number[];
  /** How many buffers, from the first, the value holds itself rather than by views. */
  readonly direct?: number;
  /** The names of the codecs used. */
  readonly codecs?: readonly string[];
  /** Of an array alone, which has no structure: the number of its class, its offset in the only buffer, and its length. */
  readonly view?: readonly [kind: number, offset: number, length: number];
  /** The places of objects without a prototype, as ranges: the first of each, and the one after its last. */
  readonly bare?: readonly number[];
}

/** The number that stands for a part that a codec has encoded. */
const CODED = 255;

/** A buffer, and the part of it that is used. */
interface UsedBuffer {
  readonly buffer: ArrayBufferLike;
  start: number;
  end: number;
}

class Encoder extends StructureWriter {
  readonly buffers: UsedBuffer[] = [];
  readonly codecs: string[] = [];
  parts: ReadonlyMap<ArrayBufferView, CodedPart> = new Map();
  readonly #places = new Map<ArrayBufferLike, number>();

  /** Registers a buffer that the value holds itself. All of it is stored. */
  addDirect(buffer: ArrayBuffer): void {
    this.transferArrayBuffer(this.#placeOf(buffer, 0, buffer.byteLength), buffer);
  }

  #placeOf(buffer: ArrayBufferLike, start: number, end: number): number {
    const place = this.#places.get(buffer);
    if (place === undefined) {
      const added = this.buffers.push({ buffer, start, end }) - 1;
      this.#places.set(buffer, added);
      return added;
    }
    const used = this.buffers[place];
    used.start = Math.min(used.start, start);
    used.end = Math.max(used.end, end);
    return place;
  }

  protected place({ buffer, byteOffset, byteLength }: ArrayBufferView): ViewPlace {
    return { part: this.#placeOf(buffer, byteOffset, byteOffset + byteLength), offset: byteOffset };
  }

  override _writeHostObject(view: ArrayBufferView): void {
    const part = this.parts.get(view);
    if (part) this.#writePart(part);
    else super._writeHostObject(view);
  }

  #writePart({ codec, encoded }: CodedPart): void {
    const known = this.codecs.indexOf(codec.name);
    this.writeUint32(CODED);
    this.writeUint32(known === -1 ? this.codecs.push(codec.name) - 1 : known);
    this.writeValue(encoded);
  }
}

class Decoder extends StructureReader {
  starts: readonly number[] = [];
  codecs: readonly NamedCodec[] = [];

  protected override readPart(kind: number, part: number): unknown {
    return kind === CODED ? this.codecs[part].decode(this.readValue()) : super.readPart(kind, part);
  }

  protected override startOf(part: number): number {
    return this.starts[part] ?? 0;
  }
}

/** From so many bytes on that no view shows, they are not stored. */
const LEAST_CUT = 1 << 16;

/** The bytes that are stored of a buffer: a few elements of a large array are stored without the others. */
function storedPart(used: UsedBuffer, isDirect: boolean): Uint8Array {
  const all = bytesOf(used.buffer);
  // Views must be aligned as they were.
  const start = used.start - used.start % 8;
  const isCut = !isDirect && start + all.length - used.end >= LEAST_CUT;
  used.start = isCut ? start : 0;
  return isCut ? all.subarray(start, used.end) : all;
}

/**
 * The bytes of a value. They share the memory of its typed arrays.
 *
 * @throws {Error} If the value holds what cannot be cloned, or a codec throws.
 */
export function encode(value: unknown, codecs: Codecs = BUILT_IN, traits = traitsOf(value, codecs)): Encoded {
  if (ArrayBuffer.isView(value) && traits.obstacle === null && !traits.isCoded) return encodeView(value);
  const { encoder, structure } = write(value, codecs, traits);
  const buffers = encoder.buffers.map((used, index) => storedPart(used, index < traits.buffers.length));
  return sealed(headOf(encoder, traits, [structure, ...buffers]), [structure, ...buffers]);
}

/** An array alone: V8's serializer would hold it until the next collection of all garbage. */
function encodeView(view: ArrayBufferView): Encoded {
  const { buffer, byteOffset, byteLength } = view;
  const used = { buffer, start: byteOffset, end: byteOffset + byteLength };
  const bytes = storedPart(used, false);
  const length = "length" in view ? view.length as number : byteLength;
  return sealed({ lengths: [bytes.length], view: [kindOfView(view), byteOffset - used.start, length] }, [bytes]);
}

function write(value: unknown, codecs: Codecs, traits: ValueTraits): { encoder: Encoder; structure: Uint8Array } {
  if (traits.obstacle !== null) throw new TypeError(traits.obstacle);
  const encoder = new Encoder();
  for (const buffer of traits.buffers) encoder.addDirect(buffer);
  encoder.writeValue(prepared(encoder, value, codecs, traits));
  return { encoder, structure: encoder.releaseBuffer() };
}

/**
 * A deep copy. Unlike that of `structuredClone()`, it is never in memory a third time on the way.
 *
 * @throws {Error} If the value holds what cannot be cloned, or a codec throws.
 */
export function cloneValue(value: unknown, codecs: Codecs, traits: ValueTraits): unknown {
  const { encoder, structure } = write(value, codecs, traits);
  const buffers = encoder.buffers.map(({ buffer }) => buffer.slice(0) as ArrayBuffer);
  // All of each buffer is copied, wherever its views begin.
  for (const used of encoder.buffers) used.start = 0;
  return decode(headOf(encoder, traits, []), structure, buffers, codecs);
}

function traitsOf(value: unknown, codecs: Codecs): ValueTraits {
  if (!codecs.root) return inspectValue(value, codecs.table);
  return { obstacle: null, isCoded: true, bare: [], buffers: [], hasViews: true };
}

function prepared(encoder: Encoder, value: unknown, { table, root }: Codecs, traits: ValueTraits): unknown {
  if (!traits.isCoded) return value;
  const replaced = withStandIns(value, table, root);
  encoder.parts = replaced.parts;
  for (const { codec, encoded } of replaced.parts.values()) checkEncoded(codec, encoded);
  return replaced.value;
}

function checkEncoded({ name }: NamedCodec, encoded: unknown): void {
  const { obstacle } = inspectValue(encoded);
  if (obstacle !== null) throw new TypeError(`what codec "${name}" returned cannot be stored: ${obstacle}`);
}

function headOf({ buffers, codecs }: Encoder, traits: ValueTraits, segments: readonly Uint8Array[]): Head {
  return {
    lengths: segments.map(({ length }) => length),
    starts: buffers.some(({ start }) => start > 0) ? buffers.map(({ start }) => start) : undefined,
    direct: traits.buffers.length || undefined,
    codecs: codecs.length > 0 ? codecs : undefined,
    bare: traits.bare.length > 0 ? rangesOf(traits.bare) : undefined,
  };
}

/** Ascending places as ranges. */
function rangesOf(places: readonly number[]): number[] {
  const ranges: number[] = [];
  for (const place of places) {
    if (ranges.at(-1) === place) ranges[ranges.length - 1]++;
    else ranges.push(place, place + 1);
  }
  return ranges;
}

function placesOf(ranges: readonly number[]): number[] {
  const places: number[] = [];
  for (let index = 0; index < ranges.length; index += 2) {
    for (let place = ranges[index]; place < ranges[index + 1]; place++) places.push(place);
  }
  return places;
}

function sealed(head: Head, segments: readonly Uint8Array[]): Encoded {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, json.length, true);
  const pieces = packed([size, json, ...segments]);
  return { pieces, bytes: pieces.reduce((sum, { length }) => sum + length, 0), id: fingerprintOfAll(pieces) };
}

/**
 * Reads what {@link encode} has written, and returns what makes the value of it: once the bytes have been compared with
 * their fingerprint.
 *
 * @throws {Error} If the bytes are not what it has written.
 */
export function decodeFrom(source: ByteSource, codecs: Codecs = BUILT_IN): () => unknown {
  const size = new DataView(source.take(4).buffer).getUint32(0, true);
  if (size > source.bytes - 4) throw new RangeError(`there are no ${size} bytes of head`);
  const head: Head = JSON.parse(new TextDecoder().decode(source.take(size)));
  const total = head.lengths.reduce((sum, length) => sum + length, 4 + size);
  if (total !== source.bytes) throw new RangeError(`there are ${source.bytes} bytes, expected ${total}`);
  const { view } = head;
  if (view) {
    const { buffer } = source.take(head.lengths[0]);
    return () => viewOf(view[0], buffer, view[1], view[2]);
  }
  const [structure, ...buffers] = head.lengths.map((length) => source.take(length));
  return () => decode(head, structure, buffers.map(({ buffer }) => buffer), codecs);
}

function decode(head: Head, structure: Uint8Array, buffers: readonly ArrayBuffer[], codecs: Codecs): unknown {
  const decoder = new Decoder(structure, buffers);
  decoder.starts = head.starts ?? [];
  decoder.codecs = (head.codecs ?? []).map((name) => codecNamed(name, codecs));
  for (let index = 0; index < (head.direct ?? 0); index++) decoder.transferArrayBuffer(index, buffers[index]);
  decoder.readHeader();
  const value = decoder.readValue();
  return bareAgain(
    value,
    placesOf(head.bare ?? []),
    (part) => codecs.table.of(Object.getPrototypeOf(part)) !== undefined,
  );
}

function codecNamed(name: string, { table, root }: Codecs): NamedCodec {
  const codec = root?.name === name ? root : table.named(name);
  if (!codec) throw new TypeError(`it was written by codec "${name}", which is not there`);
  return codec;
}

/** The bytes of one buffer. */
export function memorySource(all: Uint8Array): ByteSource {
  let end = 0;
  return { bytes: all.length, take: (length) => all.slice(end, end += length) as Uint8Array<ArrayBuffer> };
}
