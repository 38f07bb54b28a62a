import { message, ringKernel, type RingKernelOptions, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, rejects, throws } from "node:assert/strict";

const Text = message<{ text: string }>("Text");
const options = { id: "k", module: import.meta };

Deno.test("ringKernel() fills in defaults", () => {
  const { id, module, input, output, settings, params } = ringKernel({ ...options, input: Text }, () => {});
  deepEqual([id, module, input, output, params], ["k", import.meta.url, [Text], null, undefined]);
  deepEqual(settings, {
    output: "queue",
    queueSize: { input: 4096, output: 4096 },
    queueBytes: { input: 1_048_576, output: 1_048_576 },
    hasDefaultBytes: { input: true, output: true },
    backpressure: { input: "block", output: "block" },
    ack: false,
    attempts: 3,
    worker: "dedicated",
    restart: { worker: "same", backoffMs: 100, maxBackoffMs: 10_000, limit: 5, resetMs: 60_000 },
    permissions: undefined,
  });
});

const WRONG: readonly [options: object, name: string, message: string][] = [
  [{ id: "" }, "RangeError", 'Cannot define kernel "": id must be a text that is not empty, received ""'],
  [
    { queueSize: 0 },
    "RangeError",
    'Cannot define kernel "k": queueSize must be an integer from 1 to 1073741824, or { input, output }, received 0',
  ],
  [
    { queueSize: { input: 4, output: 0.5 } },
    "RangeError",
    'Cannot define kernel "k", option queueSize: output must be an integer from 1 to 1073741824, received 0.5',
  ],
  [
    { queueSize: "4" },
    "TypeError",
    'Cannot define kernel "k": queueSize must be an integer from 1 to 1073741824, or { input, output }, received "4"',
  ],
  [
    { queueBytes: 2 ** 30 },
    "RangeError",
    'Cannot define kernel "k": queueBytes must be an integer from 256 to 536870912, or { input, output }, received 1073741824',
  ],
  [
    { backpressure: "wait" },
    "RangeError",
    'Cannot define kernel "k": backpressure must be one of block, reject, dropOldest, or { input, output }, received "wait"',
  ],
  [
    { backpressure: { inputs: "block" } },
    "TypeError",
    'Cannot define kernel "k", option backpressure: there is no option "inputs"; did you mean "input"?',
  ],
  [{ onError: "restart" }, "TypeError", 'Cannot define kernel "k": there is no option "onError"'],
  [
    { restart: { limit: -1 } },
    "RangeError",
    'Cannot define kernel "k", option restart: limit must be an integer, 1 or more, or Infinity, received -1',
  ],
  [
    { restart: "always" },
    "RangeError",
    'Cannot define kernel "k": restart must be one of never, or an object, received "always"',
  ],
  [
    { restart: { worker: "newer" } },
    "RangeError",
    'Cannot define kernel "k", option restart: worker must be one of new, same, received "newer"; did you mean "new"?',
  ],
  [{ attempts: 0 }, "RangeError", 'Cannot define kernel "k": attempts must be an integer, 1 or more, received 0'],
  [{ ack: 1 }, "TypeError", 'Cannot define kernel "k": ack must be true or false, received 1'],
  [{ input: [] }, "TypeError", 'Cannot define kernel "k": input must be a type of messages, or several, received []'],
  [
    { input: "none" },
    "TypeError",
    'Cannot define kernel "k": input must be a type of messages, or several, received "none"',
  ],
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
  throws(() => ringKernel(options, undefined as never), {
    name: "TypeError",
    message: /its function must be a function/,
  });
});

Deno.test("RingKernelRuntime.launch() refuses what is no kernel, or has no id", async () => {
  await using runtime = new RingKernelRuntime();
  await rejects(runtime.launch("k", {} as never), {
    name: "TypeError",
    message: 'Cannot launch kernel "k": expected what ringKernel() has made, received {}',
  });
  await rejects(runtime.launch("" as never), { name: "RangeError" });
  equal(runtime.kernels.length, 0);
});
