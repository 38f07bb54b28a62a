/** What a thread needs to know to open a record queue, and how much memory one takes. */

import { layout } from "./core.generated.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { WaitStrategy } from "./waiting.ts";

/** How urgent a record is: 0 the least, 3 the most. Consumers take the oldest record of the highest band that has any. */
export type Band = 0 | 1 | 2 | 3;

/** What a record queue is made with. */
export interface RecordQueueOptions {
  /** Used in messages. */
  readonly name: string;
  /** Records that may be queued in all bands together, 1 to 2^30. */
  readonly records: number;
  /**
   * Bytes of each band's ring, rounded up to a power of two from 64 to 2^29. A record takes its own bytes, 8 more, and what
   * aligns the next to 8; it may have up to half of this.
   */
  readonly bytes: number;
  /** Threads that may use the queue, as producers, consumers or both, 1 to 1023. Each takes 256 bytes. */
  readonly parties: number;
  /** How a call that blocks waits. */
  readonly wait: WaitStrategy;
  /** Records of the highest band that find room beyond `records`; none by default. */
  readonly urgentRecords?: number;
}

/** A record queue. It can be posted. */
export interface RecordQueueDescription extends RecordQueueOptions {
  /** Where it lies. */
  readonly address: number;
}

/** Where memory is reserved: an `Arena`. */
interface Reserves {
  reserve(bytes: number): number;
}

/** For the address of a party's doorbell. */
const DOORBELL_SLOT_BYTES = 4;
const FEWEST_BYTES = 64;
const MOST_BYTES = 2 ** 29;
const MOST_RECORDS = 2 ** 30;

/** The bytes of one band of a queue for which at least `bytes` are asked. */
function bandBytes(bytes: number): number {
  return Math.max(FEWEST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
}

function checkCount(name: string, what: string, count: number, most: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= most) return;
  const range = `${what} must be a whole number from 1 to ${most}`;
  throw new RangeError(`Cannot make queue "${name}": ${range}, received ${Deno.inspect(count)}`);
}

/** Bytes of a record queue with everything that belongs to it. */
export function recordQueueBytes({ bytes, parties }: Pick<RecordQueueOptions, "bytes" | "parties">): number {
  return layout.QUEUE_HEADER + parties * (layout.PARTY_BYTES + DOORBELL_SLOT_BYTES) + layout.BANDS * bandBytes(bytes);
}

/**
 * Reserves memory for a record queue.
 *
 * @throws {RangeError} If `records`, `bytes` or `parties` is out of its range.
 */
export function reserveRecordQueue(arena: Reserves, options: RecordQueueOptions): RecordQueueDescription {
  const { name, records, parties, bytes } = options;
  checkCount(name, "records", records, MOST_RECORDS);
  checkCount(name, "bytes", bytes, MOST_BYTES);
  checkCount(name, "parties", parties, layout.MOST_PARTIES);
  return { ...options, bytes: bandBytes(bytes), address: arena.reserve(recordQueueBytes(options)) };
}

/** Makes a reserved queue in the memory, once, before anybody opens it. */
export function makeRecordQueue({ core }: SharedMemory, queue: RecordQueueDescription): void {
  core.queue_init(queue.address, queue.records, queue.bytes, queue.parties, 0n);
}

/** The waiters words of a queue, for `SharedMemory.stop`. */
export function recordQueueWaiters({ address }: RecordQueueDescription): number[] {
  return [address + layout.QUEUE_RECORD_WAITERS, address + layout.QUEUE_ROOM_WAITERS];
}
