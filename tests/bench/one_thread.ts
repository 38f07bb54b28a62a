/** Write and read of one frame in one thread: the public bindings, the bare core, plain JavaScript, and memcpy. */

import { formatBytes, printTable, ratio } from "./_measure.ts";
import type { OneThreadTimes } from "./_one_thread_worker.ts";

async function timeSize(bytes: number): Promise<OneThreadTimes> {
  const worker = new Worker(new URL("./_one_thread_worker.ts", import.meta.url), { type: "module" });
  const times = new Promise<OneThreadTimes>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  worker.postMessage(bytes);
  try {
    return await times;
  } finally {
    worker.terminate();
  }
}

/** Prints the table. */
export async function benchOneThread(): Promise<void> {
  const rows: (string | number)[][] = [
    ["frame", "core ns", "bindings ns", "look ns", "plain JS ns", "2 memcpy ns"],
  ];
  rows[0].push("bindings/core", "plain JS/bindings", "bindings/memcpy");
  for (const bytes of [32, 64, 1024, 16_384, 131_072, 1_048_576]) {
    const { memcpy, core, bindings, look, plain } = await timeSize(bytes);
    // A frame in and out again is two copies.
    const ratios = [bindings / core, plain / bindings, bindings / (2 * memcpy)].map(ratio);
    rows.push([formatBytes(bytes), core, bindings, look, plain, 2 * memcpy, ...ratios]);
  }
  printTable("One thread: one frame written and read again (look: in place)", rows);
}

if (import.meta.main) await benchOneThread();
