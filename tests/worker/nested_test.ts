/** Workers that a worker has started end with it. */

import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { WorkerPool } from "@ringmill/ringmill/graph";
import { equal, rejects } from "node:assert/strict";
import { leavePipeline, leaves, pipelineOf, Text } from "./_unclosed.ts";
import { cannotCount, countLeft, workersOf } from "./_worker_threads.ts";

const UNCLOSED = new URL("./_unclosed.ts", import.meta.url).href;

async function askLeaves(options: { worker?: "shared" }): Promise<void> {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  await runtime.launch("leaves", leaves, options);
  await runtime.activate("leaves");
  await runtime.send("leaves", Text({ text: "now" }));
  await runtime.receive("leaves", { timeoutMs: 20_000 });
}

/** Each leaves a pipeline behind in a worker, which is ended then. */
const NESTED: Readonly<Record<string, () => Promise<unknown>>> = {
  "a function of a pool": async () => {
    await using pool = new WorkerPool({ name: "leaves", workers: 1 });
    await pool.run({ module: UNCLOSED, exportName: "leaveUnclosed" }, []);
  },
  "a function of a pool that goes on when it is cancelled": async () => {
    const pool = new WorkerPool({ name: "leaves", workers: 1 });
    const call = pool.run({ module: UNCLOSED, exportName: "leaveAndWait" }, [], { signal: AbortSignal.timeout(2000) });
    await rejects(call, { name: "TimeoutError" });
    await rejects(pool[Symbol.asyncDispose](), { name: "TaskError" });
  },
  "a kernel": () => askLeaves({}),
  "a shared kernel": () => askLeaves({ worker: "shared" }),
  "a task": () => pipelineOf(leavePipeline).run(),
};

for (const [who, work] of Object.entries(NESTED)) {
  Deno.test({
    name: `A pipeline that ${who} has left behind ends with its worker`,
    ignore: cannotCount,
    sanitizeOps: false,
    async fn() {
      const before = workersOf(Deno.pid);
      await work();
      equal(await countLeft(Deno.pid, (thread) => !before.includes(thread)), 0);
    },
  });
}
