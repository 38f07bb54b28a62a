/** One side of an exchange of records, in a worker of its own: by a record queue, or by `postMessage`. */

import type { RecordQueueDescription } from "../../src/ring/queue_description.ts";
import { RecordQueue } from "../../src/ring/record_queue.ts";
import { SharedMemory, type SharedMemoryHandle } from "../../src/ring/shared_memory.ts";
import { onJob } from "./_jobs.ts";
import { Receipt } from "./_measure.ts";

/** What the worker is told to do. */
export interface QueueJob {
  /** Records that it sends, or takes. */
  readonly records: number;
  /** Numbers of 32 bits per record. */
  readonly length: number;
  /** How it takes; missing for a producer. */
  readonly take?: "take" | "takeAsync";
  /** For a queue. */
  readonly handle?: SharedMemoryHandle;
  readonly queue?: RecordQueueDescription;
  readonly party?: number;
  /** For `postMessage`: the other sides. */
  readonly ports?: readonly MessagePort[];
  /** Records that may be under way from each producer, for `postMessage`. */
  readonly window?: number;
}

/** What the consumer found. */
export interface QueueAnswer {
  /** Nanoseconds per record. */
  readonly time: number;
  /** Of the numbers that the records began with. */
  readonly sum: number;
}

onJob((job: QueueJob): QueueAnswer | Promise<QueueAnswer> | null => {
  if (job.ports) return job.take ? readMessages(job) : postMessages(job);
  const queue = new RecordQueue(new SharedMemory(job.handle!), job.queue!, job.party!);
  if (!job.take) return offerRecords(queue, job);
  return job.take === "take" ? takeRecords(queue, job) : awaitRecords(queue, job);
});

function offerRecords(queue: RecordQueue, { records, length }: QueueJob): null {
  const record = new Uint32Array(length);
  const bytes = new Uint8Array(record.buffer);
  for (let n = 0; n < records; n++) {
    record[0] = n;
    queue.offer(bytes, 1, Infinity);
  }
  return null;
}

function numberOf(record: Uint8Array): number {
  return record[0] | record[1] << 8 | record[2] << 16 | record[3] << 24;
}

function takeRecords(queue: RecordQueue, { records }: QueueJob): QueueAnswer {
  const receipt = new Receipt();
  for (let n = 0; n < records; n++) receipt.take(numberOf(queue.take(Infinity)!));
  return receipt.settle();
}

async function awaitRecords(queue: RecordQueue, { records }: QueueJob): Promise<QueueAnswer> {
  const receipt = new Receipt();
  for (let n = 0; n < records; n++) receipt.take(numberOf((await queue.takeAsync())!));
  return receipt.settle();
}

/** The consumer acknowledges every half window, so that memory stays bounded, as in a queue. */
function postMessages({ ports, records, length, window }: QueueJob): null {
  const [port] = ports!;
  const record = new Uint32Array(length);
  let n = 0;
  const send = (count: number) => {
    for (const end = Math.min(n + count, records); n < end; n++) {
      record[0] = n;
      port.postMessage(record);
    }
  };
  port.onmessage = () => send(window! / 2);
  send(window!);
  return null;
}

function readMessages({ ports, records, window }: QueueJob): Promise<QueueAnswer> {
  const receipt = new Receipt();
  return new Promise((resolve) => {
    for (const port of ports!) {
      let count = 0;
      port.onmessage = ({ data }: MessageEvent<Uint32Array>) => {
        receipt.take(data[0]);
        if (++count % (window! / 2) === 0) port.postMessage(null);
        if (receipt.count === records) resolve(receipt.settle());
      };
    }
  });
}
