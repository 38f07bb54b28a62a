import { KernelError, message, RingKernelRuntime, withCorrelation } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { kernelErrorOf, PATIENTLY, until } from "./_helpers.ts";
import { beBusy } from "../ring/_helpers.ts";
import { obedient, Order } from "./_faulty_kernels.ts";
import { Anything, asker, Count, counter, echo, liar, pairs, source, Text, upper } from "./_kernels.ts";

Deno.test("RingKernelRuntime.request() matches many answers under way at a time", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.kernelScope("echo", echo);
  const asked = Array.from({ length: 5000 }, (_, value) => runtime.request("echo", Anything({ value }), PATIENTLY));
  const answers = await Promise.all(asked);
  deepEqual(answers.map(({ value }) => value), Array.from({ length: 5000 }, (_, value) => value));
  // Answers do not pass through the output.
  equal(runtime.getTelemetry("echo").messagesSent, 0);
});

Deno.test("RingKernelRuntime.request() times out, and a late answer disturbs nobody", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("echo", echo);
  await rejects(kernel.request(Anything({ value: "late" }), { timeoutMs: 20 }), {
    name: "QueueTimeoutError",
    message: 'Cannot request of kernel "echo": no answer came for 20 ms: it is launched, not active',
  });
  const patient = kernel.request(Anything({ value: "patient" }), PATIENTLY);
  const hasty = rejects(kernel.request(Anything({ value: "hasty" }), { timeoutMs: 20 }), { name: "QueueTimeoutError" });
  await hasty;
  await kernel.activate();
  equal((await patient).value, "patient");
  equal((await kernel.request(Anything({ value: "on time" }), PATIENTLY)).value, "on time");
});

Deno.test("RingKernelRuntime.request() takes an answer that came in time to a program that was busy", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("echo", echo);
  // To send its first answer, the kernel asks the program for the way.
  await kernel.request(Anything({ value: 0 }), PATIENTLY);
  const answer = kernel.request(Anything({ value: 1 }), { timeoutMs: 300 });
  beBusy(600);
  equal((await answer).value, 1);
});

Deno.test("RingKernelRuntime.request() of one message several times gets several answers", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("echo", echo);
  const one = Anything({ value: "again" });
  for (let round = 0; round < 3; round++) equal((await kernel.request(one, PATIENTLY)).value, "again");
  const both = await runtime.kernelScope("pairs", pairs);
  const answers = await Promise.all([both.request(one, PATIENTLY), both.request(one, PATIENTLY)]);
  deepEqual(answers.map(({ value }) => value), ["again", "again"]);
  equal(both.telemetry.messagesSent, 0);
});

Deno.test("KernelHandle's iterators share what the kernel sends: each message goes to one of them", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("echo", echo);
  const got: unknown[] = [];
  const messages = 2000;
  const take = async () => {
    for await (const { value } of kernel) {
      got.push(value);
      if (got.length >= messages) await kernel[Symbol.asyncDispose]();
    }
  };
  const loops = [take(), take(), take()];
  for (let value = 0; value < messages; value++) await kernel.send(Anything({ value }));
  await Promise.all(loops);
  deepEqual(got.toSorted((a, b) => Number(a) - Number(b)), Array.from({ length: messages }, (_, value) => value));
});

Deno.test("KernelContext.send() sends what answers no request to the output", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("echo", echo);
  const sent = Anything({ value: 1 });
  await kernel.send(sent);
  equal((await kernel.receive(PATIENTLY)).correlationId, sent.messageId);
  await kernel.send(withCorrelation(Anything({ value: 2 }), "order 17"));
  equal((await kernel.receive(PATIENTLY)).value, 2);
});

Deno.test("Kernels ask each other", async () => {
  await using runtime = new RingKernelRuntime();
  const first = await runtime.kernelScope("asker", asker);
  equal(
    (await first.request(Text({ text: "upper" }), PATIENTLY)).text,
    'KernelNotFoundError: Cannot request of kernel "upper": none of that id was launched',
  );
  const second = await runtime.kernelScope("upper", upper);
  equal((await first.request(Text({ text: "upper" }), PATIENTLY)).text, "FROM ASKER");
  await second.terminate();
  const text = (await first.request(Text({ text: "upper" }), PATIENTLY)).text;
  match(text, /^KernelStateError: Cannot send "Text" to kernel "upper": it terminates, or has terminated/);
  // The new kernel of that id is found.
  await runtime.kernelScope("upper", echo);
  match((await first.request(Text({ text: "upper" }), PATIENTLY)).text, /^undefined$/);
});

