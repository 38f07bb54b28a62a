/** The short form of `deno task soak` for pipelines and queues. */

import { Pipeline } from "@ringmill/ringmill";
import { deepEqual, ok } from "node:assert/strict";
import { failsAlways, numbers } from "../pipeline/_crashing_tasks.ts";
import { findGrowth, footprint, settledFootprint } from "./_footprint.ts";
import { planPipeline } from "./_plan.ts";
import { soakQueues } from "./_queue_soak.ts";
import { soakRestarts } from "./_restart_soak.ts";
import { soak } from "./_soak.ts";

/** What a program holds is told by /proc. */
const ignore = Deno.build.os !== "linux";

const name = "Random pipelines lose, double, reorder and tear no frame, however they end, and leave nothing behind";

Deno.test(name, { ignore }, async () => {
  // Of this seed's pipelines some are stopped and some closed, and three have a source that crashes.
  const report = await soak({ seed: 35, frames: Infinity, minutes: 5, pipelines: 2, rounds: 12, scale: 0.01 });
  for (const [ending, times] of Object.entries(report.endings)) {
    ok(times > 0, `no pipeline came to the ending "${ending}"`);
  }
  ok(report.frames > 100_000 && report.activations > 0);
  deepEqual(findGrowth(report.rests, 64e6), []);
});

Deno.test("Random queues lose, double, reorder and tear no record, though threads die beside them", async () => {
  const report = await soakQueues({ seed: 5, records: 100_000, minutes: 5, perQueue: 20_000 });
  ok(report.records >= 100_000 && report.queues >= 5);
});

Deno.test("Lines whose tasks crash at random lose nothing, and double what was written and not consumed, no more", async () => {
  const report = await soakRestarts({ seed: 3, frames: 4500, minutes: 5, perLine: 1500, crashes: 2 });
  ok(report.crashes > 5 && report.lines === 3, JSON.stringify(report));
});

Deno.test(
  "A task that is started again and again leaves no thread, no file and no memory behind",
  { ignore },
  async () => {
    const restarts = Number(Deno.env.get("RINGMILL_RESTARTS") ?? 20);
    const run = async (frames: number) => {
      await using pipe = new Pipeline("restarts", new URL("../pipeline/_crashing_tasks.ts", import.meta.url));
      const samples = pipe.addStream("samples", { shape: [1], dtype: "float64" });
      pipe.addTask("numbers", { fn: numbers, writes: { samples }, params: { frames } });
      const restart = { backoffMs: 0, limit: Infinity, onFailedFrame: "skip" } as const;
      pipe.addTask("fails", { fn: failsAlways, reads: { samples }, restart });
      await pipe.compile();
      pipe.startMonitor({ intervalMs: 100 });
      await pipe.run();
      deepEqual(pipe.metrics("fails").restarts, frames);
    };
    await run(5);
    const before = await settledFootprint(footprint());
    await run(restarts);
    const after = await settledFootprint(before);
    // A worker that was not let go would be some 7 MB and a thread.
    ok(after.threads <= before.threads + 2, `${before.threads} threads, then ${after.threads}`);
    ok(after.files <= before.files + 2, `${before.files} files, then ${after.files}`);
    ok(after.rss < before.rss + 100e6, `${before.rss} bytes, then ${after.rss}`);
  },
);

Deno.test("planPipeline() plans the same for the same seed", () => {
  for (let index = 0; index < 20; index++) deepEqual(planPipeline(5, index, 1), planPipeline(5, index, 1));
  ok(JSON.stringify(planPipeline(5, 0, 1)) !== JSON.stringify(planPipeline(6, 0, 1)));
});
