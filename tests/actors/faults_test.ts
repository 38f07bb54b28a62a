/** What can go wrong around a kernel, and what the user sees of it. */

import { KernelStateError, RingKernelRuntime, StoppedError } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { kernelErrorOf, PATIENTLY, until } from "./_helpers.ts";
import { beBusy } from "../ring/_helpers.ts";
import {
  fetching,
  mortal,
  obedient,
  Order,
  type Overload,
  reborn,
  silent,
  stillborn,
  stubborn,
  talkative,
} from "./_faulty_kernels.ts";
import { Anything, dropping, echo, rejecting, slow } from "./_kernels.ts";

const order = (deed: string) => Order({ deed });

Deno.test("A kernel that throws tells whoever asked, is counted, and goes on", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", obedient);
  const error = await kernelErrorOf(kernel.request(order("throw"), PATIENTLY));
  equal(error.message, 'Kernel "k" failed: it threw Overload: too loud');
  const cause = error.cause as Overload;
  deepEqual([cause.name, cause.level, (cause.cause as Error).message], ["Overload", 11, "the reason"]);
  match(cause.stack!, /_faulty_kernels\.ts/);
  equal((await kernel.request(order("nothing"), PATIENTLY)).text, "call 2, order 2");
  const { state, errors, lastError, restarts } = kernel.telemetry;
  deepEqual([state, errors, lastError?.message, restarts], ["active", 1, error.message, 0]);
});

Deno.test("A kernel that throws tells whoever asked, though the error is larger than their mailbox takes", async () => {
  await using runtime = new RingKernelRuntime({ answerBytes: 256 });
  const kernel = await runtime.kernelScope("k", obedient);
  const withoutCause = await kernelErrorOf(kernel.request(order("throw"), PATIENTLY));
  equal(withoutCause.message, 'Kernel "k" failed: it threw Overload: too loud');
  const long = await runtime.kernelScope("a name of more letters than will fit", obedient);
  const withoutReason = await kernelErrorOf(long.request(order("throw"), PATIENTLY));
  equal(withoutReason.message, 'Kernel "a name of more l" failed: it failed');
});

Deno.test("A kernel that throws answers all that it has received and not answered, and nothing else", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", silent);
  const received = ["nothing", "nothing", "throw a text"].map((deed) => kernel.request(order(deed), PATIENTLY));
  const queued = kernel.request(order("nothing"), { timeoutMs: 300 });
  const failures = received.map(async (asked) => (await kernelErrorOf(asked)).message);
  const late = rejects(queued, { name: "QueueTimeoutError" });
  await kernel.activate();
  deepEqual(await Promise.all(failures), Array(3).fill('Kernel "k" failed: it threw just a text'));
  await late;
});

Deno.test("A kernel that throws outside its function is counted, and its function goes on", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", obedient);
  for (const deed of ["throw later", "reject later"]) {
    const before = kernel.telemetry.errors;
    await kernel.request(order(deed), PATIENTLY);
    await until(() => kernel.telemetry.errors > before, "it is counted");
  }
  equal((await kernel.request(order("nothing"), PATIENTLY)).text, "call 1, order 3");
  match(kernel.telemetry.lastError!.message, /it left a promise rejected with RangeError: nobody caught it$/);
});

Deno.test('A kernel that fails by "restart" gets a new worker, and finds what was queued', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", reborn);
  const failing = kernelErrorOf(kernel.request(order("throw"), PATIENTLY));
  const next = kernel.request(order("nothing"), PATIENTLY);
  await kernel.activate();
  match((await failing).message, /too loud/);
  // The module is imported anew.
  equal((await next).text, "call 1, order 1");
  deepEqual([kernel.telemetry.restarts, kernel.telemetry.errors, kernel.state], [1, 1, "active"]);
});

Deno.test('A kernel that throws outside its function by "restart" gets a new worker', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", reborn);
  await kernel.request(order("reject later"), PATIENTLY);
  await until(() => kernel.telemetry.restarts === 1, "it is restarted");
  equal((await kernel.request(order("nothing"), PATIENTLY)).text, "call 1, order 1");
});

Deno.test('A kernel that fails by "terminate" ends, and says why to all who wait', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", mortal);
  const asked = [order("throw a text"), order("nothing")].map((one) => kernelErrorOf(kernel.request(one, PATIENTLY)));
  const receiving = rejects(kernel.receive(), KernelStateError);
  await kernel.activate();
  for (const error of await Promise.all(asked)) equal(error.message, 'Kernel "k" failed: it threw just a text');
  await receiving;
  equal(kernel.state, "terminated");
  equal(kernel.telemetry.lastError?.message, 'Kernel "k" failed: it threw just a text');
});

