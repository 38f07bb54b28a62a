/** Records from one or more workers to another: a record queue, `postMessage`, and `ringbuf.js`, which knows one producer. */

import { RingBuffer } from "ringbuf.js";
import { makeRecordQueue, reserveRecordQueue } from "../../src/ring/queue_description.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { runJobs } from "./_jobs.ts";
import { medians, verify } from "./_measure.ts";
import type { QueueAnswer, QueueJob } from "./_queue_worker.ts";
import type { RivalJob } from "./_rival_worker.ts";
import { against, type Row, type Table } from "./_table.ts";

const BYTES = 64;
/** Records that may be under way, for everybody. */
const WINDOW = 1024;
const ROUNDS = 3;
const WORKER = new URL("./_queue_worker.ts", import.meta.url);
const RIVALS = new URL("./_rival_worker.ts", import.meta.url);

/** Fails unless each of the producers' records came once. */
function check({ time, sum }: QueueAnswer, producers: number, records: number, what: string): number {
  verify(sum === producers * records * (records - 1) / 2, what);
  return time;
}

/** Nanoseconds per record through a queue into which each of some producers puts so many. */
async function timeQueue(producers: number, records: number, take: "take" | "takeAsync"): Promise<number> {
  const arena = new Arena();
  const options = { name: "bench", records: WINDOW, bytes: 1 << 17, parties: producers + 1, wait: "adaptive" } as const;
  const queue = reserveRecordQueue(arena, options);
  const memory = SharedMemory.create(arena, "a benchmark");
  makeRecordQueue(memory, queue);
  const job = (party: number, more: Pick<QueueJob, "records" | "take">): { job: QueueJob } => ({
    job: { ...more, length: BYTES / 4, handle: memory.handle, queue, party },
  });
  const consumer = job(producers, { records: producers * records, take });
  const others = Array.from({ length: producers }, (_, party) => job(party, { records }));
  const answer = await runJobs<QueueJob, QueueAnswer>(WORKER, consumer, ...others);
  return check(answer, producers, records, `a queue's ${take}()`);
}

async function timePostMessage(producers: number, records: number): Promise<number> {
  const channels = Array.from({ length: producers }, () => new MessageChannel());
  const job = (ports: MessagePort[], more: Pick<QueueJob, "records" | "take">) => ({
    job: { ...more, length: BYTES / 4, window: WINDOW / producers, ports },
    transfer: ports,
  });
  const consumer = job(channels.map(({ port1 }) => port1), { records: producers * records, take: "take" });
  const others = channels.map(({ port2 }) => job([port2], { records }));
  const answer = await runJobs<QueueJob, QueueAnswer>(WORKER, consumer, ...others);
  return check(answer, producers, records, "postMessage");
}

async function timeRingbuf(records: number): Promise<number> {
  const length = BYTES / 4;
  const buffer = RingBuffer.getStorageForCapacity(length * WINDOW, Uint32Array);
  const job = { kind: "ringbuf", frames: records, length, buffer, window: WINDOW } as const;
  const messages = (["read", "write"] as const).map((side) => ({ job: { ...job, side } }));
  return check(await runJobs<RivalJob, QueueAnswer>(RIVALS, ...messages), 1, records, "ringbuf.js");
}

async function measure(producers: number): Promise<Row> {
  const records = 400_000 / producers;
  const few = 40_000 / producers;
  const times = await medians({
    "take": () => timeQueue(producers, records, "take"),
    "takeAsync": () => timeQueue(producers, records, "takeAsync"),
    "ringbuf.js": producers === 1 ? () => timeRingbuf(records) : undefined,
    "postMessage": () => timePostMessage(producers, few),
  }, ROUNDS);
  const rivals = Object.keys(times).slice(2);
  const wanted = { postMessage: 5 };
  return {
    label: producers === 1 ? "1 producer" : `${producers} producers`,
    times,
    ratios: [...against(times, "take", wanted, rivals), ...against(times, "takeAsync", wanted, rivals.slice(-1))],
  };
}

/** Measures. */
export async function benchQueue(): Promise<Table[]> {
  const rows: Row[] = [];
  for (const producers of [1, 2, 4, 8]) rows.push(await measure(producers));
  return [{
    title: `One record of ${BYTES} B from producers to a consumer, each in a worker of its own`,
    unit: "ns",
    note: `At most ${WINDOW} records are under way.`,
    rows,
  }];
}
