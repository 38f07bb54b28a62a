/** What programs build with kernels: cancellation, forwarding, draining, acknowledgement, children, several outputs. */

import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import { hanging } from "./_hanging_kernel.ts";
import { echo } from "./_kernels.ts";
import {
  acknowledging,
  acknowledgingInPlace,
  Ask,
  circular,
  Done,
  Job,
  newest,
  parent,
  patient,
  restarted,
  restartedInPlace,
  router,
  slowly,
} from "./_settling_kernels.ts";

Deno.test("A signal takes a send, a receive or a request back, and nothing is lost", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", slowly);
  const aborted = AbortSignal.abort(new RangeError("before"));
  for (const call of [kernel.send(Job({ n: 1 }), { signal: aborted }), kernel.receive({ signal: aborted })]) {
    await rejects(call, { message: "before" });
  }
  for (let n = 0; n < 10; n++) await kernel.send(Job({ n }));
  const controller = new AbortController();
  const waiting = [
    kernel.send(Job({ n: 10 }), { signal: controller.signal }),
    kernel.receive({ signal: controller.signal }),
    kernel.request(Job({ n: 11 }), { signal: controller.signal }),
  ].map((call) => rejects(call, { message: "meanwhile" }));
  controller.abort(new RangeError("meanwhile"));
  await Promise.all(waiting);
  equal(kernel.telemetry.queueDepth, 10);
  await kernel.activate();
  for (let n = 0; n < 10; n++) equal((await kernel.receive(PATIENTLY)).n, n);
});

Deno.test("A request that is cancelled is left out of the queue, and its signal aborts in the kernel that works on it", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", patient);
  const controller = new AbortController();
  const { signal } = controller;
  const first = rejects(kernel.request(Job({ n: 1 }), { signal }), { name: "AbortError" });
  const other = new AbortController();
  const second = rejects(kernel.request(Job({ n: 2 }), { signal: other.signal }), { name: "AbortError" });
  await until(() => kernel.telemetry.messagesProcessed === 1, "the first is in hand");
  other.abort();
  controller.abort();
  await Promise.all([first, second]);
  deepEqual({ ...await kernel.receive(PATIENTLY) }, { n: 1, attempt: 1 });
  await until(() => kernel.telemetry.messagesExpired === 1, "the second is left out");
  // By its time-out, too.
  await rejects(kernel.request(Job({ n: 3 }), { timeoutMs: 30 }), { name: "QueueTimeoutError" });
  deepEqual({ ...await kernel.receive(PATIENTLY) }, { n: 3, attempt: 1 });
});

Deno.test("A forwarded request is answered, failed and cancelled by the kernel that it was handed on to", async () => {
  await using runtime = new RingKernelRuntime();
  const front = await runtime.kernelScope("router", router);
  const back = await runtime.kernelScope("slowly", slowly);
  const answers = await Promise.all([1, 2, 3].map((n) => front.request(Job({ n }), PATIENTLY) as Promise<never>));
  deepEqual(answers.map(({ n }) => n), [1, 2, 3]);
  equal(front.telemetry.messagesSent, 0);
  const worker = await runtime.kernelScope("patient", patient);
  const controller = new AbortController();
  const asked = front.request(Job({ n: 4, deed: "patient" }), { signal: controller.signal });
  await until(() => worker.telemetry.messagesProcessed === 1, "it is in hand");
  controller.abort(new RangeError("enough"));
  await rejects(asked, { message: "enough" });
  deepEqual({ ...await worker.receive(PATIENTLY) }, { n: 4, attempt: 1 });
  await back.deactivate();
  const failing = rejects(front.request(Job({ n: 5 }), PATIENTLY), { name: "KernelStateError", message: /"slowly"/ });
  await until(() => back.telemetry.queueDepth === 1, "it is queued");
  await front.terminate();
  await back.terminate();
  await failing;
});

