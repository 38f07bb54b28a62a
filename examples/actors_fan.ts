/**
 * Fan-out and fan-in: a distributor gives work to three workers in turn, and they send to one aggregator, which passes
 * batches of ten on; when nothing comes for a while, what is left goes as a smaller batch. They all reach each other through
 * shared memory.
 *
 *     deno run -A examples/actors_fan.ts
 */

import { message, QueueTimeoutError, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const Work = message<{ n: number }>("Work");
const Square = message<{ n: number; square: number; worker: string }>("Square");
const Batch = message<{ sum: number; size: number; workers: number }>("Batch");

const WORKERS = ["worker 0", "worker 1", "worker 2"];

const distributor = ringKernel({ id: "distributor", module: import.meta, input: Work }, async (ctx) => {
  let next = 0;
  for await (const { n } of ctx) await ctx.runtime.send(WORKERS[next++ % WORKERS.length], Work({ n }));
});

const worker = ringKernel({ id: "worker", module: import.meta, input: Work }, async (ctx) => {
  for await (const { n } of ctx) {
    await ctx.runtime.send("aggregator", Square({ n, square: n * n, worker: ctx.kernelId }));
  }
});

const aggregator = ringKernel(
  { id: "aggregator", module: import.meta, input: Square, output: Batch, params: { size: 10, idleMs: 300 } },
  async (ctx) => {
    let squares: { square: number; worker: string }[] = [];
    const flush = async () => {
      const sum = squares.reduce((sum, { square }) => sum + square, 0);
      const workers = new Set(squares.map(({ worker }) => worker)).size;
      await ctx.send(Batch({ sum, size: squares.length, workers }));
      squares = [];
    };
    while (!ctx.shouldTerminate) {
      try {
        squares.push(await ctx.receive({ timeoutMs: ctx.params.idleMs }));
        if (squares.length === ctx.params.size) await flush();
      } catch (error) {
        if (!(error instanceof QueueTimeoutError)) throw error;
        if (squares.length > 0) await flush();
      }
    }
  },
);

if (import.meta.main) {
  await using runtime = new RingKernelRuntime();
  const batches = await runtime.kernelScope("aggregator", aggregator);
  for (const id of WORKERS) await runtime.kernelScope(id, worker);
  const entrance = await runtime.kernelScope("distributor", distributor);

  for (let n = 1; n <= 25; n++) await entrance.send(Work({ n }));
  let total = 0;
  let size = 0;
  while (size < 25) {
    const batch = await batches.receive({ timeoutMs: 10_000 });
    console.log(`a batch of ${batch.size}`);
    total += batch.sum;
    size += batch.size;
  }
  console.log(`the squares of 1 to 25 add up to ${total}`);
}
