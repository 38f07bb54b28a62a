import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, ok } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import { Order, stubborn } from "./_faulty_kernels.ts";
import { Anything, echo } from "./_kernels.ts";

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
