/** A `ParallelNode`, and the pool below it, against `tinypool` and `piscina`, on a function that computes for 2 ms. */

import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { Tinypool } from "tinypool";
import { Graph, ParallelNode, WorkerPool } from "@ringmill/ringmill/graph";
import { medians, verify } from "./_measure.ts";
import { mix, roundsFor, type Work } from "./_pool_work.ts";
import { against, printTable, type Table } from "./_table.ts";

const MODULE = new URL("./_pool_work.ts", import.meta.url);
const CALLS = 300;

/** Measures. */
export async function benchPools(): Promise<Table[]> {
  const workers = navigator.hardwareConcurrency;
  const rounds = roundsFor(2);
  const jobs = Array.from({ length: CALLS }, (_, seed) => ({ seed, rounds }));
  const expected = jobs.map(mix);
  /** Milliseconds per call, all of them asked for at once. */
  const time = (call: (job: Work) => unknown) => async () => {
    const start = performance.now();
    const outputs = await Promise.all(jobs.map(call));
    verify(outputs.every((output, n) => output === expected[n]), "a pool");
    return (performance.now() - start) / CALLS;
  };
  await using pool = new WorkerPool({ name: "bench", workers, idleMs: Infinity });
  const node = new ParallelNode("mix", mix, { module: MODULE, workers, idleMs: Infinity });
  await using graph = new Graph("pool", { nodes: [node], start: node });
  const filename = fileURLToPath(MODULE);
  const threads = { minThreads: workers, maxThreads: workers };
  const tinypool = new Tinypool({ filename, ...threads });
  const piscina = new Piscina({ filename, ...threads });
  const target = { module: MODULE.href, exportName: "mix" };
  try {
    const found = await medians({
      "ParallelNode": time((job) => graph.execute(job, { output: node })),
      "WorkerPool": time((job) => pool.run(target, [job])),
      "one thread": time(mix),
      "tinypool": time((job) => tinypool.run(job)),
      "piscina": time((job) => piscina.run(job)),
    }, 5);
    const ratios = against(found, "ParallelNode", { tinypool: 1, piscina: 1 });
    return [{
      title: `${CALLS} calls of a function of 2 ms on ${workers} workers`,
      unit: "ms per call",
      rows: [{ label: "2 ms", times: found, ratios }],
    }];
  } finally {
    await Promise.all([tinypool.destroy(), piscina.destroy()]);
  }
}

if (import.meta.main) { for (const table of await benchPools()) printTable(table); }
