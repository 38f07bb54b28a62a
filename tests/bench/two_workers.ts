/** Frames from one worker to another: Ringmill by copy and in place, `ringbuf.js`, `postMessage`, and native threads. */

import { RingBuffer } from "ringbuf.js";
import { Pipeline } from "@ringmill/ringmill";
import { runJobs } from "./_jobs.ts";
import { isSumOfAll, medians, verify } from "./_measure.ts";
import { memcpyModule } from "./_memcpy.ts";
import { NativeFloor } from "./_native.ts";
import type { RivalJob } from "./_rival_worker.ts";
import { readCopies, readInPlace, writeCopies, writeInPlace } from "./_stream_tasks.ts";
import { against, formatBytes, type Row, type Table } from "./_table.ts";

/** Frames that may be under way, for everybody. */
const WINDOW = 32;
const ROUNDS = 3;
const TASKS = new URL("./_stream_tasks.ts", import.meta.url);
const RIVALS = new URL("./_rival_worker.ts", import.meta.url);

/** Nanoseconds per frame through a stream, whose ring holds `window` frames, by functions of the module `tasks`. */
export async function timeStream(
  bytes: number,
  frames: number,
  write: typeof writeCopies,
  read: typeof readCopies,
  window = WINDOW,
  tasks = TASKS,
): Promise<number> {
  await using pipe = new Pipeline("bench", tasks);
  const stream = pipe.addStream("frames", { shape: [bytes / 4], dtype: "uint32", frames: window });
  const receipts = pipe.addStream("receipts", { shape: [2], dtype: "float64" });
  pipe.addTask("write", { fn: write, writes: { frames: stream }, params: { frames } });
  pipe.addTask("read", { fn: read, reads: { frames: stream }, writes: { receipts } });
  const result = pipe.openReader(receipts);
  await pipe.run();
  const [time, sum] = result.read()!;
  verify(isSumOfAll(sum, frames), `Ringmill's ${write.name}`);
  return time;
}

/** Runs both sides of a rival. */
async function timeRival(read: RivalJob, write: RivalJob): Promise<number> {
  const transfer = ({ port }: RivalJob) => port ? [port] : [];
  const messages = [read, write].map((job) => ({ job, transfer: transfer(job) }));
  const { time, sum } = await runJobs<RivalJob, { time: number; sum: number }>(RIVALS, ...messages);
  verify(isSumOfAll(sum, read.frames), read.kind);
  return time;
}

function timeRingbuf(bytes: number, frames: number): Promise<number> {
  const length = bytes / 4;
  const buffer = RingBuffer.getStorageForCapacity(length * WINDOW, Uint32Array);
  const job = { kind: "ringbuf", frames, length, buffer, window: WINDOW } as const;
  return timeRival({ ...job, side: "read" }, { ...job, side: "write" });
}

function timePostMessage(bytes: number, frames: number): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const job = { kind: "postMessage", frames, length: bytes / 4, window: WINDOW } as const;
  return timeRival({ ...job, side: "read", port: port1 }, { ...job, side: "write", port: port2 });
}

/** The same two copies in one thread. */
async function timeMemcpy(bytes: number, frames: number): Promise<number> {
  const job = {
    kind: "memcpy",
    side: "read",
    frames,
    length: bytes / 4,
    window: WINDOW,
    module: memcpyModule(),
  } as const;
  const { time, sum } = await runJobs<RivalJob, { time: number; sum: number }>(RIVALS, { job });
  verify(isSumOfAll(sum, frames), "memcpy");
  return time;
}

async function measure(bytes: number): Promise<Row> {
  const native = await NativeFloor.build();
  // Enough of them that the start does not count: in place a frame costs the same whatever its size.
  const many = 400_000;
  const copies = Math.max(1000, Math.min(many, Math.floor(1e9 / bytes)));
  const few = Math.max(300, Math.floor(copies / 20));
  const times = await medians({
    "copy": () => timeStream(bytes, copies, writeCopies, readCopies),
    "in place": () => timeStream(bytes, many, writeInPlace, readInPlace),
    "memcpy": () => timeMemcpy(bytes, copies),
    "native threads": native ? () => native.copy(bytes, copies, WINDOW) : undefined,
    "ringbuf.js": () => timeRingbuf(bytes, few * 4),
    "postMessage": () => timePostMessage(bytes, few),
  }, ROUNDS);
  const rivals = Object.keys(times).slice(2);
  const wanted: Record<string, number> = bytes === 16_384 ? { memcpy: 0.7 } : {};
  return {
    label: formatBytes(bytes),
    times,
    ratios: [...against(times, "copy", wanted, rivals), ...against(times, "in place", {}, rivals.slice(-2))],
  };
}

/** Measures. */
export async function benchTwoWorkers(): Promise<Table[]> {
  const rows: Row[] = [];
  for (const bytes of [64, 1024, 16_384, 131_072, 1_048_576]) rows.push(await measure(bytes));
  return [{
    title: "One frame from one worker to another",
    unit: "ns",
    note: "memcpy: WebAssembly's memory.copy into and out of as much memory as the ring has, in one thread.",
    rows,
  }];
}
