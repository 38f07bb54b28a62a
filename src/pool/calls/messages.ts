/**
 * Lists of values through a ring of raw bytes. A list may be larger than the ring: it is sent in pieces.
 *
 * On the ring lie the length of the head (4 bytes), the head, and the bytes of each array that travels raw. The head has
 * the values by structured cloning, with the raw arrays left out and described.
 */

import { deserialize, serialize } from "node:v8";
import type { RingReader, RingWriter } from "../../ring/ring.ts";
import type { RingView } from "../../ring/ring_end.ts";
import { whyNotStorable } from "../../storable.ts";
import { TYPED_ARRAYS } from "../../worker/typed_arrays.ts";

type AnyArray = InstanceType<(typeof TYPED_ARRAYS)[number]>;

/** A raw array: where in the list, which of {@link TYPED_ARRAYS}, and of how many elements. */
type RawArray = readonly [index: number, kind: number, length: number];

interface Head {
  readonly values: unknown[];
  readonly raw: readonly RawArray[];
}

const LENGTH_BYTES = 4;

function kindOf(value: unknown): number {
  return ArrayBuffer.isView(value) ? TYPED_ARRAYS.findIndex((kind) => kind === value.constructor) : -1;
}

function checkSendable(value: unknown): void {
  const reason = whyNotStorable(value);
  if (reason !== null) {
    throw new TypeError(`Cannot send a value to another thread: ${reason}, which could not be cloned`);
  }
}

/**
 * What is to be sent for a list of values. It holds the typed arrays of the list themselves, not copies.
 *
 * @throws {TypeError} If a value would arrive as another one.
 */
export function encodeMessage(list: readonly unknown[]): Uint8Array[] {
  const values = [...list];
  const raw: RawArray[] = [];
  const arrays: Uint8Array[] = [];
  for (const [index, value] of list.entries()) {
    const kind = kindOf(value);
    if (kind < 0) {
      checkSendable(value);
      continue;
    }
    const { buffer, byteOffset, byteLength, length } = value as AnyArray;
    values[index] = undefined;
    raw.push([index, kind, length]);
    arrays.push(new Uint8Array(buffer, byteOffset, byteLength));
  }
  const head = serialize({ values, raw } satisfies Head);
  const start = new Uint8Array(LENGTH_BYTES + head.length);
  new DataView(start.buffer).setUint32(0, head.length, true);
  start.set(head, LENGTH_BYTES);
  return [start, ...arrays];
}

/** Blocks for at most `blockMs`, and goes on waiting without blocking. `null` once the ring has ended. */
async function lookFor(ring: RingReader | RingWriter, length: number, blockMs: number): Promise<RingView | null> {
  return ring.look(length, blockMs) ?? await ring.lookAsync(length);
}

/** So long a piece that the next one can be written while it is read. */
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
  const { values, raw } = deserialize(head) as Head;
  for (const [index, kind, length] of raw) {
    const array = new TYPED_ARRAYS[kind](length);
    values[index] = array;
    if (!await receiveBytes(ring, new Uint8Array(array.buffer), blockMs)) return null;
  }
  return values;
}
