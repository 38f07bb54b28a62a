import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import { Order, stubborn } from "./_faulty_kernels.ts";
import { Anything, echo } from "./_kernels.ts";
import { Job, ledger, workerInPlace } from "./_settling_kernels.ts";

Deno.test("RingKernelRuntime.getTelemetry() counts what a kernel takes, sends and holds", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("echo", echo);
  for (let value = 0; value < 5; value++) await kernel.send(Anything({ value }));
  const before = runtime.getTelemetry("echo");
  deepEqual(
    [before.state, before.messagesProcessed, before.queueDepth, before.throughput, before.queueSize],
    ["launched", 0, 5, 0, 4096],
  );
  await kernel.activate();
  await until(() => kernel.telemetry.outputDepth === 5, "all are sent");
  const after = runtime.getTelemetry("echo");
  deepEqual(
    [after.messagesProcessed, after.messagesSent, after.queueDepth, after.messagesDropped, after.errors],
    [5, 5, 0, 0, 0],
  );
  ok(after.throughput > 0 && after.uptimeMs > before.uptimeMs);
  deepEqual([after.lastError, after.restarts, after.latencyMs, after.processingMs], [null, 0, null, null]);
});

Deno.test("RingKernelRuntime tells latencies and times of processing where it was made with telemetry", async () => {
  await using runtime = new RingKernelRuntime({ telemetry: true });
  const kernel = await runtime.launch("echo", echo);
  await kernel.send(Anything({ value: 1 }));
  await new Promise((resolve) => setTimeout(resolve, 30));
  await kernel.activate();
  for (let value = 0; value < 99; value++) await kernel.request(Anything({ value }), PATIENTLY);
  // The time of the last one is over when the next is asked for.
  await until(() => kernel.telemetry.processingMs!.count === 100, "all are processed");
  const { latencyMs, processingMs } = kernel.telemetry;
  equal(latencyMs!.count, 100);
  ok(latencyMs!.max >= 29, `the first waited for ${latencyMs!.max} ms`);
  for (const { min, p50, mean, p99, max } of [latencyMs!, processingMs!]) {
    ok(0 <= min && min <= p50 && p50 <= p99 && p99 <= max && min <= mean && mean <= max);
  }
});

Deno.test("A kernel's figures are true while its thread is busy", async () => {
  await using runtime = new RingKernelRuntime();
  const isOver = new SharedArrayBuffer(4);
  const kernel = await runtime.kernelScope("busy", stubborn, { params: isOver });
  for (let count = 0; count < 4; count++) await kernel.send(Order({ deed: "wait" }));
  await until(() => kernel.telemetry.messagesProcessed === 1, "it is busy");
  equal(runtime.getTelemetry("busy").queueDepth, 3);
  Atomics.store(new Int32Array(isOver), 0, 1);
});

Deno.test("RingKernelRuntime.getAllTelemetry() and getSummary() tell of all kernels", async () => {
  await using runtime = new RingKernelRuntime();
  const first = await runtime.kernelScope("first", echo);
  const second = await runtime.launch("second", echo);
  for (let value = 0; value < 3; value++) await first.request(Anything({ value }), PATIENTLY);
  await second.send(Anything({ value: 1 }));
  const all = runtime.getAllTelemetry();
  deepEqual(Object.keys(all), ["first", "second"]);
  equal(all.first.messagesProcessed, 3);
  const { kernels, messagesProcessed, queueDepth, errors, uptimeMs, throughput } = runtime.getSummary();
  deepEqual([kernels.active, kernels.launched, kernels.terminated], [1, 1, 0]);
  deepEqual([messagesProcessed, queueDepth, errors], [3, 1, 0]);
  ok(uptimeMs > 0 && throughput > 0);
  await first.terminate();
  const ended = first.telemetry;
  await new Promise((resolve) => setTimeout(resolve, 10));
  deepEqual([first.telemetry.uptimeMs, first.telemetry.throughput], [ended.uptimeMs, ended.throughput]);
});

