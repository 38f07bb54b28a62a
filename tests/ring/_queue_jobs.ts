/** What the other thread of the tests does with record queues. */

import type { Band, RecordQueueDescription } from "../../src/ring/queue_description.ts";
import { RecordQueue } from "../../src/ring/record_queue.ts";
import type { SharedMemory } from "../../src/ring/shared_memory.ts";
import { Random } from "./_helpers.ts";

/** A party of a queue, as it can be posted. */
export interface QueueSeat {
  readonly queue: RecordQueueDescription;
  readonly party: number;
}

/** How a record is offered. */
export type OfferMethod = "offer" | "offerAsync" | "offerDroppingOldest";

const handles = new Map<string, RecordQueue>();

/** The handle of a seat, opened at its first use. */
function handleOf(memory: SharedMemory, { queue, party }: QueueSeat): RecordQueue {
  const key = `${queue.address} ${party}`;
  const handle = handles.get(key) ?? new RecordQueue(memory, queue, party);
  handles.set(key, handle);
  return handle;
}

/** Bytes of the party and the number that a record begins with; it is filled with the number's lowest byte. */
const HEAD_BYTES = 8;

/** A record that tells who has made it. */
export function makeRecord(party: number, number: number, length: number): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(Math.max(HEAD_BYTES, length)).fill(number);
  const view = new DataView(record.buffer);
  view.setUint32(0, party);
  view.setUint32(4, number);
  return record;
}

/** Who has made a record. Throws if it is not whole. */
export function readRecord(record: Uint8Array): { readonly party: number; readonly number: number } {
  const view = new DataView(record.buffer, record.byteOffset);
  const party = view.getUint32(0);
  const number = view.getUint32(4);
  for (let at = HEAD_BYTES; at < record.length; at++) {
    if (record[at] !== (number & 0xff)) throw new Error(`record ${number} of party ${party} is torn at ${at}`);
  }
  return { party, number };
}

/** What consumers have taken of each party: how many records, and the sum of their numbers. */
export type Takings = Record<number, { count: number; sum: number }>;

function tally(takings: Takings, record: Uint8Array, last: Map<string, number>, band: string): void {
  const { party, number } = readRecord(record);
  const own = takings[party] ??= { count: 0, sum: 0 };
  own.count++;
  own.sum += number;
  const key = `${party} ${band}`;
  if (number <= (last.get(key) ?? -1)) throw new Error(`record ${number} of party ${party} is out of order`);
  last.set(key, number);
}

/** The band of a record: the same for all of a length, so that a consumer knows it. */
function bandOf(length: number): Band {
  return length % 4 as Band;
}

export const queueJobs = {
  /** Calls a method of a queue's handle. What it takes is copied. */
  async callQueue(memory: SharedMemory, seat: QueueSeat, method: keyof RecordQueue, ...args: readonly unknown[]) {
    // deno-lint-ignore no-explicit-any
    const value = await (handleOf(memory, seat) as any)[method](...args) as unknown;
    return value instanceof Uint8Array ? value.slice() : value;
  },

  /** Offers numbered records of random lengths. Returns how many were queued. */
  async produce(memory: SharedMemory, seat: QueueSeat, records: number, method: OfferMethod): Promise<number> {
    const queue = handleOf(memory, seat);
    const random = new Random(seat.party);
    const longest = Math.min(queue.maxRecordBytes, 300);
    let queued = 0;
    for (let number = 0; number < records; number++) {
      const record = makeRecord(seat.party, number, random.below(longest));
      const band = bandOf(record.length);
      const isQueued = method === "offerDroppingOldest"
        ? queue.offerDroppingOldest(record, band)
        : await queue[method](record, band, Infinity);
      if (isQueued) queued++;
      else if (method !== "offerDroppingOldest") throw new Error(`record ${number} found no room`);
    }
    return queued;
  },

  /** Takes records until the queue is closed and drained. */
  async consume(memory: SharedMemory, seat: QueueSeat, method: "take" | "takeAsync"): Promise<Takings> {
    const queue = handleOf(memory, seat);
    const takings: Takings = {};
    const last = new Map<string, number>();
    for (;;) {
      const record = await queue[method](Infinity);
      if (record === null) return takings;
      tally(takings, record, last, `${bandOf(record.length)}`);
    }
  },

  /** Claims room for a record and never publishes it. */
  claimAndDie({ core }: SharedMemory, { queue, party }: QueueSeat, band: Band, length: number): number {
    return core.queue_claim(queue.address, party, band, length);
  },

  /** Looks at a record and never frees it. */
  lookAndDie({ core }: SharedMemory, { queue, party }: QueueSeat): number {
    return core.queue_look(queue.address, party);
  },
};
