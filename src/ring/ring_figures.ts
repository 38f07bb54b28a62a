/** What anybody can see of a ring from outside, without disturbing its ends. */

import { layout } from "./core.generated.ts";
import { type BindingDescription, readerAddress, type RingDescription } from "./description.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** Bytes that went through an end of a ring, those that passed a reader by, and those for which a writer found no room. */
export interface PassedBytes {
  readonly passed: number;
  readonly lost: number;
  readonly refused: number;
}

function readLong({ longs }: SharedMemory, address: number): number {
  return Number(Atomics.load(longs, address / 8));
}

/** Bytes that were published on a ring. */
export function publishedBytes(memory: SharedMemory, ring: RingDescription): number {
  return readLong(memory, ring.address + layout.RING_POSITION);
}

/** Whether all readers that a ring had are gone. One that a terminator reads is never abandoned. */
export function isRingAbandoned({ words }: SharedMemory, ring: RingDescription): boolean {
  if (ring.readers === 0 || ring.isTerminated) return false;
  return Array.from({ length: ring.readers }, (_, index) => (readerAddress(ring, index) + layout.READER_STATE) / 4)
    .every((at) => Atomics.load(words, at) === layout.READER_DETACHED);
}

/** Whether a ring's writer has published its last byte. */
export function isRingClosed({ words }: SharedMemory, ring: RingDescription): boolean {
  return Atomics.load(words, (ring.address + layout.RING_CLOSED) / 4) !== 0;
}

/**
 * Up to which byte the readers have consumed a ring: the slowest of those that hold the writer back. If all have left, it is
 * the furthest of them.
 */
export function consumedBytes(memory: SharedMemory, ring: RingDescription): number {
  let slowest = Infinity;
  let furthest = 0;
  for (let index = 0; index < ring.readers; index++) {
    const reader = readerAddress(ring, index);
    // The state comes first: a reader that has left does not move any more.
    const state = Atomics.load(memory.words, (reader + layout.READER_STATE) / 4);
    const position = readLong(memory, reader + layout.READER_POSITION);
    if (state === layout.READER_BLOCKING) slowest = Math.min(slowest, position);
    else furthest = Math.max(furthest, state === layout.READER_DETACHED ? position : publishedBytes(memory, ring));
  }
  if (slowest !== Infinity) return slowest;
  return ring.readers === 0 ? publishedBytes(memory, ring) : furthest;
}

/** Bytes for which a ring's writer found no room in time. */
function refusedBytes(memory: SharedMemory, ring: RingDescription): number {
  return readLong(memory, ring.address + layout.RING_REFUSED);
}

/** What went through an end of a ring. */
export function passedBytes(
  memory: SharedMemory,
  binding: Exclude<BindingDescription, { kind: "event" }>,
): PassedBytes {
  const { ring } = binding;
  if (binding.kind === "writer") {
    return { passed: publishedBytes(memory, ring), lost: 0, refused: refusedBytes(memory, ring) };
  }
  const reader = readerAddress(ring, binding.index);
  const lost = readLong(memory, reader + layout.READER_LOST);
  return { passed: readLong(memory, reader + layout.READER_POSITION) - lost, lost, refused: 0 };
}

/** How full a ring is for the slowest reader that holds its writer back, 0 to 1. */
export function ringPressure({ core }: SharedMemory, ring: RingDescription): number {
  return (core.ring_unread(ring.address) >>> 0) / ring.capacity;
}

/** Whether there is room for one more frame (one more byte of a raw ring), or nobody may write any more. */
export function hasRoom(memory: SharedMemory, ring: RingDescription): boolean {
  const unit = ring.frame?.stride ?? 1;
  return isRingClosed(memory, ring) || (memory.core.ring_unread(ring.address) >>> 0) + unit <= ring.capacity;
}

/**
 * Whether a ring's writer has announced that it waits for room. One that was refused in time counts until a reader makes
 * room; a thread that only spins announces itself to nobody.
 */
export function isWriterAnnounced({ words }: SharedMemory, ring: RingDescription): boolean {
  const waiters = Atomics.load(words, (ring.address + layout.RING_SPACE_WAITERS) / 4);
  return (waiters & (layout.WAITERS_STEP - 1)) !== 0;
}

/** Which of the readers that hold a ring's writer back has read least, or `null` if none does. */
export function slowestReader(memory: SharedMemory, ring: RingDescription): number | null {
  let slowest: number | null = null;
  let least = Infinity;
  for (let index = 0; index < ring.readers; index++) {
    const reader = readerAddress(ring, index);
    if (Atomics.load(memory.words, (reader + layout.READER_STATE) / 4) !== layout.READER_BLOCKING) continue;
    const position = readLong(memory, reader + layout.READER_POSITION);
    if (position < least) [slowest, least] = [index, position];
  }
  return slowest;
}
