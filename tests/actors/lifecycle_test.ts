import {
  KernelError,
  KernelExistsError,
  KernelNotFoundError,
  KernelStateError,
  LifecycleError,
  RingKernelRuntime,
  StoppedError,
} from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import { Anything, Count, counter, echo, impatient, loop, once, parametric, Text, ticking, upper } from "./_kernels.ts";

Deno.test("RingKernelRuntime.launch() starts a kernel that processes nothing before activate()", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("echo", echo);
  equal(kernel.state, "launched");
  await kernel.send(Anything({ value: 1 }));
  await rejects(kernel.receive({ timeoutMs: 30 }), { name: "QueueTimeoutError" });
  equal(kernel.telemetry.queueDepth, 1);
  await kernel.activate();
  equal(runtime.stateOf("echo"), "active");
  equal((await kernel.receive(PATIENTLY)).value, 1);
});

Deno.test("RingKernelRuntime.launch() runs a kernel under several ids at a time", async () => {
  await using runtime = new RingKernelRuntime();
  const kernels = await Promise.all(["a", "b", "c"].map((id) => runtime.launch(id, parametric)));
  const tenfold = await runtime.launch("tenfold", parametric, { params: { factor: 10 } });
  for (const kernel of [...kernels, tenfold]) {
    await kernel.activate();
    await kernel.send(Count({ count: 4 }));
  }
  const counts = await Promise.all(
    [...kernels, tenfold].map(async (kernel) => (await kernel.receive(PATIENTLY)).count),
  );
  deepEqual(counts, [8, 8, 8, 40]);
  deepEqual(runtime.kernels, ["a", "b", "c", "tenfold"]);
});

Deno.test("RingKernelRuntime.launch() finds a kernel by the id that it is defined under", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.launch("upper");
  await runtime.activate("upper");
  await runtime.send("upper", Text({ text: "hello" }));
  equal((await runtime.receive("upper", PATIENTLY)).text, "HELLO");
  await rejects(runtime.launch("nobody"), {
    name: "KernelNotFoundError",
    message: 'Cannot launch kernel "nobody": no kernel of that name is defined in this program, hand the kernel over',
  });
});

Deno.test("A kernel's id is free again once it has terminated, and reaches the new one", async () => {
  await using runtime = new RingKernelRuntime();
  const first = await runtime.launch("echo", echo);
  await rejects(runtime.launch("echo", echo), KernelExistsError);
  await first.terminate();
  const second = await runtime.launch("echo", echo);
  await second.activate();
  await runtime.send("echo", Anything({ value: "again" }));
  equal((await runtime.receive("echo", PATIENTLY)).value, "again");
  await rejects(first.send(Anything({ value: "late" })), KernelStateError);
});

Deno.test("RingKernelRuntime.kernelScope() terminates its kernel at the end of the block, also where that throws", async () => {
  await using runtime = new RingKernelRuntime();
  const scope = async (isToThrow: boolean) => {
    await using kernel = await runtime.kernelScope("echo", echo);
    equal(kernel.state, "active");
    if (isToThrow) throw new RangeError("in the block");
  };
  await scope(false);
  equal(runtime.stateOf("echo"), "terminated");
  await rejects(scope(true), { message: "in the block" });
  equal(runtime.stateOf("echo"), "terminated");
});

Deno.test("RingKernelRuntime.deactivate() keeps the kernel's state and its queued messages", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("counter", counter);
  await kernel.send(Anything({ value: 1 }));
  await until(() => kernel.telemetry.messagesProcessed === 1, "one is processed");
  await runtime.deactivate("counter");
  equal(kernel.state, "deactivated");
  for (let value = 2; value <= 5; value++) await kernel.send(Anything({ value }));
  await new Promise((resolve) => setTimeout(resolve, 30));
  equal(kernel.telemetry.queueDepth, 4);
  await runtime.reactivate("counter");
  equal((await kernel.request(Text({ text: "how many" }), PATIENTLY)).count, 5);
});

