import { message, ringKernel, type RingKernelOptions, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, rejects, throws } from "node:assert/strict";

const Text = message<{ text: string }>("Text");
const options = { id: "k", module: import.meta };

Deno.test("ringKernel() fills in defaults", () => {
  const { id, module, input, output, settings, params } = ringKernel({ ...options, input: Text }, () => {});
  deepEqual([id, module, input, output, params], ["k", import.meta.url, [Text], null, undefined]);
  deepEqual(settings, {
    queueSize: 4096,
    queueBytes: 1_048_576,
    backpressure: "block",
    onError: "continue",
    restart: { backoffMs: 100, maxBackoffMs: 10_000, limit: 5, resetMs: 60_000 },
    permissions: undefined,
  });
});

const WRONG: readonly [options: object, name: string, message: string][] = [
  [{ id: "" }, "TypeError", 'Cannot define kernel "": its id must be a text, received ""'],
  [
    { queueSize: 0 },
    "RangeError",
    'Cannot define kernel "k": queueSize must be a whole number from 1 to 1073741824, received 0',
  ],
  [{ queueSize: "4" }, "TypeError", 'Cannot define kernel "k": queueSize must be a number, received "4"'],
  [
    { queueBytes: 2 ** 30 },
    "RangeError",
    'Cannot define kernel "k": queueBytes must be a whole number from 256 to 536870912, received 1073741824',
  ],
  [
    { backpressure: "wait" },
    "TypeError",
    'Cannot define kernel "k": backpressure must be "block" or "reject" or "dropOldest", received "wait"',
  ],
  [
    { onError: "ignore" },
    "TypeError",
    'Cannot define kernel "k": onError must be "continue" or "restart" or "terminate", received "ignore"',
  ],
  [{ restart: { limit: -1 } }, "RangeError", 'Cannot define kernel "k": limit must be 0 or more, received -1'],
  [{ input: [] }, "TypeError", 'Cannot define kernel "k": input must be a type of messages, or several, received []'],
  [
    { module: undefined },
    "TypeError",
    "Cannot find a module: expected import.meta, a URL or a path, received undefined",
  ],
];

for (const [wrong, name, message] of WRONG) {
  Deno.test(`ringKernel() refuses ${Deno.inspect(wrong)}`, () => {
    const all = { ...options, ...wrong } as RingKernelOptions<typeof Text, typeof Text, unknown>;
    throws(() => ringKernel(all, () => {}), { name, message });
  });
}

Deno.test("ringKernel() refuses to do without options or function", () => {
  throws(() => ringKernel(undefined as never, () => {}), {
    name: "TypeError",
    message: /its options must be an object/,
  });
  throws(() => ringKernel(options, undefined as never), { name: "TypeError", message: /it needs a function/ });
});

Deno.test("RingKernelRuntime.launch() refuses what is no kernel, or has no id", async () => {
  await using runtime = new RingKernelRuntime();
  await rejects(runtime.launch("k", {} as never), {
    name: "TypeError",
    message: 'Cannot launch kernel "k": expected what ringKernel() has made, received {}',
  });
  await rejects(runtime.launch("" as never), { name: "TypeError" });
  equal(runtime.kernels.length, 0);
});
