/** Frames from one worker to another: Ringmill by copy and in place, `ringbuf.js`, and `postMessage`. */

import { RingBuffer } from "ringbuf.js";
import { Pipeline } from "@ringmill/ringmill";
import { formatBytes, printTable, race, ratio, verify } from "./_measure.ts";
import type { RivalJob } from "./_rival_worker.ts";
import { readCopies, readInPlace, writeCopies, writeInPlace } from "./_stream_tasks.ts";

/** Frames that may be under way, for everybody. */
const WINDOW = 32;
const TASKS = new URL("./_stream_tasks.ts", import.meta.url);

async function timeStream(bytes: number, frames: number, write: typeof writeCopies, read: typeof readCopies) {
  await using pipe = new Pipeline("bench", TASKS);
  const stream = pipe.addStream("frames", { shape: [bytes / 4], dtype: "uint32", frames: WINDOW });
  const times = pipe.addStream("times", { shape: [1], dtype: "float64" });
  pipe.addTask("write", { fn: write, writes: { frames: stream }, params: { frames } });
  pipe.addTask("read", { fn: read, reads: { frames: stream }, writes: { times }, params: { frames } });
  const result = pipe.openReader(times);
  await pipe.run();
  const [time] = result.read()!;
  verify(!Number.isNaN(time), `Ringmill's ${write.name}`);
  return time;
}

/** Runs both sides of a rival in fresh workers. */
async function timeRival(write: RivalJob, read: RivalJob): Promise<number> {
  const workers: Worker[] = [];
  const start = (job: RivalJob) => {
    const worker = new Worker(new URL("./_rival_worker.ts", import.meta.url), { type: "module" });
    workers.push(worker);
    const result = new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.postMessage(job, job.port ? [job.port] : []);
    return result;
  };
  try {
    const result = start(read);
    start(write);
    const time = await result;
    verify(!Number.isNaN(time), write.kind);
    return time;
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

function timeRingbuf(bytes: number, frames: number): Promise<number> {
  const length = bytes / 4;
  const buffer = RingBuffer.getStorageForCapacity(length * WINDOW, Uint32Array);
  const job = { kind: "ringbuf", frames, length, buffer, window: WINDOW } as const;
  return timeRival({ ...job, side: "write" }, { ...job, side: "read" });
}

function timePostMessage(bytes: number, frames: number): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const job = { kind: "postMessage", frames, length: bytes / 4, window: WINDOW } as const;
  return timeRival({ ...job, side: "write", port: port1 }, { ...job, side: "read", port: port2 });
}

/** Prints the table. */
export async function benchTwoWorkers(): Promise<void> {
  const rows: (string | number)[][] = [["frame", "copy ns", "in place ns", "ringbuf.js ns", "postMessage ns"]];
  rows[0].push("ringbuf/copy", "postMessage/copy", "ringbuf/in place", "postMessage/in place");
  for (const bytes of [64, 16_384, 131_072, 1_048_576]) {
    // Enough of them that the start does not count: in place a frame costs the same whatever its size.
    const many = 1_000_000, copies = Math.max(1500, Math.min(many, Math.floor(2e9 / bytes)));
    const few = Math.max(300, Math.floor(copies / 20));
    const { copy, inPlace, ringbuf, message } = await race({
      copy: () => timeStream(bytes, copies, writeCopies, readCopies),
      inPlace: () => timeStream(bytes, many, writeInPlace, readInPlace),
      ringbuf: () => timeRingbuf(bytes, few * 4),
      message: () => timePostMessage(bytes, few),
    }, 5);
    const ratios = [ringbuf / copy, message / copy, ringbuf / inPlace, message / inPlace].map(ratio);
    rows.push([formatBytes(bytes), copy, inPlace, ringbuf, message, ...ratios]);
  }
  printTable("Two workers: one frame from one to the other", rows);
}

if (import.meta.main) await benchTwoWorkers();