Deno.test("A kernel that asks one which fails hears why", async () => {
  await using runtime = new RingKernelRuntime();
  const first = await runtime.kernelScope("asker", asker);
  await runtime.kernelScope("liar", liar);
  const { text } = await first.request(Text({ text: "liar" }), PATIENTLY);
  equal(
    text,
    'KernelError: Kernel "liar" failed: it threw MessageError: Cannot send a message from kernel "liar": expected "Count", ' +
      'received "Text"',
  );
});

Deno.test("A kernel that asks one which is terminated meanwhile hears so", async () => {
  await using runtime = new RingKernelRuntime();
  const first = await runtime.kernelScope("asker", asker);
  const second = await runtime.launch("upper", upper);
  const asked = first.request(Text({ text: "upper" }), PATIENTLY);
  await until(() => second.telemetry.queueDepth === 1, "it is asked");
  await second.terminate();
  match((await asked).text, /^KernelStateError: Cannot finish a request of kernel "upper": it was terminated before/);
});

Deno.test("Kernels send each other messages without the program's help", async () => {
  await using runtime = new RingKernelRuntime();
  const sources = await Promise.all(["a", "b", "c"].map((id) => runtime.kernelScope(id, source)));
  const sink = await runtime.kernelScope("counter", counter);
  await Promise.all(sources.map((kernel) => kernel.send(Count({ count: 2000 }))));
  await Promise.all(sources.map((kernel) => kernel.receive(PATIENTLY)));
  equal((await sink.request(Text({ text: "how many" }, { priority: 0 }), PATIENTLY)).count, 6000);
});

Deno.test("An answer whose type the asker does not know is a MessageError", async () => {
  await using runtime = new RingKernelRuntime();
  const Secret = "Secret";
  const module = `data:text/javascript,${
    encodeURIComponent(`
    import { message, reply, ringKernel } from "${import.meta.resolve("@ringmill/ringmill/actors")}";
    message("Anything");
    const ${Secret} = message("${Secret}");
    ringKernel({ id: "hidden", module: import.meta }, async (ctx) => {
      for await (const one of ctx) await ctx.send(reply(one, ${Secret}({})));
    });
  `)
  }`;
  const kernel = await runtime.kernelScope("hidden", { ...echo, module, id: "hidden" });
  const error = await kernel.request(Anything({ value: 1 }), PATIENTLY).catch((error) => error);
  equal(error.name, "MessageError");
  match(error.message, /this thread knows no type of that name, received "Secret"$/);
});

Deno.test("A message whose type the kernel's worker does not know is an error of the kernel", async () => {
  await using runtime = new RingKernelRuntime();
  const Unheard = message<{ text: string }>("Unheard");
  const kernel = await runtime.kernelScope("echo", echo);
  await kernel.send(Unheard({ text: "hello" }));
  await until(() => kernel.telemetry.errors === 1, "it is counted");
  ok(kernel.telemetry.lastError instanceof KernelError);
  match(kernel.telemetry.lastError.message, /MessageError: Cannot receive a message from kernel "echo".*"Unheard"$/);
  equal((await kernel.request(Anything({ value: 1 }), PATIENTLY)).value, 1);
});

Deno.test("A request that its kernel does not understand fails, as the kernel does", async () => {
  await using runtime = new RingKernelRuntime();
  const Strange = message<{ text: string }>("Strange");
  const kernel = await runtime.kernelScope("echo", echo);
  const error = await kernelErrorOf(kernel.request(Strange({ text: "hello" }), PATIENTLY));
  match(error.message, /^Kernel "echo" failed: it could not read it: MessageError: .*, received "Strange"$/);
});

Deno.test("A kernel refuses messages of types that it does not take", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.launch("k", obedient);
  await rejects(runtime.send("k", Text({ text: "" })), {
    name: "MessageError",
    message: 'Cannot send a message to kernel "k": expected "Order", received "Text"',
  });
  await rejects(runtime.send("k", { deed: "nothing" } as never), {
    name: "MessageError",
    message: 'Cannot send to kernel "k": expected a message, made by calling its type, received { deed: "nothing" }',
  });
  await runtime.send("k", Order({ deed: "nothing" }));
});

Deno.test("A kernel takes urgent messages first, and those of a band in their order", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("echo", echo);
  const priorities = [0, 63, 64, 159, 160, 223, 224, 255, 10, 100, 200, 240];
  for (const priority of priorities) await kernel.send(Anything({ value: priority }, { priority }));
  await kernel.activate();
  const order = [];
  for (const _ of priorities) order.push((await kernel.receive(PATIENTLY)).value);
  // The output has bands too, but what is received so far was sent by then.
  deepEqual(order.toSorted((a, b) => Number(a) - Number(b)), priorities.toSorted((a, b) => a - b));
  equal(order[0], 224);
});
