/** Kernels that share workers: as those with workers of their own, but for module state, one thread, one heap and one exit. */

import { KernelError, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import {
  acknowledging,
  agent,
  Ask,
  Done,
  ENDINGS,
  Job,
  ledger,
  parent,
  patient,
  router,
  slowly,
  worker,
} from "./_settling_kernels.ts";
import { COMPUTED, hop, small } from "./_shared_kernels.ts";

const SHARED = { worker: "shared" } as const;

/** In the long form, 10,000 of them: `RINGMILL_LONG=1`. */
const MANY = Deno.env.get("RINGMILL_LONG") ? 10_000 : 1000;

Deno.test(`${MANY} shared kernels are launched on two workers, asked, and ended`, async () => {
  await using runtime = new RingKernelRuntime({ workers: 2, maxKernels: 2, graceMs: 60_000 });
  const ids = Array.from({ length: MANY }, (_, n) => `k${n}`);
  const kernels = await Promise.all(ids.map((id) => runtime.launch(id, small)));
  await Promise.all(kernels.map((kernel) => kernel.activate()));
  const answers = await Promise.all(kernels.map((kernel, n) => kernel.request(Job({ n }), { timeoutMs: 30_000 })));
  deepEqual(answers.map(({ n, attempt }) => [n, attempt]), ids.map((_, n) => [n, 1]));
  const { n: begun } = await kernels[0].request(Job({ n: 0, deed: "where" }), PATIENTLY);
  equal(begun, MANY / 2);
  equal(runtime.getSummary().messagesProcessed, MANY + 1);
  await rejects(runtime.launch("own", small, { worker: "dedicated" }), { name: "RangeError", message: /maxKernels/ });
  await runtime.shutdown();
  ok(kernels.every(({ state }) => state === "terminated"));
});

Deno.test("Messages go round a ring of shared kernels, and in and out of it", async () => {
  await using runtime = new RingKernelRuntime({ workers: 2 });
  const ring = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      runtime.kernelScope(`hop ${n}`, hop, {
        params: { next: `hop ${(n + 1) % 8}` },
        worker: n === 3 ? "dedicated" : "shared",
      })),
  );
  await ring[0].send(Job({ n: 803 }));
  equal((await ring[3].receive(PATIENTLY)).n, 0);
  deepEqual(runtime.links.filter(({ by }) => by === "send").length, 9);
});

for (const ending of ENDINGS) {
  Deno.test(`Of a shared kernel that ends by "${ending}" only what it had taken fails`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    const book = await runtime.kernelScope("ledger", ledger);
    const neighbour = await runtime.kernelScope("neighbour", small);
    const kernel = await runtime.launch("worker", worker, SHARED);
    const jobs = Array.from({ length: 40 }, (_, n) => Job({ n, deed: n === 0 || n === 20 ? ending : undefined }));
    const asked = Promise.allSettled(jobs.map((job) => kernel.request(job, PATIENTLY)));
    await kernel.activate();
    const outcomes = await asked;
    deepEqual(outcomes.flatMap(({ status }, n) => status === "rejected" ? [n] : []), [0, 20]);
    for (const one of outcomes) if (one.status === "rejected") ok(one.reason instanceof KernelError);
    equal((await book.request(Ask({ name: "all" }), PATIENTLY)).n, 40);
    // A neighbour lives on, if need be in another worker.
    equal((await neighbour.request(Job({ n: 7 }), PATIENTLY)).n, 7);
    equal(kernel.telemetry.restarts, 2);
  });
}

Deno.test("A shared kernel's function is called again with the module's state; its neighbours notice nothing", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const [a, b] = await Promise.all(["a", "b"].map((id) => runtime.kernelScope(id, small)));
  await b.request(Job({ n: 1 }), PATIENTLY);
  await rejects(a.request(Job({ n: 1, deed: "throw" }), PATIENTLY), KernelError);
  equal((await a.request(Job({ n: 2 }), PATIENTLY)).attempt, 1);
  equal((await a.request(Job({ n: 0, deed: "where" }), PATIENTLY)).n, 3);
  equal((await b.request(Job({ n: 2 }), PATIENTLY)).attempt, 2);
  deepEqual([a.telemetry.restarts, b.telemetry.restarts], [1, 0]);
});