for (const [deed, says] of [["exit", "ended its worker"], ["close", "closed its worker"]]) {
  Deno.test(`A kernel that ends its own worker by ${deed} gets a new one, and its requests fail`, async () => {
    await using runtime = new RingKernelRuntime();
    const kernel = await runtime.kernelScope("k", obedient);
    const error = await kernelErrorOf(kernel.request(order(deed), PATIENTLY));
    equal(error.message, `Kernel "k" failed: it ${says} before it returned`);
    equal((await kernel.request(order("nothing"), PATIENTLY)).text, "call 1, order 1");
    equal(kernel.telemetry.restarts, 1);
  });
}

Deno.test("A kernel's row of restarts is not ended by a message that it has processed in between", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", reborn);
  for (let failures = 0; failures < 3; failures++) {
    await kernel.request(order("nothing"), PATIENTLY);
    await kernelErrorOf(kernel.request(order("throw"), PATIENTLY));
  }
  await until(() => kernel.state === "terminated", "it has ended");
  equal(kernel.telemetry.restarts, 2);
});

Deno.test("A kernel that always fails ends after its limit", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", stillborn);
  await until(() => kernel.state === "terminated", "it has ended");
  deepEqual([kernel.telemetry.errors, kernel.telemetry.restarts], [3, 0]);
  equal(kernel.telemetry.lastError?.message, 'Kernel "k" failed: it threw RangeError: call 3');
});

Deno.test("A kernel that ignores its termination is reported by name", async () => {
  await using runtime = new RingKernelRuntime();
  const isOver = new SharedArrayBuffer(4);
  const kernel = await runtime.kernelScope("k", stubborn, { params: isOver });
  await kernel.send(order("spin"));
  await until(() => kernel.telemetry.messagesProcessed === 1, "it spins");
  const asked = kernelErrorOf(kernel.request(order("never"), PATIENTLY));
  const message = 'Kernel "k" failed: it ignored its termination for 30 ms';
  // Its figures are true although it does nothing but spin.
  deepEqual([kernel.telemetry.messagesProcessed, kernel.telemetry.queueDepth], [1, 1]);
  await rejects(kernel.terminate({ timeoutMs: 30 }), { name: "KernelError", message });
  equal((await asked).message, message);
  equal(kernel.telemetry.lastError?.message, message);
  Atomics.store(new Int32Array(isOver), 0, 1);
});

Deno.test("A kernel that terminates in time is not reported, though the program is too busy to hear of it", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("echo", echo);
  await kernel.activate();
  const terminated = kernel.terminate({ timeoutMs: 300 });
  beBusy(600);
  await terminated;
  equal(kernel.state, "terminated");
});

Deno.test("RingKernelRuntime.shutdown() names the kernels that ignore it", async () => {
  const runtime = new RingKernelRuntime({ graceMs: 30 });
  const isOver = new SharedArrayBuffer(4);
  for (const id of ["a", "b"]) {
    const kernel = await runtime.kernelScope(id, stubborn, { params: isOver });
    await kernel.send(order("spin"));
    await until(() => kernel.telemetry.messagesProcessed === 1, "it spins");
  }
  await rejects(runtime.shutdown(), {
    name: "AggregateError",
    message: 'Kernel "a" failed: it ignored its termination for 30 ms; ' +
      'Kernel "b" failed: it ignored its termination for 30 ms',
  });
  Atomics.store(new Int32Array(isOver), 0, 1);
});

Deno.test("A kernel that waits for room in its output is ended by terminate()", async () => {
  await using runtime = new RingKernelRuntime();
  const noted = new SharedArrayBuffer(256);
  const kernel = await runtime.kernelScope("k", talkative, { params: noted });
  await until(() => kernel.telemetry.outputDepth === 2, "its output is full");
  await kernel.terminate();
  const text = new TextDecoder().decode(new Uint8Array(noted).slice()).replace(/\0+$/, "");
  equal(text, 'StoppedError: Kernel "k" was told to terminate');
  equal(kernel.telemetry.errors, 0);
  // What it had sent is there.
  deepEqual([(await kernel.receive()).text, (await kernel.receive()).text], ["more", "more"]);
});

Deno.test("KernelContext.signal ends what a kernel waits for elsewhere", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", fetching);
  await kernel.terminate();
  deepEqual([kernel.state, kernel.telemetry.errors], ["terminated", 0]);
});

