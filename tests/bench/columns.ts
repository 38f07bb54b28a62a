/** Frames with named columns against plain ones of the same bytes: in place, copied into a frame, and as a new copy. */

import { runJobs } from "./_jobs.ts";
import type { ColumnsJob } from "./_columns_worker.ts";
import { formatBytes, type Row, type Table } from "./_table.ts";

const WORKER = new URL("./_columns_worker.ts", import.meta.url);

/** From here on, a new copy of columns is wanted to take no longer than one of a plain frame. */
const LARGE = 16_384;

async function measure(bytes: number): Promise<Row> {
  const times = await runJobs<ColumnsJob, Record<string, number>>(WORKER, { job: { bytes } });
  const ratios = ["look", "readInto", "read"].map((method) => ({
    ours: `columns: ${method}`,
    rival: `plain: ${method}`,
    value: times[`plain: ${method}`] / times[`columns: ${method}`],
    wanted: method === "read" && bytes < LARGE ? undefined : 0.95,
  }));
  return { label: formatBytes(bytes), times, ratios };
}

/** Measures. */
export async function benchColumns(): Promise<Table[]> {
  const rows: Row[] = [];
  for (const bytes of [64, 1024, LARGE, 131_072, 1_048_576]) rows.push(await measure(bytes));
  return [{
    title: "One frame read: four columns, and a plain frame of the same bytes",
    unit: "ns",
    note: "In one thread, from a ring that is full. readInto() gets a frame that was read before.",
    rows,
  }];
}
