/** What kernels of one worker send each other is what would arrive by another worker: values, order, room, refusals. */

import { type AnyRingKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import { asker, collector, counter, dropping, echo, full, Number_, refusing, VALUES, Way } from "./_local_kernels.ts";

const SHARED = { worker: "shared" } as const;

Deno.test("Bodies arrive in the same worker as they do in another one, and are refused with the same words", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const kernel = await runtime.kernelScope("asker", asker, SHARED);
  await runtime.kernelScope("near", echo, SHARED);
  await runtime.kernelScope("away", echo);
  for (const name of Object.keys(VALUES)) {
    const [near, far] = await Promise.all(["near", "away"].map(async (to) => {
      const { value } = await kernel.request(Way({ step: `${to} > ${name}`, count: 0 }), PATIENTLY);
      return typeof value === "string" ? value.replaceAll(to, "KERNEL") : value;
    }));
    deepEqual(near, far, name);
  }
});

/** The numbers that have come out of the collector. */
async function collected(runtime: RingKernelRuntime, count: number): Promise<number[]> {
  const all: number[] = [];
  while (all.length < count) all.push((await runtime.receive("collector", PATIENTLY)).n);
  return all;
}

async function launch(runtime: RingKernelRuntime, definition: AnyRingKernel) {
  const book = await runtime.launch("collector", definition, SHARED);
  const kernel = await runtime.kernelScope("counter", counter, SHARED);
  return { book, kernel };
}

Deno.test("Messages within a worker keep their order within a band, and higher bands come first", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const { book, kernel } = await launch(runtime, collector);
  await kernel.request(Way({ step: "bands", count: 400 }), PATIENTLY);
  equal(book.telemetry.queueDepth, 400);
  await book.activate();
  const all = await collected(runtime, 400);
  const byBand = [3, 2, 1, 0].flatMap((band) => Array.from({ length: 100 }, (_, n) => 4 * n + band));
  deepEqual(all, byBand);
});

Deno.test('Who finds the input of a kernel of its worker full waits, by "block", in its order', async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const { book, kernel } = await launch(runtime, full);
  const done = kernel.request(Way({ step: "send", count: 200 }), PATIENTLY);
  await until(() => kernel.telemetry.waitsFor?.kernel === "collector", "it waits for room");
  equal(book.telemetry.queueDepth, 5);
  await book.send(Number_({ n: -1 }, { priority: 255 }));
  await book.activate();
  equal((await done).step, '{"sent":200}');
  deepEqual(await collected(runtime, 201), [-1, ...Array.from({ length: 200 }, (_, n) => n)]);
});

Deno.test("The program waits for room in a shared kernel in its order too, and may give up", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const book = await runtime.launch("collector", full, SHARED);
  const sent = Array.from({ length: 50 }, (_, n) => book.send(Number_({ n }), PATIENTLY));
  const controller = new AbortController();
  const outcomes = Promise.allSettled([
    book.send(Number_({ n: 50 }), { timeoutMs: 50 }),
    book.send(Number_({ n: 51 }), { signal: controller.signal }),
  ]);
  controller.abort();
  deepEqual((await outcomes).map((one) => one.status === "rejected" && one.reason.name), [
    "QueueTimeoutError",
    "AbortError",
  ]);
  await book.activate();
  await Promise.all(sent);
  deepEqual(await collected(runtime, 50), Array.from({ length: 50 }, (_, n) => n));
});

Deno.test('Full inputs of shared kernels refuse by "reject", and drop by "dropOldest", whoever sends', async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const { book, kernel } = await launch(runtime, refusing);
  equal((await kernel.request(Way({ step: "send", count: 9 }), PATIENTLY)).step, '{"sent":5,"QueueFullError":4}');
  await book.terminate();
  equal(book.telemetry.messagesLost, 5);
  const other = await runtime.launch("collector", dropping, SHARED);
  await kernel.request(Way({ step: "send", count: 9 }), PATIENTLY);
  for (const n of [9, 10]) await other.send(Number_({ n }));
  await until(() => other.telemetry.messagesDropped === 6, "six are dropped");
  await kernel.request(Way({ step: "request", count: 9 }), PATIENTLY);
  const fromProgram = Promise.allSettled(Array.from({ length: 9 }, (_, n) => other.request(Number_({ n }), PATIENTLY)));
  match(await kernel.receive(PATIENTLY).then(({ step }) => step), /"QueueFullError":9/);
  await until(() => other.telemetry.messagesDropped === 24, "those are dropped");
  await other.activate();
  equal((await fromProgram).filter(({ status }) => status === "fulfilled").length, 5);
});

Deno.test("An input of a shared kernel is full by its bytes, too, and a message that is too long is refused", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const kernel = await runtime.kernelScope("asker", asker, SHARED);
  const small = { ...echo, settings: { ...echo.settings, queueBytes: { input: 1024, output: 1024 } } };
  await runtime.kernelScope("near", small, SHARED);
  const { value } = await kernel.request(Way({ step: "near > a long text", count: 0 }), PATIENTLY);
  match(`${value}`, /at most 512 bytes, half of queueBytes of kernel "near"/);
});
