import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { PATIENTLY } from "./_helpers.ts";
import { Order, shop, Slow } from "./_schemas.ts";

Deno.test("A schema fills in and converts what is sent, on both ways", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("shop", shop);
  await kernel.send(Order({ item: "tea", amount: "3" }));
  await kernel.send(Order({ item: "milk" }));
  deepEqual([(await kernel.receive(PATIENTLY)).text, (await kernel.receive(PATIENTLY)).text], [
    "3 of tea",
    "1 of milk",
  ]);
});

Deno.test("A schema that does not accept a message is a MessageError with the reasons", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("shop", shop);
  const error = await kernel.send(Order({ item: "", amount: -1 })).catch((error) => error);
  deepEqual([error.name, error.kernel, error.messageType], ["MessageError", "shop", "Order"]);
  match(error.message, /^Cannot send "Order" to kernel "shop": its schema does not accept it: item: .*; amount: /);
  ok(Array.isArray(error.cause));
  equal(kernel.telemetry.queueDepth, 0);
});

Deno.test("A schema that does not accept what a kernel sends fails the kernel", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("shop", shop);
  await rejects(kernel.request(Order({ item: "lie" }), PATIENTLY), {
    name: "KernelError",
    message: /MessageError: Cannot send "Receipt" from kernel "shop": its schema does not accept it: text: /,
  });
});

Deno.test("A schema may be asynchronous", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("shop", shop);
  equal((await kernel.request(Slow({ n: 1 }), PATIENTLY)).text, "1");
  await rejects(kernel.send(Slow({ n: 0 })), /must be positive/);
});
