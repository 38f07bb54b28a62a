/** Record queues in a memory of their own. */

import type { HandleOptions } from "../../src/ring/end.ts";
import {
  makeRecordQueue,
  type RecordQueueDescription,
  type RecordQueueOptions,
  recordQueueWaiters,
  reserveRecordQueue,
} from "../../src/ring/queue_description.ts";
import { RecordQueue } from "../../src/ring/record_queue.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import type { Fixture } from "./_helpers.ts";
import type { QueueSeat } from "./_queue_jobs.ts";

/** A queue that was made. */
export class QueueFixture implements Fixture {
  readonly memory: SharedMemory;
  readonly queue: RecordQueueDescription;
  #parties = 0;

  constructor(memory: SharedMemory, queue: RecordQueueDescription) {
    this.memory = memory;
    this.queue = queue;
  }

  get waiters(): readonly number[] {
    return recordQueueWaiters(this.queue);
  }

  /** The number of another party. */
  party(): number {
    return this.#parties++;
  }

  /** Another party, for another thread. */
  seat(): QueueSeat {
    return { queue: this.queue, party: this.party() };
  }

  /** Opens the queue as another party. */
  open(options?: HandleOptions): RecordQueue {
    return new RecordQueue(this.memory, this.queue, this.party(), options);
  }
}

/** Makes a queue, small unless told otherwise. Positions start at `start`, a multiple of 8. */
export function makeQueue(options: Partial<RecordQueueOptions> & { start?: bigint } = {}): QueueFixture {
  const { start = 0n, ...rest } = options;
  const arena = new Arena();
  const queue = reserveRecordQueue(arena, {
    name: "orders",
    records: 4,
    bytes: 256,
    parties: 8,
    wait: "adaptive",
    ...rest,
  });
  const memory = SharedMemory.create(arena);
  if (start === 0n) makeRecordQueue(memory, queue);
  else memory.core.queue_init(queue.address, queue.records, queue.bytes, queue.parties, start);
  return new QueueFixture(memory, queue);
}
