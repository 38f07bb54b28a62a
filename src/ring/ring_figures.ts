/** What anybody can see of a ring from outside, without disturbing its ends. */

import { layout } from "./core.generated.ts";
import { type BindingDescription, readerAddress, type RingDescription } from "./description.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** Bytes that went through an end of a ring, and those that passed a reader by. */
export interface PassedBytes {
  readonly passed: number;
  readonly lost: number;
}

function readLong({ longs }: SharedMemory, address: number): number {
  return Number(Atomics.load(longs, address / 8));
}

/** Bytes that were published on a ring. */
export function publishedBytes(memory: SharedMemory, ring: RingDescription): number {
  return readLong(memory, ring.address + layout.RING_POSITION);
}

/** What went through an end of a ring. */
export function passedBytes(
  memory: SharedMemory,
  binding: Exclude<BindingDescription, { kind: "event" }>,
): PassedBytes {
  const { ring } = binding;
  if (binding.kind === "writer") return { passed: publishedBytes(memory, ring), lost: 0 };
  const reader = readerAddress(ring, binding.index);
  const lost = readLong(memory, reader + layout.READER_LOST);
  return { passed: readLong(memory, reader + layout.READER_POSITION) - lost, lost };
}

/** How full a ring is for the slowest reader that holds its writer back, 0 to 1. */
export function ringPressure({ core }: SharedMemory, ring: RingDescription): number {
  return (core.ring_unread(ring.address) >>> 0) / ring.capacity;
}
