/** What restarts cost: from a crash to the next frame, and where there are none. */

import { Pipeline, type TaskRestart } from "@ringmill/ringmill";
import { crashOnce, readInLoop, write } from "./_restart_tasks.ts";
import { isSumOfAll, medians, verify } from "./_measure.ts";
import { against, type Table } from "./_table.ts";

const TASKS = new URL("./_restart_tasks.ts", import.meta.url);
const FRAMES = 2_000_000;

function declare() {
  const pipe = new Pipeline("restarts", TASKS);
  const frames = pipe.addStream("frames", { shape: [16], dtype: "uint32", frames: 256 });
  const receipts = pipe.addStream("receipts", { shape: [2], dtype: "float64" });
  return { pipe, frames, receipts, result: pipe.openReader(receipts) };
}

/** Milliseconds from a crash to the next frame. */
async function timeCrash(): Promise<number> {
  const { pipe, frames, receipts, result } = declare();
  await using _pipe = pipe;
  pipe.addTask("write", { fn: write, writes: { frames }, params: { frames: 10 } });
  pipe.addTask("crash", {
    ...{ fn: crashOnce, reads: { frames }, writes: { receipts } },
    ...{ state: { shape: [1], dtype: "float64" }, restart: { backoffMs: 0 } },
  });
  await pipe.run();
  const [time, isThere] = result.read()!;
  verify(isThere === 1, "a restart");
  return time;
}

/** Milliseconds until a bare worker that imports nothing has answered. */
async function timeWorker(): Promise<number> {
  const start = performance.now();
  const worker = new Worker(new URL("./_bare_worker.ts", import.meta.url), { type: "module" });
  await new Promise((resolve) => worker.onmessage = resolve);
  const time = performance.now() - start;
  worker.terminate();
  return time;
}

/** Milliseconds until a task's own worker has begun, of a pipeline of one. */
async function timeTask(): Promise<number> {
  await using pipe = new Pipeline("start", TASKS);
  const frames = pipe.addStream("frames", { shape: [16], dtype: "uint32" });
  pipe.addTask("write", { fn: write, writes: { frames }, params: { frames: 0 } });
  pipe.openReader(frames);
  const start = performance.now();
  await pipe.start();
  const time = performance.now() - start;
  await pipe.join();
  return time;
}

/** Nanoseconds per frame of a loop, with a restart or without. */
async function timeLoop(restart?: TaskRestart): Promise<number> {
  const { pipe, frames, receipts, result } = declare();
  await using _pipe = pipe;
  pipe.addTask("write", { fn: write, writes: { frames }, params: { frames: FRAMES } });
  pipe.addTask("read", { fn: readInLoop, reads: { frames }, writes: { receipts }, restart });
  await pipe.run();
  const [time, sum] = result.read()!;
  verify(isSumOfAll(sum, FRAMES), "a loop");
  return time;
}

/** Measures. */
export async function benchRestarts(): Promise<Table[]> {
  const crash = await medians({ "a restart": timeCrash, "a bare worker": timeWorker, "a task": timeTask }, 15);
  const loop = await medians({ "no restart": () => timeLoop(), "with restart": () => timeLoop({}) }, 5);
  return [
    {
      title: "From a crash to the next frame, and starting one worker",
      unit: "ms",
      rows: [{ label: "1 task", times: crash, ratios: against(crash, "a restart") }],
    },
    {
      title: "A frame of 64 B in a loop, of a task without `restart` and of one with it",
      unit: "ns",
      rows: [{ label: "64 B", times: loop, ratios: against(loop, "no restart") }],
    },
  ];
}