Deno.test("Shared kernels drain, are quiet, forward, cancel, acknowledge, have children and form pools as others do", async () => {
  await using runtime = new RingKernelRuntime({ workers: 2 });
  const back = await runtime.kernelScope("slowly", slowly, SHARED);
  const front = await runtime.kernelScope("router", router, SHARED);
  const all = [1, 2, 3, 4, 5];
  const answers = await Promise.all(all.map((n) => front.request(Job({ n }), PATIENTLY) as Promise<never>));
  deepEqual(answers.map(({ n }) => n), all);
  const asked = all.map((n) => back.request(Job({ n }), PATIENTLY));
  await back.deactivate(PATIENTLY);
  await back.reactivate();
  await back.terminate({ drain: true });
  deepEqual((await Promise.all(asked)).map(({ n }) => n), all);

  const controller = new AbortController();
  const waiting = await runtime.kernelScope("patient", patient, SHARED);
  const cancelled = rejects(waiting.request(Job({ n: 1 }), { signal: controller.signal }), { name: "AbortError" });
  await until(() => waiting.telemetry.messagesProcessed === 1, "it is in hand");
  controller.abort();
  await cancelled;
  ok(Done.is(await waiting.receive(PATIENTLY)));

  const again = await runtime.kernelScope("acknowledging", acknowledging, SHARED);
  equal((await again.request(Job({ n: 1, deed: "throw 2" }), PATIENTLY)).attempt, 3);
  await rejects(again.request(Job({ n: 2, deed: "throw 9" }), PATIENTLY), KernelError);
  equal((await runtime.deadLetters.receive(PATIENTLY)).message?.n, 2);

  const mother = await runtime.kernelScope("parent", parent, SHARED);
  equal((await mother.request(Job({ n: 3 }), PATIENTLY) as unknown as { n: number }).n, 3);
  await mother.terminate();
  await until(() => runtime.stateOf("child") === "terminated", "the child has ended");

  const pool = await runtime.launchPool("pool", slowly, { size: 4, ...SHARED });
  await pool.activate();
  deepEqual((await Promise.all(all.map((n) => pool.request(Job({ n }), PATIENTLY)))).map(({ n }) => n), all);
});

Deno.test("The death of a shared worker fails what its kernels had taken, and each is started again in another one", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const kernels = await Promise.all(Array.from({ length: 20 }, (_, n) => runtime.kernelScope(`k${n}`, small)));
  for (const deed of ["close", "exit"]) {
    const killer = rejects(kernels[0].request(Job({ n: 0, deed }), PATIENTLY), KernelError);
    const rest = kernels.slice(1).map((kernel, n) => kernel.request(Job({ n }), PATIENTLY).catch(() => ({ n })));
    await killer;
    deepEqual((await Promise.all(rest)).map(({ n }) => n), kernels.slice(1).map((_, n) => n));
  }
  const helper = await runtime.kernelScope("agent", agent, SHARED);
  equal((await helper.request(Job({ n: 5, deed: "k3" }), PATIENTLY)).n, 5);
});

Deno.test("A shared worker that is ended without a word loses what is queued in it: that fails, and is counted", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const kernel = await runtime.launch("k", small);
  const neighbour = await runtime.kernelScope("neighbour", small);
  const asked = Array.from(
    { length: 9 },
    (_, n) => kernel.request(Job({ n, deed: n === 0 ? "forge" : "" }), PATIENTLY),
  );
  await kernel.activate();
  const outcomes = await Promise.allSettled(asked);
  const failed = outcomes.flatMap((one) => one.status === "rejected" ? [one.reason] : []);
  ok(failed.length >= 1 && failed.every((error) => error instanceof KernelError), `${failed}`);
  equal(kernel.telemetry.messagesLost, failed.length - 1);
  equal((await kernel.request(Job({ n: 3 }), PATIENTLY)).n, 3);
  equal((await neighbour.request(Job({ n: 4 }), PATIENTLY)).n, 4);
  equal(kernel.telemetry.queueDepth, 0);
  await kernel.terminate({ drain: true });
});

