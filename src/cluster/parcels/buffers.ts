/**
 * Buffers for parcels, used again and again: a new one of this size costs several times as much as to fill it, as its pages must
 * be had from the system and cleared. A buffer that was given back may still be on its way to the network as a second copy of a
 * parcel: the other end has that one already, and drops it by its place before it looks at its bytes.
 */

/** What is smaller is not worth it. */
const LEAST_BYTES = 16 * 1024;
/** Bytes of buffers of a size that are kept: those of the windows of both ends, and of what the system holds in between. */
const MOST_BYTES = 32 * 1024 * 1024;

const pools = new Map<number, ArrayBuffer[]>();

/** So many bytes, with whatever is in them. */
export function takeBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length < LEAST_BYTES) return new Uint8Array(length);
  const size = 2 ** Math.ceil(Math.log2(length));
  return new Uint8Array(pools.get(size)?.pop() ?? new ArrayBuffer(size), 0, length);
}

/** Gives bytes back that nobody looks at any more. */
export function giveBytes({ buffer, byteOffset }: Uint8Array): void {
  const size = buffer.byteLength;
  if (
    size < LEAST_BYTES || byteOffset !== 0 || !(buffer instanceof ArrayBuffer) || !Number.isInteger(Math.log2(size))
  ) return;
  const pool = pools.get(size) ?? [];
  pools.set(size, pool);
  if (pool.length * size < MOST_BYTES) pool.push(buffer);
}
