/** Kernels that send each other what stays in their worker. Each worker imports this module. */

import { message, reply, ringKernel } from "@ringmill/ringmill/actors";

const module = import.meta;

export const Body = message("Local body").of<{ value: unknown }>();
export const Way = message("Local way").of<{ step: string; count: number }>();
export const Number_ = message("Local number").of<{ n: number }>();

/** Values that are made here: some of them cannot be posted to a kernel. */
const text = "\ufeffcsv".padEnd(300, "x");
export const VALUES: Readonly<Record<string, () => unknown>> = {
  "primitives": () => [1, -0, NaN, "a", "\ud83d", text, true, null, undefined],
  "nested": () => ({ a: [1, { b: [2, { c: "x" }] }], d: {} }),
  "an own __proto__": () => JSON.parse('{"__proto__": {"priority": 7}, "x": 1}'),
  "a sparse array": () => Object.assign([1, 2], { 5: 1 }),
  "a Map": () => new Map<unknown, unknown>([["a", [1]], [2, new Set([3])]]),
  "a typed array": () => new Float32Array([1, 2, 3]),
  "a Date and a bigint": () => ({ at: new Date(5), big: 2n ** 70n }),
  "an error": () => new RangeError("too much"),
  "no prototype": () => Object.assign(Object.create(null), { x: 1 }),
  "a long text": () => "ä".repeat(3000),
  "deep": () => Array.from({ length: 60 }).reduce<unknown>((inner) => ({ inner }), "end"),
  "a function": () => ({ f: () => 1 }),
  "a symbol": () => [Symbol("s")],
  "a getter": () => ({
    get x() {
      return 1;
    },
  }),
  "a class": () =>
    new (class Point {
      x = 1;
    })(),
  "a cycle": () => {
    const cyclic: Record<string, unknown> = {};
    return cyclic.self = cyclic;
  },
  "a proxy": () => new Proxy({ x: 1 }, {}),
  "shared memory": () => new Uint8Array(new SharedArrayBuffer(8)),
};

/** Asks a kernel of a name with a value, changes what it has sent, and tells what has come back, or the refusal. */
export const asker = ringKernel({ id: "local asker", module, input: Way, output: Body }, async (ctx) => {
  for await (const way of ctx) {
    const [to, name] = way.step.split(" > ");
    const value = VALUES[name]();
    try {
      const asked = ctx.runtime.request(to, Body({ value }));
      if (Array.isArray(value)) value.push("changed after send()");
      else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
        Object.assign(value, { changed: "after send()" });
      }
      await ctx.send(reply(way, Body({ value: (await asked).value })));
    } catch (error) {
      await ctx.send(reply(way, Body({ value: `${(error as Error).name}: ${(error as Error).message}` })));
    }
  }
});

/** Sends back what it gets. */
export const echo = ringKernel({ id: "local echo", module, input: Body, output: Body }, async (ctx) => {
  for await (const body of ctx) await ctx.send(reply(body, Body({ value: body.value })));
});

/** Counts up to a number, and sends each to the kernel "collector", by bands of priority. */
export const counter = ringKernel({ id: "local counter", module, input: Way, output: Way }, async (ctx) => {
  for await (const way of ctx) {
    const outcomes: Record<string, number> = {};
    const count = (outcome: string) => outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    const sent: Promise<unknown>[] = [];
    for (let n = 0; n < way.count; n++) {
      const number = Number_({ n }, { priority: way.step === "bands" ? [0, 64, 160, 255][n % 4] : 128 });
      const done = way.step === "request"
        ? ctx.runtime.request("collector", number)
        : ctx.runtime.send("collector", number, { timeoutMs: 20_000 });
      sent.push(done.then(() => count("sent"), (error: Error) => count(error.name)));
    }
    if (way.step !== "request") await Promise.all(sent);
    await ctx.send(reply(way, Way({ step: JSON.stringify(outcomes), count: sent.length })));
    if (way.step !== "request") continue;
    await Promise.all(sent);
    await ctx.send(Way({ step: JSON.stringify(outcomes), count: sent.length }));
  }
});

/** Puts what it gets into its output; answers requests. */
export const collector = ringKernel({ id: "local collector", module, input: Number_, output: Number_ }, async (ctx) => {
  for await (const number of ctx) await ctx.send(reply(number, Number_({ n: number.n })));
});
const few = { queueSize: { input: 5, output: 1000 } } as const;
export const full = ringKernel({ id: "local full", module, input: Number_, output: Number_, ...few }, collector.fn);
export const refusing = ringKernel(
  { id: "local refusing", module, input: Number_, output: Number_, ...few, backpressure: { input: "reject" } },
  collector.fn,
);
export const dropping = ringKernel(
  { id: "local dropping", module, input: Number_, output: Number_, ...few, backpressure: { input: "dropOldest" } },
  collector.fn,
);
