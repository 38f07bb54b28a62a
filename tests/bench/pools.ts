/** A `ParallelNode`, and the pool below it, against `tinypool` and `piscina`, on a function that computes for 2 ms. */

import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { Tinypool } from "tinypool";
import { Graph, ParallelNode, WorkerPool } from "@ringmill/ringmill/graph";
import { printTable, race, ratio, verify } from "./_measure.ts";
import { mix, roundsFor } from "./_pool_work.ts";

const MODULE = new URL("./_pool_work.ts", import.meta.url);
const CALLS = 300;

/** Prints the table. */
export async function benchPools(): Promise<void> {
  const workers = navigator.hardwareConcurrency, rounds = roundsFor(2);
  const jobs = Array.from({ length: CALLS }, (_, seed) => ({ seed, rounds })), expected = jobs.map(mix);
  const isRight = (outputs: readonly unknown[]) => outputs.every((output, n) => output === expected[n]);
  /** Milliseconds per call. */
  const time = (name: string, run: () => Promise<unknown[]>) => async () => {
    const start = performance.now(), outputs = await run();
    verify(outputs.length === CALLS && isRight(outputs), name);
    return (performance.now() - start) / CALLS;
  };

  await using pool = new WorkerPool({ name: "bench", workers, idleMs: Infinity });
  const node = new ParallelNode("mix", mix, { module: MODULE, workers, idleMs: Infinity });
  await using graph = new Graph("pool", { nodes: [node], start: node });
  const filename = fileURLToPath(MODULE), threads = { minThreads: workers, maxThreads: workers };
  const tinypool = new Tinypool({ filename, ...threads }), piscina = new Piscina({ filename, ...threads });
  try {
    const target = { module: MODULE.href, exportName: "mix" };
    const result = await race({
      "one thread": time("one thread", async () => await Promise.resolve(jobs.map(mix))),
      "WorkerPool": time("the pool", () => Promise.all(jobs.map((job) => pool.run(target, [job])))),
      "ParallelNode": time("the node", () => Promise.all(jobs.map((job) => graph.execute(job, { output: node })))),
      "tinypool": time("tinypool", () => Promise.all(jobs.map((job) => tinypool.run(job)))),
      "piscina": time("piscina", () => Promise.all(jobs.map((job) => piscina.run(job)))),
    }, 5);
    const best = Math.min(result.tinypool, result.piscina);
    printTable(`${CALLS} calls of 2 ms on ${workers} workers`, [
      ["", "ms per call", "against the better of tinypool and piscina"],
      ...Object.entries(result).map(([name, value]) => [name, value, ratio(value / best)]),
    ]);
  } finally {
    await Promise.all([tinypool.destroy(), piscina.destroy()]);
  }
}

if (import.meta.main) await benchPools();
