import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { type Graph, ParallelNode, type ParallelNodeOptions, WorkerPool } from "@ringmill/ringmill/graph";
import { chain } from "./_helpers.ts";
import * as functions from "./_parallel.ts";

const module = new URL("./_parallel.ts", import.meta.url);

function graphOf<In, Out>(work: (input: In) => Out, options: ParallelNodeOptions<In, Out, undefined> = {}): Graph {
  return chain(new ParallelNode("work", work, { module, ...options.pool ? {} : { workers: 1 }, ...options }));
}

Deno.test("ParallelNode runs its function on a worker", async () => {
  await using graph = graphOf(functions.whichThread as (input: number) => string);
  ok((await graph.execute(0)).work !== "main");
});

Deno.test("ParallelNode carries inputs and outputs, typed arrays among them", async () => {
  await using graph = graphOf(functions.square);
  await using arrays = graphOf(functions.scale);
  deepEqual(await graph.execute(5), { work: 25 });
  const samples = Float64Array.from({ length: 100_000 }, (_, n) => n);
  deepEqual(await arrays.execute(samples), { work: samples.map((x) => 2 * x) });
});

Deno.test("ParallelNode serves a stream with all its workers, in order", async () => {
  await using graph = graphOf(functions.square, { workers: 2 });
  const outputs = [];
  for await (const { work } of graph.stream(Array.from({ length: 200 }, (_, n) => n))) outputs.push(work);
  deepEqual(outputs, Array.from({ length: 200 }, (_, n) => n * n));
});

Deno.test("NodeError of a ParallelNode has the function's own error as its cause", async () => {
  await using graph = graphOf(functions.refuse);
  const error = await graph.execute(5).catch((error) => error);
  equal(error.message, 'Node "work" of graph "test" failed: TooLarge: 5 is too large');
  equal(error.cause.name, "TooLarge");
  ok(error.cause.stack.includes("_parallel.ts"));
});

Deno.test("ParallelNode fails when its worker dies, and goes on with a new one", async () => {
  await using graph = graphOf(functions.die as (input: number) => Promise<never>);
  for (let n = 0; n < 2; n++) {
    await rejects(graph.execute(0), /Node "work" .*Task "die" failed: it closed its worker before it returned/);
  }
});

Deno.test("ParallelNode with a retry survives the death of a worker", async () => {
  await using graph = graphOf(functions.die as (input: number) => Promise<never>, {
    retry: { attempts: 2, delayMs: 0 },
  });
  await rejects(graph.execute(0), { name: "NodeError", attempt: 2 });
});

Deno.test("ParallelNode tells a function that computes when it takes too long", async () => {
  await using graph = graphOf(functions.untilCancelled as (input: number) => number, {
    timeoutMs: 300,
    graceMs: 60_000,
  });
  await rejects(graph.execute(0), /TimeoutError: It took longer than 300 ms/);
});

Deno.test("ParallelNode refuses a closure, naming function and module", async () => {
  await using graph = graphOf(function closure(n: number) {
    return n;
  });
  await rejects(graph.execute(1), /function "closure" is not an export of .*_parallel\.ts/);
});

Deno.test("ParallelNodeOptions.pool shares workers, which the caller closes", async () => {
  await using pool = new WorkerPool({ name: "shared", workers: 1 });
  for (const work of [functions.square, functions.burn]) {
    const graph = graphOf(work, { pool });
    await graph.execute(2);
    await graph.close();
  }
  equal(pool.size, 1);
});

Deno.test("ParallelNode refuses options of a pool of its own where it is given one", async () => {
  await using pool = new WorkerPool({ name: "shared" });
  const own = { graceMs: 5, idleMs: 5, permissions: "none", workers: 2 } as const;
  for (const [option, value] of Object.entries(own)) {
    throws(
      () => chain(new ParallelNode("work", functions.square, { module, pool, [option]: value })),
      { name: "TypeError", message: new RegExp(`${option} belongs to the pool that is given, received `) },
    );
  }
});

Deno.test("ParallelNode refuses options of the wrong kind or range", () => {
  throws(() => graphOf(functions.square, { workers: 0 }), {
    name: "RangeError",
    message: /"work": workers must be an integer, 1/,
  });
  throws(() => graphOf(5 as never), TypeError);
  for (const pool of [{}, { run() {} }, []]) {
    throws(() => graphOf(functions.square, { pool: pool as never }), {
      name: "TypeError",
      message: /pool must be a WorkerPool, received/,
    });
  }
  throws(() => graphOf(functions.square, { module: 5 as never }), { name: "TypeError", message: /received 5/ });
});