Deno.test('A full queue by "block" makes the sender wait, for no longer than its timeout, and loses nothing', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", slow);
  for (const value of [1, 2]) await kernel.send(Anything({ value }));
  const blocked = kernel.send(Anything({ value: 3 }));
  await rejects(kernel.send(Anything({ value: 4 }), { timeoutMs: 20 }), {
    name: "QueueTimeoutError",
    message: 'Cannot send "Anything" to kernel "k": its queue stayed full for 20 ms',
  });
  await kernel.activate();
  await blocked;
  const values = [];
  for (let count = 0; count < 3; count++) values.push((await kernel.receive(PATIENTLY)).value);
  deepEqual(values, [1, 2, 3]);
  equal(kernel.telemetry.messagesDropped, 0);
});

Deno.test('A full queue by "block" ends the wait when its kernel terminates', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", slow);
  for (const value of [1, 2]) await kernel.send(Anything({ value }));
  const blocked = rejects(kernel.send(Anything({ value: 3 })), {
    name: "KernelStateError",
    message: 'Cannot send "Anything" to kernel "k": it terminates, or has terminated',
  });
  await kernel.terminate();
  await blocked;
});

Deno.test('A full queue by "reject" tells its sender at once', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", rejecting);
  for (const value of [1, 2]) await kernel.send(Anything({ value }));
  await rejects(kernel.send(Anything({ value: 3 })), {
    name: "QueueFullError",
    message: 'Cannot send "Anything" to kernel "k": its queue is full, of 2 messages',
  });
  await kernel.activate();
  deepEqual([(await kernel.receive(PATIENTLY)).value, (await kernel.receive(PATIENTLY)).value], [1, 2]);
});

Deno.test('A full queue by "dropOldest" keeps the latest, and counts what it drops', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", dropping);
  for (const value of [1, 2, 3, 4, 5]) await kernel.send(Anything({ value }));
  equal(kernel.telemetry.messagesDropped, 3);
  await kernel.activate();
  deepEqual([(await kernel.receive(PATIENTLY)).value, (await kernel.receive(PATIENTLY)).value], [4, 5]);
});

Deno.test("A message that is too large is a MessageError of its type and its kernel", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("k", slow);
  const error = await kernel.send(Anything({ value: new Uint8Array(4000) })).then(() => null, (error) => error);
  ok(
    error.message.startsWith(
      'Cannot send "Anything" to kernel "k": a message has at most 2048 bytes, half of queueBytes of kernel "k"',
    ),
  );
  match(error.message, /, received 4\d\d\d$/);
  deepEqual([error.name, error.kernel, error.messageType], ["MessageError", "k", "Anything"]);
  await rejects(kernel.request(Anything({ value: new Uint8Array(4000) })), { name: "MessageError" });
  await kernel.send(Anything({ value: new Uint8Array(1900) }));
});

Deno.test("A kernel whose module cannot be imported, or does not define it, is an error of launch()", async () => {
  await using runtime = new RingKernelRuntime();
  const launch = (module: string) => runtime.launch("k", { ...obedient, module });
  const missing = await kernelErrorOf(launch(new URL("./_missing.ts", import.meta.url).href));
  match(missing.message, /^Kernel "k" failed: it could not be imported: TypeError: Module not found/);
  const throwing = await kernelErrorOf(launch("data:text/javascript,throw new RangeError('at the top')"));
  equal(throwing.message, 'Kernel "k" failed: it could not be imported: RangeError: at the top');
  const other = await kernelErrorOf(launch("data:text/javascript,export{}"));
  match(other.message, /it could not be found: data:.* does not define a kernel "obedient" when it is imported/);
  equal(runtime.stateOf("k"), "terminated");
  await runtime.launch("k", obedient);
});

Deno.test("A request whose sender shuts down rejects with a StoppedError, or the kernel's end", async () => {
  const runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", silent);
  const asked = kernel.request(order("nothing")).catch((error) => error);
  await until(() => kernel.telemetry.messagesProcessed === 1, "it is received");
  await runtime.shutdown();
  const error = await asked;
  ok(error instanceof KernelStateError || error instanceof StoppedError);
});

Deno.test("RingKernelRuntime.launch() refuses constants that cannot be cloned", async () => {
  await using runtime = new RingKernelRuntime({ maxKernels: 1 });
  await rejects(runtime.launch("k", stubborn, { params: (() => 1) as never }), {
    name: "TypeError",
    message: /^Cannot launch kernel "k": its params cannot be cloned: /,
  });
  await runtime.launch("k", obedient);
});
