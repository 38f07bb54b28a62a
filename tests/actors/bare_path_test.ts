/** Between two kernels with workers of their own, questions and answers take no timer and no posted message. */

import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, ok } from "node:assert/strict";
import { answerer, asker, type Counted, Round } from "./_counting_kernels.ts";
import { PATIENTLY } from "./_helpers.ts";

const TIMES = 200;

async function ask(isCostly: boolean): Promise<{ asker: Counted; answerer: Counted }> {
  await using runtime = new RingKernelRuntime();
  await runtime.kernelScope("answerer", answerer);
  await runtime.kernelScope("asker", asker);
  const { asker: one, answerer: other } = await runtime.request("asker", Round({ times: TIMES, isCostly }), PATIENTLY);
  return { asker: one, answerer: other };
}

Deno.test("KernelContext.runtime.request() and its answer take no timer and no postMessage", async () => {
  const { asker, answerer } = await ask(false);
  deepEqual({ asker, answerer }, { asker: { timers: 0, posts: 0 }, answerer: { timers: 0, posts: 0 } });
});

Deno.test("A timer on that path would be counted", async () => {
  const { answerer } = await ask(true);
  ok(answerer.timers >= TIMES, `${answerer.timers} timers`);
});
