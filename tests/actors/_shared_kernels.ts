/** Kernels that share workers. Each worker imports this module. */

import { message, reply, ringKernel } from "@ringmill/ringmill/actors";
import { Done, endBy, Job } from "./_settling_kernels.ts";

const module = import.meta;
const restart = { backoffMs: 1, maxBackoffMs: 4, limit: Infinity } as const;

/** The variable of the environment, which all threads share, that ends the deed "compute". */
export const COMPUTED = "RINGMILL_TEST_COMPUTED";

/** How many have begun in this worker. */
let begun = 0;

export const Where = message("Where").of<{ begun: number }>();

/** Answers with what it has processed. */
export const small = ringKernel(
  { id: "small", module, input: Job, output: Done, worker: "shared", queueSize: 16, queueBytes: 1024, restart },
  async (ctx) => {
    begun++;
    let attempt = 0;
    for await (const job of ctx) {
      if (job.deed === "where") {
        await ctx.send(reply(job, Done({ n: begun, attempt: 0 })));
        continue;
      }
      for (const until = performance.now() + 15_000; job.deed === "compute" && performance.now() < until;) {
        if (Deno.env.has(COMPUTED)) break;
      }
      if (job.deed === "forge") (globalThis as unknown as Worker).postMessage({ ringmill: "nothing of ours" });
      if (job.deed === "forge") await new Promise(() => {});
      await endBy(job.deed ?? "");
      await ctx.send(reply(job, Done({ n: job.n, attempt: ++attempt })));
    }
  },
);

/** Passes a job on to the next in a ring, until it has gone round often enough. */
export const hop = ringKernel(
  { id: "hop", module, input: Job, output: Done, worker: "shared", params: { next: "" } },
  async (ctx) => {
    for await (const { n, deed } of ctx) {
      if (n > 0) await ctx.runtime.send(ctx.params.next, Job({ n: n - 1, deed }));
      else await ctx.send(Done({ n, attempt: 1 }));
    }
  },
);