Deno.test("terminate({ drain: true }) has the kernel process what is queued, and takes nothing new", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", slowly);
  const asked = Array.from({ length: 8 }, (_, n) => kernel.request(Job({ n }), PATIENTLY) as Promise<never>);
  await until(() => kernel.telemetry.queueDepth > 0, "they are queued");
  const ended = kernel.terminate({ drain: true });
  await rejects(kernel.send(Job({ n: 9 })), { name: "KernelStateError" });
  await ended;
  deepEqual((await Promise.all(asked)).map(({ n }) => n), [0, 1, 2, 3, 4, 5, 6, 7]);
  deepEqual([kernel.state, await kernel.ended, kernel.telemetry.messagesLost], ["terminated", null, 0]);
});

Deno.test("A drain that takes too long becomes a termination; a kernel that is not active yet just ends", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", slowly);
  for (let n = 0; n < 10; n++) await kernel.send(Job({ n }));
  await kernel.terminate({ drain: true, timeoutMs: 30 });
  ok(kernel.telemetry.messagesLost > 0);
  const other = await runtime.launch("other", slowly);
  await other.send(Job({ n: 1 }));
  await other.terminate({ drain: true });
  equal(other.telemetry.messagesLost, 1);
  const paused = await runtime.kernelScope("paused", slowly);
  await paused.deactivate();
  await paused.send(Job({ n: 1 }));
  await paused.terminate({ drain: true });
  equal((await paused.receive(PATIENTLY)).n, 1);
});

for (const worker of ["dedicated", "shared"] as const) {
  Deno.test(`deactivate() resolves right after activate(), before the kernel has seen either (${worker})`, async () => {
    await using runtime = new RingKernelRuntime({ workers: 1 });
    for (let round = 0; round < 10; round++) {
      const kernel = await runtime.launch(`k${round % 2}`, slowly, { worker });
      await kernel.activate();
      await kernel.deactivate(PATIENTLY);
      await kernel.reactivate();
      await kernel.deactivate(PATIENTLY);
      await kernel.terminate();
    }
  });
}

Deno.test("deactivate() resolves when the message in hand is done", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", slowly);
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 5; n++) await kernel.send(Job({ n }));
    await kernel.deactivate();
    const { messagesProcessed, messagesSent, queueDepth } = kernel.telemetry;
    equal(messagesProcessed, messagesSent);
    await new Promise((resolve) => setTimeout(resolve, 30));
    equal(kernel.telemetry.queueDepth, queueDepth);
    await kernel.reactivate();
    while (kernel.telemetry.queueDepth > 0) await kernel.receive(PATIENTLY);
  }
  const busy = await runtime.kernelScope("busy", patient);
  const asked = busy.request(Job({ n: 1 }), PATIENTLY);
  await until(() => busy.telemetry.messagesProcessed === 1, "it is in hand");
  await rejects(busy.deactivate({ timeoutMs: 20 }), {
    name: "QueueTimeoutError",
    message: /a message in hand for 20 ms/,
  });
  equal(busy.state, "deactivated");
  await busy.terminate();
  await rejects(asked, { name: "KernelStateError" });
});

Deno.test("deactivate() goes on waiting for the message in hand if the kernel was active again meanwhile", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", patient);
  const controller = new AbortController();
  const asked = rejects(kernel.request(Job({ n: 1 }), { signal: controller.signal }), { name: "AbortError" });
  await until(() => kernel.telemetry.messagesProcessed === 1, "it is in hand");
  const first = kernel.deactivate();
  await kernel.reactivate();
  const second = kernel.deactivate();
  const both = Promise.all([first, second]);
  both.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 150));
  controller.abort();
  await Promise.all([both, asked]);
  equal(kernel.telemetry.messagesSent, 1);
});

