/** Prints which outputs of finished executions are still in memory. Run with `--v8-flags=--expose-gc`. */

import { Graph, type GraphRun, Node } from "@ringmill/ringmill/graph";

const { gc } = globalThis as unknown as { gc(): void };
const refs: WeakRef<object>[] = [];
const make = new Node("make", async (ms: number) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  const output = { ms };
  refs.push(new WeakRef(output));
  return output;
});
const graph = new Graph("g", { nodes: [make], start: make });

/** How many outputs are held, once those that nothing holds are collected. */
async function held(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    gc();
  }
  return refs.splice(0).filter((ref) => ref.deref()).length;
}

async function streamThrough(delays: readonly number[]): Promise<void> {
  for await (const _ of graph.stream(delays, { concurrency: delays.length }));
}

/** Keeps the run of a short execution that began after a long one, which has ended since. */
async function keepShort(): Promise<GraphRun<never>> {
  const long = graph.start(60);
  const short = graph.start(1);
  await Promise.all([long.settled, short.settled]);
  return short as never;
}

const delays = Array.from({ length: 8 }, (_, n) => 10 + 10 * n);
await streamThrough(delays);
const oldestFirst = await held();
await streamThrough(delays.toReversed());
const newestFirst = await held();
const short = await keepShort();
const besidesShort = await held();
console.log(JSON.stringify({ oldestFirst, newestFirst, besidesShort, kept: short.status !== undefined }));
