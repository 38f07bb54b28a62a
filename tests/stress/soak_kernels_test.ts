/** The short form of `deno task soak` for kernels. */

import { equal, ok } from "node:assert/strict";
import { soakLives } from "./_life_soak.ts";
import { soakMessages } from "./_message_soak.ts";

Deno.test("Kernels lose, double and reorder no message, however often their queues are full", async () => {
  const report = await soakMessages({ seed: 7, messages: 40_000, minutes: 5, perRuntime: 10_000 });
  ok(report.messages >= 40_000 && report.runtimes === 4);
});

Deno.test("Kernels that are launched, paused, asked, made to fail and ended at random leave nothing hanging", async () => {
  const { deeds, outcomes } = await soakLives({ seed: 3, deeds: 480, minutes: 5 });
  equal(deeds, Object.values(outcomes).reduce((sum, count) => sum + count));
  for (const outcome of ["ask: done", "terminate: done"]) {
    ok(outcomes[outcome] > 0, `nothing came to the outcome "${outcome}"`);
  }
});