for (const definition of [acknowledging, acknowledgingInPlace]) {
  for (const ending of ["throw", "close", "exit"]) {
    Deno.test(`A message is received again until it is done, or dead: ${ending}, ${definition.id}`, async () => {
      await using runtime = new RingKernelRuntime();
      const kernel = await runtime.launch("k", definition);
      const asked = [
        Job({ n: 0, deed: `${ending} 2` }),
        Job({ n: 1 }),
        Job({ n: 2, deed: `${ending} 9` }),
        Job({ n: 3 }),
      ]
        .map((job) => kernel.request(job, PATIENTLY) as Promise<never>);
      const rest = Promise.allSettled(asked);
      await kernel.activate();
      const [first, second, third, fourth] = await rest as PromiseSettledResult<{ n: number; attempt: number }>[];
      const valueOf = (one: typeof first) => one.status === "fulfilled" ? [one.value.n, one.value.attempt] : one.reason;
      deepEqual([valueOf(first), valueOf(second), valueOf(fourth)], [[0, 3], [1, 1], [3, 1]]);
      equal(third.status, "rejected");
      match(`${valueOf(third)}`, /^KernelError: Kernel "k" failed: it failed on a message 3 times, the last time: it /);
      const letter = await runtime.deadLetters.receive(PATIENTLY);
      deepEqual([letter.kernel, letter.message?.n, letter.attempts, kernel.telemetry.deadLetters], ["k", 2, 3, 1]);
      ok(letter.error);
      await rejects(runtime.deadLetters.receive({ timeoutMs: 5 }), { name: "QueueTimeoutError" });
    });
  }
}

Deno.test("A kernel launches, asks and ends a child; children end with the worker that has launched them", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("parent", parent);
  deepEqual({ ...await kernel.request(Job({ n: 7 }), PATIENTLY) }, { n: 7, attempt: 1 });
  equal(runtime.stateOf("child"), "active");
  await kernel.send(Job({ n: 0, deed: "end it" }));
  equal((await kernel.receive(PATIENTLY)).n, 1);
  equal(runtime.stateOf("child"), "terminated");
  await kernel.terminate();
  const again = await runtime.kernelScope("parent", parent);
  equal((await again.request(Job({ n: 8 }), PATIENTLY)).n, 8);
  await again.terminate();
  await until(() => runtime.stateOf("child") === "terminated", "the child has ended");
  runtime.forget("child");
  deepEqual(runtime.kernels, ["parent"]);
});

for (const worker of ["dedicated", "shared"] as const) {
  Deno.test(`Children end with the call that has launched them, however it ends: ${worker}`, async () => {
    for (const kernel of [parent, restarted, restartedInPlace]) {
      await using runtime = new RingKernelRuntime({ workers: 2 });
      const started = await runtime.kernelScope("mother", kernel, { worker });
      for (const [n, deed] of ["throw", "close", "exit", "throw"].entries()) {
        equal((await started.request(Job({ n }), PATIENTLY)).n, n);
        const failed = await started.request(Job({ n, deed }), PATIENTLY).then(() => null, (error) => error);
        ok(failed, `${kernel.id} ${deed}`);
      }
      // The next call launches a child of the same name: it was not refused once.
      equal((await started.request(Job({ n: 9 }), PATIENTLY)).n, 9);
      equal(runtime.stateOf("child"), "active");
      doesNotMatch(`${started.telemetry.lastError}`, /KernelExistsError/);
    }
  });
}

Deno.test("receiveAny() takes from whichever kernel has something, from each in its turn, and loses nothing", async () => {
  await using runtime = new RingKernelRuntime();
  const [a, b] = [await runtime.kernelScope("a", slowly), await runtime.kernelScope("b", slowly)];
  const waiting = runtime.receiveAny(["a", "b"], PATIENTLY);
  await b.send(Job({ n: 5 }));
  const { kernel, message } = await waiting;
  deepEqual([kernel, message.n], ["b", 5]);
  for (let n = 0; n < 20; n++) await Promise.all([a.send(Job({ n })), b.send(Job({ n }))]);
  const received: Record<string, number[]> = { a: [], b: [] };
  for (let count = 0; count < 40; count++) {
    const { kernel, message } = await runtime.receiveAny(["a", "b"], PATIENTLY);
    received[kernel].push(message.n);
  }
  const all = Array.from({ length: 20 }, (_, n) => n);
  deepEqual(received, { a: all, b: all });
  await rejects(runtime.receiveAny(["a", "b"], { timeoutMs: 5 }), { name: "QueueTimeoutError" });
  await rejects(runtime.receiveAny([]), { name: "TypeError" });
  await rejects(runtime.receiveAny(["a", "nobody"]), { name: "KernelNotFoundError" });
  await Promise.all([a.terminate(), b.terminate()]);
  await rejects(runtime.receiveAny(["a", "b"], PATIENTLY), { name: "KernelStateError" });
});

