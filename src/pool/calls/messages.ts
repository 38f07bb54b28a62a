/**
 * Lists of values through a ring of raw bytes. A list may be larger than the ring: it is sent in pieces.
 *
 * On the ring lie the length of the head (4 bytes), the head, and the bytes of each typed array and view. The head has how
 * many these are (4 bytes), the length of each (8 bytes), and the structure of the list. All numbers are little-endian.
 */

import type { RingReader, RingWriter } from "../../ring/ring.ts";
import type { RingView } from "../../ring/ring_end.ts";
import { whyNotStorable } from "../../storable.ts";
import { kindOfView, StructureReader, StructureWriter, type ViewPlace } from "../../structured_clone.ts";

const LENGTH_BYTES = 4;
const ARRAY_LENGTH_BYTES = 8;

/** Keeps the bytes that each view shows, and no others of its buffer. */
class ListWriter extends StructureWriter {
  readonly arrays: Uint8Array[] = [];

  protected place({ buffer, byteOffset, byteLength }: ArrayBufferView): ViewPlace {
    return { part: this.arrays.push(new Uint8Array(buffer, byteOffset, byteLength)) - 1, offset: 0 };
  }
}

function checkSendable(value: unknown): void {
  const reason = whyNotStorable(value);
  if (reason !== null) {
    throw new TypeError(`Cannot send a value to another thread: ${reason}, which could not be cloned`);
  }
}

/**
 * What is to be sent for a list of values. It holds the memory of their typed arrays itself, not copies.
 *
 * @throws {TypeError} If a value would arrive as another one.
 */
export function encodeMessage(list: readonly unknown[]): Uint8Array[] {
  for (const value of list) if (!ArrayBuffer.isView(value) || kindOfView(value) < 0) checkSendable(value);
  const writer = new ListWriter();
  writer.writeValue(list);
  return [startOf(writer.releaseBuffer(), writer.arrays), ...writer.arrays];
}

/** The head with its length. */
function startOf(structure: Uint8Array, arrays: readonly Uint8Array[]): Uint8Array {
  const structureAt = 2 * LENGTH_BYTES + arrays.length * ARRAY_LENGTH_BYTES;
  const start = new Uint8Array(structureAt + structure.length);
  const view = new DataView(start.buffer);
  view.setUint32(0, start.length - LENGTH_BYTES, true);
  view.setUint32(LENGTH_BYTES, arrays.length, true);
  for (const [index, { length }] of arrays.entries()) {
    view.setFloat64(2 * LENGTH_BYTES + index * ARRAY_LENGTH_BYTES, length, true);
  }
  start.set(structure, structureAt);
  return start;
}

/** What a head says: the lengths of the arrays that follow, and the structure. */
function splitHead(head: Uint8Array<ArrayBuffer>): { readonly lengths: number[]; readonly structure: Uint8Array } {
  const view = new DataView(head.buffer);
  const count = view.getUint32(0, true);
  const lengths = Array.from({ length: count }, (_, index) => {
    return view.getFloat64(LENGTH_BYTES + index * ARRAY_LENGTH_BYTES, true);
  });
  return { lengths, structure: head.subarray(LENGTH_BYTES + count * ARRAY_LENGTH_BYTES) };
}

/** Blocks for at most `blockMs`, and goes on waiting without blocking. `null` once the ring has ended. */
async function lookFor(ring: RingReader | RingWriter, length: number, blockMs: number): Promise<RingView | null> {
  return ring.look(length, blockMs) ?? await ring.lookAsync(length);
}

/** Bytes of the next piece: half the ring at most, so that another can be written while it is read. */
function pieceBytes(ring: RingReader | RingWriter, left: number): number {
  return Math.min(left, ring.capacity >> 1);
}

/**
 * Sends what {@link encodeMessage} has made. Blocks the thread for at most `blockMs` at a time.
 *
 * @throws {StoppedError} If the ring was told to stop.
 */
export async function sendMessage(ring: RingWriter, parts: readonly Uint8Array[], blockMs = 0): Promise<void> {
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      const view = await lookFor(ring, pieceBytes(ring, part.length - at), blockMs);
      for (const room of view!) {
        room.set(part.subarray(at, at + room.length));
        at += room.length;
      }
      ring.increment();
    }
  }
}

/** Fills `out`. False if the ring has ended. */
async function receiveBytes(ring: RingReader, out: Uint8Array, blockMs: number): Promise<boolean> {
  for (let at = 0; at < out.length;) {
    const view = await lookFor(ring, pieceBytes(ring, out.length - at), blockMs);
    if (view === null) return false;
    for (const bytes of view) {
      out.set(bytes, at);
      at += bytes.length;
    }
    ring.increment();
  }
  return true;
}

/**
 * Receives a list of values, all of them the receiver's own. `null` if the ring has ended. Blocks the thread for at most
 * `blockMs` at a time.
 *
 * @throws {StoppedError} If the ring was told to stop.
 */
export async function receiveMessage(ring: RingReader, blockMs = 0): Promise<unknown[] | null> {
  const length = new Uint8Array(LENGTH_BYTES);
  if (!await receiveBytes(ring, length, blockMs)) return null;
  const head = new Uint8Array(new DataView(length.buffer).getUint32(0, true));
  if (!await receiveBytes(ring, head, blockMs)) return null;
  const { lengths, structure } = splitHead(head);
  const arrays: ArrayBuffer[] = [];
  for (const length of lengths) {
    const bytes = new Uint8Array(length);
    if (!await receiveBytes(ring, bytes, blockMs)) return null;
    arrays.push(bytes.buffer);
  }
  const reader = new StructureReader(structure, arrays);
  reader.readHeader();
  return reader.readValue() as unknown[];
}