Deno.test("A kernel that waits for a message takes none after deactivate()", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("echo", echo);
  // It is parked by now.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await kernel.deactivate();
  await kernel.send(Anything({ value: 1 }));
  await rejects(kernel.receive({ timeoutMs: 50 }), { name: "QueueTimeoutError" });
  equal(kernel.telemetry.messagesProcessed, 0);
});

Deno.test("RingKernelRuntime.terminate() ends the iterator, after which a kernel may still send", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("counter", counter);
  for (let value = 1; value <= 3; value++) await kernel.send(Anything({ value }));
  await until(() => kernel.telemetry.messagesProcessed === 3, "all are processed");
  await runtime.terminate("counter");
  equal(kernel.state, "terminated");
  equal((await kernel.receive()).count, 3);
  await rejects(kernel.receive(), {
    name: "KernelStateError",
    message: 'Cannot receive from kernel "counter": it has terminated, and nothing is left',
  });
});

Deno.test("KernelHandle's iterator ends with the kernel", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("once", once);
  await kernel.send(Anything({ value: 7 }));
  const values: unknown[] = [];
  for await (const { value } of kernel) values.push(value);
  deepEqual(values, [7]);
  equal(kernel.state, "terminated");
});

Deno.test("KernelHandle's iterator ends with the runtime", async () => {
  const runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("echo", echo);
  const values: unknown[] = [];
  await kernel.activate();
  await kernel.send(Anything({ value: 1 }));
  for await (const { value } of kernel) {
    values.push(value);
    // Ends it while the loop waits for the next one.
    setTimeout(() => runtime.shutdown(), 5);
  }
  deepEqual(values, [1]);
  await runtime.shutdown();
});

Deno.test("A kernel in the manner of the seed's loop runs, stops and goes on", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("loop", loop);
  await kernel.send(Text({ text: "first" }));
  await kernel.activate();
  equal((await kernel.receive(PATIENTLY)).text, "first");
  await kernel.deactivate();
  await kernel.send(Text({ text: "second" }));
  await kernel.reactivate();
  equal((await kernel.receive(PATIENTLY)).text, "second");
});

Deno.test("KernelContext.receive() throws a QueueTimeoutError when nothing comes", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("impatient", impatient);
  const { text } = await kernel.receive(PATIENTLY);
  equal(text, 'QueueTimeoutError: Cannot receive in kernel "impatient": nothing came for 20 ms');
});

Deno.test("KernelContext.receive() lets timers of the kernel go on", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("ticking", ticking);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await kernel.send(Anything({ value: 1 }));
  const { count } = await kernel.receive(PATIENTLY);
  equal(count > 2, true, `${count} ticks`);
});

Deno.test("RingKernelRuntime refuses what a kernel's state does not allow", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("upper", upper);
  const wrong = (promise: Promise<void>, message: string) => rejects(promise, { name: "KernelStateError", message });
  await wrong(
    kernel.deactivate(),
    'Cannot deactivate kernel "upper": it must be active, and is launched',
  );
  await wrong(
    kernel.reactivate(),
    'Cannot reactivate kernel "upper": it must be deactivated, and is launched',
  );
  await kernel.activate();
  await wrong(kernel.activate(), 'Cannot activate kernel "upper": it must be launched, and is active');
  await Promise.all([kernel.terminate(), runtime.terminate("upper")]);
  await wrong(
    kernel.activate(),
    'Cannot activate kernel "upper": it must be launched, and is terminated',
  );
  await wrong(
    runtime.send("upper", Text({ text: "late" })),
    'Cannot send "Text" to kernel "upper": it terminates, or has terminated',
  );
});

Deno.test("RingKernelRuntime.terminate() of a kernel that has ended is a KernelStateError", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("once", once);
  await kernel.send(Anything({ value: 1 }));
  await until(() => kernel.state === "terminated", "it has ended");
  await rejects(kernel.terminate(), { name: "KernelStateError" });
});

