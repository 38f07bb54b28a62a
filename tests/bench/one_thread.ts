/** Write and read of one frame in one thread: the public bindings, the bare core, plain JavaScript, and `memory.copy`. */

import { runJobs } from "./_jobs.ts";
import { memcpyModule } from "./_memcpy.ts";
import type { OneThreadJob } from "./_one_thread_worker.ts";
import { against, formatBytes, type Row, type Table } from "./_table.ts";

const WORKER = new URL("./_one_thread_worker.ts", import.meta.url);

/** Each size in a worker of its own, as tasks run: with one instance of the core. */
async function measure(bytes: number): Promise<Row> {
  const job = { bytes, memcpy: memcpyModule() };
  const times = await runJobs<OneThreadJob, Record<string, number>>(WORKER, { job });
  return { label: formatBytes(bytes), times, ratios: against(times, "bindings", {}, ["core", "plain JS", "memcpy"]) };
}

/** Measures. */
export async function benchOneThread(): Promise<Table[]> {
  const rows: Row[] = [];
  for (const bytes of [32, 64, 1024, 16_384, 131_072, 1_048_576]) rows.push(await measure(bytes));
  return [{
    title: "One frame written and read again in one thread",
    unit: "ns",
    note: "In place: no copies. Memcpy: WebAssembly's memory.copy into and out of as much memory as the ring has.",
    rows,
  }];
}