for (const worker of ["dedicated", "shared"] as const) {
  Deno.test(`RingKernelRuntime.resetTelemetry() has counts and times begin anew, of one kernel or of all (${worker})`, async () => {
    await using runtime = new RingKernelRuntime({ telemetry: true });
    const kernel = await runtime.kernelScope("k", workerInPlace, { worker });
    await runtime.kernelScope("ledger", ledger, { worker });
    for (const deed of ["", "throw", ""]) {
      await kernel.request(Job({ n: 1, deed }), PATIENTLY).catch(() => {});
    }
    await until(() => kernel.telemetry.processingMs!.count === 3, "all are processed");
    const before = kernel.telemetry;
    deepEqual([before.messagesProcessed, before.errors, before.latencyMs!.count], [3, 1, 3]);
    equal(before.lastError?.kernel, "k");
    runtime.resetTelemetry("k");
    const { messagesProcessed, errors, lastError, latencyMs, processingMs, throughput, state } = kernel.telemetry;
    deepEqual([messagesProcessed, errors, lastError, throughput, state], [0, 0, null, 0, "active"]);
    const NONE = { count: 0, min: 0, mean: 0, max: 0, p50: 0, p99: 0 };
    deepEqual([latencyMs, processingMs], [NONE, NONE]);
    ok(kernel.telemetry.uptimeMs >= before.uptimeMs);
    await until(() => runtime.getTelemetry("ledger").messagesProcessed === 3, "the other one's figures stay");
    await kernel.request(Job({ n: 2 }), PATIENTLY);
    deepEqual([kernel.telemetry.messagesProcessed, kernel.telemetry.latencyMs!.count], [1, 1]);
    await until(() => runtime.getTelemetry("ledger").messagesProcessed === 4, "all is quiet");
    runtime.resetTelemetry();
    deepEqual(Object.values(runtime.getAllTelemetry()).map((one) => one.messagesProcessed), [0, 0]);
    equal(runtime.getSummary().messagesProcessed, 0);
    throws(() => runtime.resetTelemetry("nobody"), { name: "KernelNotFoundError", message: /reset the figures of/ });
  });

  Deno.test(`An input and an output have sizes of their own (${worker})`, async () => {
    await using runtime = new RingKernelRuntime();
    const definition = { ...echo, settings: { ...echo.settings, queueSize: { input: 3, output: 2 } } };
    const kernel = await runtime.launch("k", definition, { worker });
    deepEqual([kernel.telemetry.queueSize, kernel.telemetry.outputSize], [3, 2]);
    for (let value = 0; value < 3; value++) await kernel.send(Anything({ value }));
    await rejects(kernel.send(Anything({ value: 3 }), { timeoutMs: 5 }), { name: "QueueTimeoutError" });
    await kernel.activate();
    await until(() => kernel.telemetry.waitsFor?.kind === "room", "its output is full");
    deepEqual([kernel.telemetry.queueDepth, kernel.telemetry.outputDepth], [0, 2]);
    for (let value = 0; value < 3; value++) equal((await kernel.receive(PATIENTLY)).value, value);
  });
}

Deno.test("The active kernels are those of that state, and are counted in the summary", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  for (const id of ["a", "b", "c"]) await runtime.kernelScope(id, echo, { worker: "shared" });
  await runtime.deactivate("b");
  await runtime.terminate("c");
  const active = runtime.kernels.filter((id) => runtime.stateOf(id) === "active");
  deepEqual([active, runtime.getSummary().kernels.active], [["a"], 1]);
  await runtime.shutdown();
  deepEqual([runtime.getSummary().kernels.active, runtime.getSummary().kernels.terminated], [0, 3]);
});

Deno.test("getSummary() counts what is left in the inputs of kernels that have ended", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", echo);
  for (let value = 0; value < 3; value++) await kernel.send(Anything({ value }));
  equal(runtime.getSummary().messagesLost, 0);
  await kernel.terminate();
  equal(runtime.getSummary().messagesLost, 3);
});