Deno.test("launch() gives up on a module that is not imported in time, and its id is free", async () => {
  await using runtime = new RingKernelRuntime();
  const definition = { ...hanging, module: new URL("_hanging_kernel.ts?hang", import.meta.url).href };
  await rejects(runtime.launch("k", definition, { timeoutMs: 200 }), {
    name: "KernelError",
    message: 'Kernel "k" failed: it was not ready after 200 ms: its module is still being imported',
  });
  equal(runtime.stateOf("k"), "terminated");
  await runtime.launch("k", hanging, PATIENTLY);
});

Deno.test("An urgent message finds room in a full input, and is taken first", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", slowly);
  for (let n = 0; n < 10; n++) await kernel.send(Job({ n }));
  await rejects(kernel.send(Job({ n: 10 }, { priority: 223 }), { timeoutMs: 10 }), { name: "QueueTimeoutError" });
  for (let n = 100; n < 164; n++) await kernel.send(Job({ n }, { priority: 224 }), { timeoutMs: 10 });
  await rejects(kernel.send(Job({ n: 164 }, { priority: 255 }), { timeoutMs: 10 }), { name: "QueueTimeoutError" });
  await kernel.activate();
  for (let n = 100; n < 164; n++) equal((await kernel.receive(PATIENTLY)).n, n);
  for (let n = 0; n < 10; n++) equal((await kernel.receive(PATIENTLY)).n, n);
});

Deno.test('A kernel whose output is "none" answers requests, and leaves out replies to what was sent', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", newest);
  for (let n = 0; n < 3; n++) await kernel.send(Job({ n }));
  equal((await kernel.request(Job({ n: 3 }), PATIENTLY) as unknown as { n: number }).n, 3);
  deepEqual([kernel.telemetry.messagesSent, kernel.telemetry.lateAnswers, kernel.telemetry.errors], [0, 3, 0]);
});

Deno.test("Telemetry says what a kernel waits for, and time-outs and the summary name circles of requests", async () => {
  await using runtime = new RingKernelRuntime();
  const self = await runtime.kernelScope("self", circular);
  await rejects(self.request(Ask({ name: "self" }), { timeoutMs: 300 }), {
    message: 'Cannot request of kernel "self": no answer came for 300 ms: it waits for an answer of itself',
  });
  const a = await runtime.kernelScope("a", circular);
  await runtime.kernelScope("b", circular);
  await a.send(Ask({ name: "b" }));
  await until(() => a.telemetry.waitsFor?.kernel === "b", "a waits for b");
  equal(runtime.getSummary().cycles.length, 1);
  await runtime.send("b", Ask({ name: "a" }));
  await until(() => runtime.getSummary().cycles.length >= 1, "the circles are known");
  ok(runtime.getSummary().cycles.some((cycle) => cycle.includes("self")));
  const kernel = await runtime.kernelScope("full", echoing);
  for (let n = 0; n < 3; n++) await kernel.send(Job({ n }));
  await until(() => kernel.telemetry.waitsFor?.kind === "room", "its output is full");
  await rejects(kernel.request(Job({ n: 9 }), { timeoutMs: 30 }), {
    message: /has waited for \d+ ms for room in its output, which nobody receives$/,
  });
  equal(kernel.telemetry.waitsFor?.kernel, "full");
  equal((await kernel.receive(PATIENTLY)).messageType, Done.messageType);
});

const echoing = { ...slowly, settings: { ...slowly.settings, queueSize: { input: 10, output: 1 } } };

Deno.test("terminate() of a kernel that was given up on may be given more time by a second call", async () => {
  await using runtime = new RingKernelRuntime({ graceMs: 5000 });
  const kernel = await runtime.kernelScope("k", echo);
  const outcomes = await Promise.allSettled([
    kernel.terminate({ timeoutMs: 0 }),
    kernel.terminate({ timeoutMs: 5000 }),
  ]);
  equal(outcomes[1].status, "fulfilled");
  equal(kernel.telemetry.failure, null);
});
