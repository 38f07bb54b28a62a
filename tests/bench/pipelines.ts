/** What a pipeline costs before and between its frames: starting it, and letting it idle. */

import process from "node:process";
import { type AsyncWriter, Pipeline } from "@ringmill/ringmill";
import { medians, verify } from "./_measure.ts";
import { against, type Table } from "./_table.ts";
import { pass, wait } from "./_waiting_tasks.ts";

const TASKS = 8;
const IDLE_MS = 3000;

/** A chain of eight tasks, each blocked on the one before, the first on the program. */
function declareChain(): { pipe: Pipeline; first: AsyncWriter<"int32"> } {
  const pipe = new Pipeline("chain", new URL("./_waiting_tasks.ts", import.meta.url));
  for (let n = 0; n < TASKS; n++) pipe.addStream(`s${n}`, { shape: [1], dtype: "int32" });
  for (let n = 0; n < TASKS - 1; n++) {
    pipe.addTask(`pass ${n}`, { fn: pass, reads: { inlet: `s${n}` }, writes: { outlet: `s${n + 1}` } });
  }
  pipe.addTask("wait", { fn: wait, reads: { inlet: `s${TASKS - 1}` } });
  return { pipe, first: pipe.openWriter<"int32">("s0") };
}

async function timePipeline(): Promise<number> {
  const { pipe, first } = declareChain();
  const start = performance.now();
  await pipe.start();
  const time = performance.now() - start;
  first.write(Int32Array.of(1));
  verify(await pipe.join({ timeoutMs: 100 }) === false, "the start of a pipeline: it has ended");
  first.close();
  await pipe.join();
  await pipe.close();
  return time;
}

async function timeWorkers(): Promise<number> {
  const start = performance.now();
  const workers = Array.from(
    { length: TASKS },
    () => new Worker(new URL("./_bare_worker.ts", import.meta.url), { type: "module" }),
  );
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.onmessage = resolve)));
  const time = performance.now() - start;
  for (const worker of workers) worker.terminate();
  return time;
}

/** Percent of one core that the whole process takes while `work` is waited for. */
async function cpuPercent(work: Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work;
  const after = process.cpuUsage();
  const busy = after.user + after.system - before.user - before.system;
  return busy / 1000 / (performance.now() - start) * 100;
}

/** Measures. */
export async function benchPipelines(): Promise<Table[]> {
  const times = await medians({ "pipeline": timePipeline, "bare workers": timeWorkers }, 9);
  const { pipe, first } = declareChain();
  await pipe.start();
  const percent = await cpuPercent(new Promise((resolve) => setTimeout(resolve, IDLE_MS)));
  first.close();
  await pipe.join();
  await pipe.close();
  const label = `${TASKS} tasks`;
  return [
    { title: "Starting a pipeline", unit: "ms", rows: [{ label, times, ratios: against(times, "pipeline") }] },
    {
      title: `Processor time of a pipeline whose tasks all wait, over ${IDLE_MS / 1000} s`,
      unit: "% of a core",
      rows: [{ label, times: { "pipeline": percent }, ratios: [] }],
    },
  ];
}
