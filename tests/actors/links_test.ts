import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import { Anything, asker, Count, counter, echo, source, Text, upper } from "./_kernels.ts";

Deno.test("RingKernelRuntime.links tells whom the program has sent to, received from and asked, each once", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("echo", echo);
  deepEqual(runtime.links, []);
  for (let value = 0; value < 2; value++) {
    await runtime.send("echo", Anything({ value }));
    await kernel.receive(PATIENTLY);
    await kernel.request(Anything({ value }), PATIENTLY);
  }
  deepEqual(runtime.links, [
    { user: null, kernel: "echo", by: "send" },
    { user: null, kernel: "echo", by: "receive" },
    { user: null, kernel: "echo", by: "request" },
  ]);
});

Deno.test("RingKernelRuntime.links tells what kernels do among themselves", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.kernelScope("counter", counter);
  const first = await runtime.kernelScope("source", source);
  const other = await runtime.kernelScope("asker", asker);
  await runtime.kernelScope("echo", echo);
  await first.send(Count({ count: 3 }));
  await other.request(Text({ text: "echo" }), PATIENTLY);
  await until(() => runtime.links.length === 4, "all are known");
  deepEqual(
    new Set(runtime.links.map(({ user, kernel, by }) => `${user} ${by} ${kernel}`)),
    new Set([
      "null send source",
      "null request asker",
      "source send counter",
      "asker request echo",
    ]),
  );
});

Deno.test("RingKernelRuntime.links has nothing of what was refused or in vain", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("upper", upper);
  await rejects(runtime.send("upper", Count({ count: 1 })), { name: "MessageError" });
  await rejects(runtime.request("upper", Count({ count: 1 })), { name: "MessageError" });
  await rejects(kernel.receive({ timeoutMs: 1 }), { name: "QueueTimeoutError" });
  deepEqual(runtime.links, []);
});

Deno.test("RingKernelRuntime.launch() forgets the links of a kernel of the same id", async () => {
  await using runtime = new RingKernelRuntime();
  await (await runtime.launch("echo", echo)).send(Anything({ value: 1 }));
  await (await runtime.launch("upper", upper)).send(Text({ text: "a" }));
  await runtime.terminate("echo");
  equal(runtime.links.length, 2);
  const again = await runtime.launch("echo", echo);
  deepEqual(runtime.links, [{ user: null, kernel: "upper", by: "send" }]);
  await again.send(Anything({ value: 1 }));
  equal(runtime.links.length, 2);
});

Deno.test("RingKernelRuntime.definitionOf() is what was launched", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.launch("my echo", echo);
  equal(runtime.definitionOf("my echo"), echo);
  throws(() => runtime.definitionOf("nobody"), {
    name: "KernelNotFoundError",
    message: "Cannot tell the definition of kernel 'nobody': none of that id was launched".replaceAll("'", '"'),
  });
});

Deno.test("RingKernelRuntime.isOpen is false once it is shut down", async () => {
  const runtime = new RingKernelRuntime();
  equal(runtime.isOpen, true);
  await runtime.shutdown();
  equal(runtime.isOpen, false);
});