Deno.test("RingKernelRuntime names an unknown kernel", async () => {
  await using runtime = new RingKernelRuntime();
  const unknown = { name: "KernelNotFoundError", message: /kernel "nobody": none of that id was launched$/ };
  for (const deed of ["activate", "deactivate", "reactivate", "terminate"] as const) {
    await rejects(runtime[deed]("nobody"), unknown);
  }
  await rejects(runtime.send("nobody", Text({ text: "" })), unknown);
  await rejects(runtime.receive("nobody"), unknown);
  await rejects(runtime.request("nobody", Text({ text: "" })), unknown);
  throws(() => runtime.getTelemetry("nobody"), KernelNotFoundError);
  await runtime.launch("worker", echo);
  await runtime.launchPool("readers", echo, { size: 1 });
  for (const [wrong, meant] of [["workers", "worker"], ["reader", "readers"]]) {
    const near = { message: new RegExp(`none of that id was launched; did you mean "${meant}"\\?$`) };
    await rejects(runtime.send(wrong, Text({ text: "" })), near);
    await rejects(runtime.request(wrong, Text({ text: "" })), near);
    await rejects(runtime.activate(wrong), near);
    throws(() => runtime.getTelemetry(wrong), near);
  }
  throws(() => runtime.stateOf("nobody"), KernelNotFoundError);
});

Deno.test("RingKernelRuntime.shutdown() ends all kernels, and what waits for them", async () => {
  const runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("upper", upper);
  const other = await runtime.launch("counter", counter);
  const receiving = rejects(kernel.receive(), /terminated|shut down/);
  const asking = rejects(other.request(Text({ text: "how many" })), {
    name: "KernelStateError",
    message: 'Cannot finish a request of kernel "counter": it was terminated before it answered',
  });
  await Promise.all([runtime.shutdown(), runtime.shutdown()]);
  await Promise.all([receiving, asking]);
  deepEqual(runtime.getSummary().kernels, {
    created: 0,
    launched: 0,
    active: 0,
    deactivated: 0,
    terminating: 0,
    terminated: 2,
  });
  await rejects(runtime.launch("late", upper), {
    name: LifecycleError.name,
    message: 'Cannot launch kernel "late": the runtime is shut down',
  });
  await rejects(runtime.request("upper", Text({ text: "" })), StoppedError);
});

Deno.test("RingKernelRuntime.terminate() ends a kernel that is being launched", async () => {
  await using runtime = new RingKernelRuntime();
  const launching = runtime.launch("upper", upper);
  const [launched] = await Promise.allSettled([launching, runtime.terminate("upper")]);
  equal(launched.status, "rejected");
  match(`${(launched as PromiseRejectedResult).reason}`, /KernelStateError: Cannot launch kernel "upper": it was term/);
});

Deno.test("RingKernelRuntime refuses options of the wrong kind or range", () => {
  throws(() => new RingKernelRuntime({ graceMs: -1 }), {
    name: "RangeError",
    message: "Cannot make a runtime: graceMs must be a number of milliseconds, 0 or more, received -1",
  });
  throws(() => new RingKernelRuntime({ maxKernels: 0 }), {
    name: "RangeError",
    message: "Cannot make a runtime: maxKernels must be an integer from 1 to 511, received 0",
  });
  throws(() => new RingKernelRuntime({ answerBytes: "many" as never }), { name: "TypeError" });
});

Deno.test("RingKernelRuntime.launch() refuses more than maxKernels, and reuses what has ended", async () => {
  await using runtime = new RingKernelRuntime({ maxKernels: 1 });
  const kernel = await runtime.launch("a", upper);
  await rejects(runtime.launch("b", upper), {
    name: "RangeError",
    message: 'Cannot launch kernel "b": 1 of at most 1 workers (maxKernels) run, and it needs one more',
  });
  await kernel.terminate();
  for (let round = 0; round < 3; round++) {
    const again = await runtime.launch("c", upper);
    await again.terminate();
  }
  equal(KernelError.name, "KernelError");
});