Deno.test("A kernel that holds up its worker is named, in its figures and in a warning", async () => {
  const warnings: string[] = [];
  const before = console.warn;
  console.warn = (text: string) => warnings.push(text);
  try {
    await using runtime = new RingKernelRuntime({ workers: 1, graceMs: 10_000 });
    const [busy, other] = await Promise.all(["busy", "other"].map((id) => runtime.kernelScope(id, small)));
    const computed = busy.request(Job({ n: 1, deed: "compute" }), PATIENTLY);
    const waited = other.request(Job({ n: 2 }), PATIENTLY);
    await until(() => busy.telemetry.holdsUpMs > 1000, "it is named");
    equal(other.telemetry.holdsUpMs, 0);
    Deno.env.set(COMPUTED, "yes");
    await computed;
    await waited;
    await until(() => busy.telemetry.holdsUpMs === 0, "it does not any more");
    deepEqual(warnings.length, 1);
    match(warnings[0], /Kernel "busy" has held up its worker for \d.* s, and 1 other .*worker: "dedicated"/);
  } finally {
    console.warn = before;
    Deno.env.delete(COMPUTED);
  }
});

Deno.test("Memory of kernels that are let go is used again: by the next, and given back with the last", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1, graceMs: 20_000 });
  const lives = async (from: number) => {
    const ids = Array.from({ length: 300 }, (_, n) => `k${from + n}`);
    const kernels = await Promise.all(ids.map((id) => runtime.kernelScope(id, small)));
    await Promise.all(kernels.map((kernel, n) => kernel.request(Job({ n }), PATIENTLY)));
    await Promise.all(kernels.map((kernel) => kernel.terminate()));
    const { messagesProcessed, state } = kernels[0].telemetry;
    for (const id of ids) runtime.forget(id);
    deepEqual([kernels[0].telemetry.messagesProcessed, kernels[0].telemetry.state], [messagesProcessed, state]);
    await rejects(kernels[0].receive({ timeoutMs: 0 }), { name: "KernelStateError" });
    await rejects(kernels[0].send(Job({ n: 1 })), { name: "KernelStateError" });
  };
  // Each round takes two memories, 40 MB or more; the collector gives those of many rounds back at once.
  let most = 0;
  let round = 0;
  do {
    await lives(300 * round++);
    most = Math.max(most, addressSpace());
  } while (most > 0 && most - addressSpace() < 100e6 && round < 60);
  equal(runtime.kernels.length, 0);
  ok(round < 60, `${round} rounds took up to ${most} bytes, and gave none back`);
});

/** Bytes of address space of this process; 0 where that is not told. */
function addressSpace(): number {
  if (Deno.build.os !== "linux") return 0;
  return Number(/VmSize:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))![1]) * 1024;
}

Deno.test("A kernel whose messages do not fit into the inbox of a worker cannot share one", async () => {
  await using runtime = new RingKernelRuntime();
  const long = { ...slowly, settings: { ...slowly.settings, queueBytes: { input: 2 ** 22, output: 1024 } } };
  const refusal = { name: "RangeError", message: /kernel "k": queueBytes .* at most 2097152, received 4194304/ };
  await rejects(runtime.launch("k", long, SHARED), refusal);
});

Deno.test("queueBytes that are not given are those of the worker that a kernel is launched in", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const long = Job({ n: 1, text: "x".repeat(20_000) } as never);
  const kernels = [
    await runtime.kernelScope("shared", slowly, SHARED),
    await runtime.kernelScope("dedicated", slowly, { worker: "dedicated" }),
    await runtime.kernelScope("given", {
      ...slowly,
      settings: { ...slowly.settings, hasDefaultBytes: { input: false, output: false } },
    }, SHARED),
  ];
  await rejects(kernels[0].send(long), { name: "MessageError", message: /at most 16384 bytes, half of queueBytes/ });
  await kernels[1].send(long);
  await kernels[2].send(long);
});

Deno.test("Permissions need a worker of their own", async () => {
  await using runtime = new RingKernelRuntime();
  const limited = { ...slowly, settings: { ...slowly.settings, permissions: "none" as const } };
  await rejects(runtime.launch("k", limited, SHARED), { name: "TypeError", message: /permissions need a worker/ });
});
