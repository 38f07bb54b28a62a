/** Wrong wiring of kernels is an error in the editor. Each `@ts-expect-error` here fails the type check if there is none. */

import {
  type ContextFor,
  type KernelHandle,
  message,
  type MessageOf,
  reply,
  type RingKernel,
  ringKernel,
  RingKernelRuntime,
  type StandardSchema,
} from "@ringmill/ringmill/actors";
import { equal } from "node:assert/strict";

const Raw = message<{ values: number[] }>("Raw");
const Mean = message<{ mean: number }>("Mean");
const Failure = message<{ reason: string }>("Failure");

/** Takes a text, and makes a number of it. */
const parsing: StandardSchema<{ size: string }, { size: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => ({ value: { size: Number((value as never)["size"]) } }),
  },
};
const Parsed = message("Parsed", parsing);

const common = { module: import.meta, input: Raw, output: Mean } as const;
const mean = ringKernel({ ...common, id: "mean" }, async (ctx) => {
  for await (const { values } of ctx) await ctx.send(Mean({ mean: values.length }));
});
const scaled = ringKernel({ ...common, id: "scaled", params: { factor: 2 } }, async (ctx) => {
  for await (const { values } of ctx) await ctx.send(Mean({ mean: values.length * ctx.params.factor }));
});
const either = ringKernel({ id: "either", module: import.meta, input: [Raw, Mean], output: [Mean, Failure] }, () => {});

/** Never called: what it holds is for the type checker. */
export async function rejected(runtime: RingKernelRuntime) {
  // @ts-expect-error A field is missing.
  Raw({});
  // @ts-expect-error A field is of another type.
  Raw({ values: ["1"] });
  // @ts-expect-error A priority is a number.
  Raw({ values: [] }, { priority: "high" });
  // @ts-expect-error The field belongs to every message.
  message<{ priority: number }>("Reserved");
  // @ts-expect-error The schema takes a text.
  Parsed({ size: 1 });
  // @ts-expect-error Ids cannot be changed.
  Raw({ values: [] }).messageId = "mine";
  // @ts-expect-error There is no such strategy.
  ringKernel({ ...common, id: "k", backpressure: "wait" }, () => {});
  // @ts-expect-error There is no such policy.
  ringKernel({ ...common, id: "k", restart: "always" }, () => {});
  // @ts-expect-error A kernel needs its module.
  ringKernel({ id: "k", input: Raw }, () => {});
  ringKernel({ ...common, id: "k" }, async (ctx) => {
    // @ts-expect-error The kernel does not send messages of this type.
    await ctx.send(Failure({ reason: "none" }));
    // @ts-expect-error What it receives has no such field.
    (await ctx.receive()).mean;
    // @ts-expect-error A body is no message.
    await ctx.send({ mean: 1 });
  });
  const kernel = await runtime.launch("mean", mean);
  // @ts-expect-error The kernel does not take messages of this type.
  await kernel.send(Failure({ reason: "none" }));
  // @ts-expect-error The kernel does not send messages of this type.
  (await kernel.receive()).values;
  // @ts-expect-error The kernel does not answer with messages of this type.
  (await kernel.request(Raw({ values: [] }))).reason;
  // @ts-expect-error The constants are of another type.
  await runtime.launch("scaled", scaled, { params: { factor: "2" } });
  // @ts-expect-error The kernel takes either of two types, not a third.
  await (await runtime.launch("either", either)).send(Failure({ reason: "none" }));
  // @ts-expect-error A body is no message, for a kernel by its id too.
  await runtime.send("mean", { values: [] });
  // @ts-expect-error There is no such state.
  kernel.state === "running";
}

/** As above: what is accepted. */
export async function accepted(runtime: RingKernelRuntime) {
  const kernel: KernelHandle<MessageOf<typeof Raw>, MessageOf<typeof Mean>> = await runtime.launch("mean", mean);
  await kernel.send(Raw({ values: [1] }, { priority: 200, correlationId: "order" }));
  const { mean: answer, correlationId }: { mean: number; correlationId: string | null } = await kernel.receive();
  const anything = await runtime.receive("mean");
  const typed = await runtime.request<{ mean: number }>("mean", Raw({ values: [] }));
  const both = await runtime.launch("either", either);
  await both.send(Mean({ mean: 1 }));
  const result = await both.receive();
  const text: string | number = Failure.is(result) ? result.reason : "mean" in result ? result.mean : "";
  for await (const { mean } of kernel) return [mean, text, answer, correlationId, anything.whatever, typed.mean];
  // What was received of a schema's type can be sent on.
  const sizes = ringKernel({ id: "sizes", module: import.meta, input: Parsed, output: Parsed }, async (ctx) => {
    for await (const one of ctx) await ctx.send(reply(one, one.size > 1 ? one : Parsed({ size: "1" })));
  });
  const name: "Parsed" = Parsed.messageType;
  return [sizes, name];
}

/** A function that is not written in place. */
export async function apart(ctx: ContextFor<typeof Raw, typeof Mean, { factor: number }>) {
  for await (const { values } of ctx) await ctx.send(Mean({ mean: values.length * ctx.params.factor }));
}

Deno.test("ringKernel() infers the types of messages and constants", async () => {
  const kernel: RingKernel<typeof Raw, typeof Mean, { factor: number }> = ringKernel(
    { ...common, id: "apart", params: { factor: 2 } },
    apart,
  );
  equal(kernel.params.factor, 2);
  equal(kernel.settings.queueSize.input, 4096);
  await using runtime = new RingKernelRuntime();
  equal(runtime.kernels.length, 0);
});
