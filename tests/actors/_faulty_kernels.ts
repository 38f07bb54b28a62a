/** Kernels that fail. Each worker imports this module. */

import { type ContextFor, message, reply, ringKernel } from "@ringmill/ringmill/actors";

export const Order = message<{ deed: string; flag?: Int32Array<ArrayBuffer> }>("Order");
export const Report = message<{ text: string }>("Report");

/** An error with a property of its own. */
export class Overload extends Error {
  override readonly name = "Overload";
  readonly level = 11;
}

/** How often the function of this worker was called, and how many orders it got. */
let calls = 0;
let orders = 0;

const DEEDS: Readonly<Record<string, () => unknown>> = {
  "throw": () => {
    throw new Overload("too loud", { cause: new RangeError("the reason") });
  },
  "throw a text": () => {
    throw "just a text";
  },
  "throw later": () =>
    setTimeout(() => {
      throw new RangeError("from a timer");
    }),
  "reject later": () => void Promise.reject(new RangeError("nobody caught it")),
  exit: () => Deno.exit(3),
  close: () => (globalThis as unknown as { close(): void }).close(),
};

const common = { module: import.meta, input: Order, output: Report } as const;
const restart = { worker: "new", backoffMs: 1, maxBackoffMs: 4, limit: 2 } as const;
const inPlace = { ...restart, worker: "same" } as const;

async function serve(ctx: ContextFor<typeof Order, typeof Report>): Promise<void> {
  calls++;
  for await (const order of ctx) {
    orders++;
    await DEEDS[order.deed]?.();
    // An exit takes a while.
    if (["exit", "close"].includes(order.deed)) await new Promise(() => {});
    await ctx.send(reply(order, Report({ text: `call ${calls}, order ${orders}` })));
  }
}

/** Does as it is told, and goes on when it has failed. */
export const obedient = ringKernel({ ...common, id: "obedient", restart: inPlace }, serve);
/** The same in a new worker. */
export const reborn = ringKernel({ ...common, id: "reborn", restart }, serve);
/** The same, once. */
export const mortal = ringKernel({ ...common, id: "mortal", restart: "never" }, serve);

/** Fails before it receives anything. */
export const stillborn = ringKernel({ ...common, id: "stillborn", restart: inPlace }, () => {
  throw new RangeError(`call ${++calls}`);
});

/** Ignores everything until the test is over: an endless loop would outlive it. */
export const stubborn = ringKernel(
  { ...common, id: "stubborn", params: new SharedArrayBuffer(4) },
  async (ctx) => {
    await ctx.receive();
    const isOver = new Int32Array(ctx.params);
    while (Atomics.load(isOver, 0) === 0);
  },
);

/** Sends until its output is full, and notes what ends that. */
export const talkative = ringKernel(
  { ...common, id: "talkative", queueSize: 2, params: new SharedArrayBuffer(256) },
  async (ctx) => {
    try {
      for (;;) await ctx.send(Report({ text: "more" }));
    } catch (error) {
      new Uint8Array(ctx.params).set(new TextEncoder().encode(`${error}`));
      throw error;
    }
  },
);

/** Takes requests and answers none. */
export const silent = ringKernel({ ...common, id: "silent", restart: inPlace }, async (ctx) => {
  for await (const { deed } of ctx) await DEEDS[deed]?.();
});

/** Waits without end, but for its signal. */
export const fetching = ringKernel(
  { ...common, id: "fetching" },
  (ctx) => new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason))),
);
