/** Waits for room in queues that are full, and for kernels that have to be found first. */

import { type KernelPlace, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { asker, forgetful, measurer, narrow, stranger, Text } from "./_crowded_kernels.ts";
import { PATIENTLY, until } from "./_helpers.ts";

const PLACES: readonly KernelPlace[] = ["dedicated", "shared"];
const URGENT = { priority: 255 };

for (const worker of PLACES) {
  Deno.test(`Senders wait for room for long messages, and nothing else waits for them (${worker})`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    const kernel = await runtime.kernelScope("measurer", measurer, { worker });
    const text = "x".repeat(15_000);
    const lengths = await Promise.all(Array.from({ length: 9 }, () => kernel.request(Text({ text }), PATIENTLY)));
    deepEqual(new Set(lengths.map(({ n }) => n)), new Set([15_000]));
    const front = await runtime.kernelScope("asker", asker, { worker });
    equal((await front.request(Text({ text, many: 9 }), PATIENTLY)).n, 9);
  });

  Deno.test(`An urgent message does not wait behind others that wait for room (${worker})`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    const kernel = await runtime.launch("narrow", narrow, { worker });
    const sent = Array.from({ length: 5 }, (_, n) => kernel.send(Text({ text: `${n}` }), PATIENTLY));
    await kernel.send(Text({ text: "urgent" }, URGENT), { timeoutMs: 1000 });
    await kernel.activate();
    const texts = [];
    for (let n = 0; n < 6; n++) texts.push((await kernel.receive(PATIENTLY)).text);
    await Promise.all(sent);
    deepEqual(texts, ["urgent", "0", "1", "2", "3", "4"]);
  });

  Deno.test(`"dropOldest" drops no urgent message for which there is room (${worker})`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    const kernel = await runtime.launch("forgetful", forgetful, { worker });
    for (let n = 0; n < 4; n++) await kernel.send(Text({ text: `${n}` }));
    for (let n = 0; n < 6; n++) await kernel.send(Text({ text: `urgent ${n}` }, URGENT));
    for (let n = 4; n < 6; n++) await kernel.send(Text({ text: `${n}` }));
    await kernel.activate();
    await until(() => kernel.telemetry.queueDepth === 0, "all are taken");
    const urgent = [];
    for (let n = 0; n < 6; n++) urgent.push((await kernel.receive(PATIENTLY)).text);
    deepEqual(urgent, Array.from({ length: 6 }, (_, n) => `urgent ${n}`));
  });

  for (const use of ["send", "request", "receive", "receiveAny", "signal"]) {
    Deno.test(`To find a kernel takes no longer than a ${use} may take (${worker})`, async () => {
      await using runtime = new RingKernelRuntime({ workers: 1 });
      await runtime.launch("quiet", narrow);
      const kernel = await runtime.kernelScope("stranger", stranger, { worker });
      const asked = kernel.request(Text({ text: use }), PATIENTLY);
      // Only the program knows where kernels are, and it is busy. (A send has room, and needs no longer than the finding.)
      await new Promise((resolve) => setTimeout(resolve, 20));
      const until = performance.now() + 1500;
      while (performance.now() < until);
      const { n, text } = await asked;
      equal(text, use === "signal" ? "TimeoutError" : "QueueTimeoutError");
      ok(n < 1200, `it took ${n} ms`);
    });
  }
}

Deno.test("Of a pool whose member has ended the others go on", async () => {
  await using runtime = new RingKernelRuntime();
  const pool = await runtime.launchPool("pool", measurer, { size: 3, worker: "shared" });
  await pool.activate();
  await runtime.terminate("pool/1");
  await pool.deactivate(PATIENTLY);
  deepEqual(pool.members.map((id) => runtime.stateOf(id)), ["terminated", "deactivated", "deactivated"]);
  await pool.reactivate();
  equal((await pool.request(Text({ text: "abc" }), PATIENTLY)).n, 3);
  await runtime.terminate("pool");
  await rejects(pool.reactivate(), { name: "KernelStateError", message: /"pool\/1".* terminated/ });
});

Deno.test("A pool that has ended is forgotten with its kernels; what only kernels have says that it is a pool", async () => {
  await using runtime = new RingKernelRuntime();
  const pool = await runtime.launchPool("pool", measurer, { size: 2, worker: "shared" });
  const isPool = { name: "KernelNotFoundError", message: /it is a pool, of kernels "pool\/1", "pool\/2"$/ };
  for (const tell of [() => runtime.stateOf("pool"), () => runtime.getTelemetry("pool")]) {
    throws(tell, isPool);
  }
  throws(() => runtime.forget("pool"), {
    name: "KernelStateError",
    message: /"pool\/1": it has not ended/,
  });
  await runtime.terminate("pool/1");
  runtime.forget("pool/1");
  throws(() => runtime.forget("pool"), {
    name: "KernelStateError",
    message: /"pool\/2": it has not ended/,
  });
  await pool.terminate();
  runtime.forget("pool");
  deepEqual(runtime.kernels, []);
  await rejects(runtime.send("pool", Text({ text: "" })), { name: "KernelNotFoundError" });
});

Deno.test("Who waits for a dead letter hears that the runtime is shut down", async () => {
  const runtime = new RingKernelRuntime();
  const waiting = rejects(runtime.deadLetters.receive(), { name: "StoppedError" });
  await runtime.shutdown();
  await waiting;
  await rejects(runtime.deadLetters.receive(), { name: "StoppedError" });
});
