/** Several kernels that take from one input. */

import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Walk, walker } from "./_circle_kernels.ts";
import { PATIENTLY, until } from "./_helpers.ts";
import { acknowledging, Job, ledger as book, router, slowly, worker } from "./_settling_kernels.ts";

Deno.test("A pool answers each request once, by whichever member has nothing to do, and drains", async () => {
  await using runtime = new RingKernelRuntime();
  const pool = await runtime.launchPool("pool", slowly, { size: 3 });
  deepEqual(pool.members, ["pool/1", "pool/2", "pool/3"]);
  await pool.activate();
  const all = Array.from({ length: 30 }, (_, n) => n);
  const asked = all.map((n) => pool.request(Job({ n }), PATIENTLY));
  const front = await runtime.kernelScope("router", router);
  const forwarded = front.request(Job({ n: 99, deed: "pool" }), PATIENTLY) as unknown as Promise<{ n: number }>;
  deepEqual((await Promise.all(asked)).map(({ n }) => n), all);
  equal((await forwarded).n, 99);
  ok(pool.telemetry.every(({ messagesProcessed }) => messagesProcessed > 0));
  const rest = all.slice(0, 10).map((n) => pool.request(Job({ n }), PATIENTLY));
  await until(() => pool.telemetry[0].queueDepth > 0, "they are queued");
  await pool.terminate({ drain: true });
  deepEqual((await Promise.all(rest)).map(({ n }) => n), all.slice(0, 10));
  await rejects(pool.send(Job({ n: 1 })), { name: "KernelStateError" });
});

Deno.test("Of a pool, one member's death fails what it had taken; what is left when it ends fails, too", async () => {
  await using runtime = new RingKernelRuntime();
  const ledger = await import("./_settling_kernels.ts");
  await runtime.kernelScope("ledger", ledger.ledger);
  const pool = await runtime.launchPool("pool", worker, { size: 2 });
  const jobs = Array.from({ length: 20 }, (_, n) => Job({ n, deed: n === 3 ? "close" : undefined }));
  const asked = Promise.allSettled(jobs.map((job) => pool.request(job, PATIENTLY)));
  await pool.activate();
  deepEqual((await asked).flatMap(({ status }, n) => status === "rejected" ? [n] : []), [3]);
  await pool.deactivate(PATIENTLY);
  const left = rejects(pool.request(Job({ n: 1 })), { name: "KernelStateError" });
  await pool.terminate();
  await left;
  await pool.ended;
});

Deno.test("A pool's ids are taken while it lives, and its size counts among maxKernels", async () => {
  await using runtime = new RingKernelRuntime({ maxKernels: 2 });
  await rejects(runtime.launchPool("pool", slowly, { size: 3 }), { name: "RangeError", message: /maxKernels/ });
  await rejects(runtime.launchPool("pool", slowly, { size: 0 }), { name: "RangeError" });
  deepEqual(runtime.kernels, []);
  const pool = await runtime.launchPool("pool", acknowledging, { size: 2 });
  await rejects(runtime.launch("pool", slowly), { name: "KernelExistsError" });
  await pool.activate();
  equal((await pool.request(Job({ n: 1, deed: "close 2" }), PATIENTLY)).attempt, 3);
});

Deno.test("A kernel that has asked a pool of shared kernels answers the members, whose worker it knows by the pool alone", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const kernel = await runtime.kernelScope("a", walker);
  const pool = await runtime.launchPool("pool", walker, { size: 2, worker: "shared" });
  await pool.activate();
  deepEqual((await pool.request(Walk({ way: ["a", "pool"], timeoutMs: 5000 }), PATIENTLY)).errors, []);
  equal(kernel.telemetry.errors, 0);
});

for (const deed of ["close", "exit"]) {
  Deno.test(`Of a pool of shared kernels, a worker that ends by "${deed}" fails what its members had taken`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    await runtime.kernelScope("ledger", book);
    const pool = await runtime.launchPool("pool", worker, { size: 2, worker: "shared" });
    await pool.activate();
    const jobs = Array.from({ length: 20 }, (_, n) => Job({ n, deed: n === 3 || n === 11 ? deed : undefined }));
    const outcomes = await Promise.allSettled(jobs.map((job) => pool.request(job, PATIENTLY)));
    const failed = outcomes.flatMap((outcome, n) => outcome.status === "rejected" ? [{ n, ...named(outcome) }] : []);
    deepEqual(new Set(failed.map(({ name }) => name)), new Set(["KernelError"]));
    for (const n of [3, 11]) ok(failed.some((one) => one.n === n));
    ok(failed.length <= 4, "the other member had one message in hand");
  });
}

function named({ reason }: PromiseRejectedResult): { name: string } {
  return { name: (reason as Error).name };
}
