/** Kernels whose functions end while something that they have called waits still. Each worker imports this module. */

import { type ContextFor, message, reply, ringKernel } from "@ringmill/ringmill/actors";

export const Job = message("Job").of<{ n: number; deed?: string }>();
export const Done = message("Done").of<{ n: number }>();

type Context = ContextFor<typeof Job, typeof Done>;
type Waits = Readonly<Record<string, (ctx: Context) => Promise<unknown>>>;

const module = import.meta;
const restart = { backoffMs: 1, maxBackoffMs: 1, limit: Infinity } as const;

/** Ways to wait for a message. */
export const RECEIVES: Waits = {
  "receive()": (ctx: Context) => ctx.receive(),
  "receive({ timeoutMs })": (ctx: Context) => ctx.receive({ timeoutMs: 1e6 }),
  "next()": (ctx: Context) => ctx[Symbol.asyncIterator]().next(),
  "waitActive() and receive()": (ctx: Context) => ctx.sleep(40).then(() => ctx.waitActive()).then(() => ctx.receive()),
  "a loop": async (ctx: Context) => {
    for await (const job of ctx) await ctx.send(Done({ n: -job.n }));
  },
};

/** Fails beside what it has left waiting, if it is told to. */
async function beside(ctx: Context): Promise<void> {
  for (;;) {
    const job = await ctx.receive();
    if (job.deed) {
      const failing = ctx.sleep(20).then(() => Promise.reject(new RangeError("it was told to")));
      await Promise.race([RECEIVES[job.deed](ctx), failing]);
    }
    await ctx.send(reply(job, Done({ n: job.n })));
  }
}
const types = { module, input: Job, output: Done };
export const FAILING = [
  ringKernel({ id: "called again", ...types }, beside),
  ringKernel({ id: "acknowledged", ...types, ack: true, attempts: 2 }, beside),
  ringKernel({ id: "in the same worker", ...types, restart: { ...restart, worker: "same" } }, beside),
  ringKernel({ id: "in a new worker", ...types, restart }, beside),
];

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/** Waits that a stop ends. */
export const LEFT: Waits = {
  ...RECEIVES,
  "sleep()": (ctx: Context) => ctx.sleep(1e6),
  "waitActive()": (ctx: Context) => ctx.waitActive(),
  "request()": (ctx: Context) => ctx.runtime.request("mute", Job({ n: 0 })),
  "receive() of another": (ctx: Context) => ctx.runtime.receive("mute"),
  "receiveAny()": (ctx: Context) => ctx.runtime.receiveAny(["mute"]),
  "send()": (ctx: Context) => Promise.all([1, 2, 3].map((n) => ctx.runtime.send("mute", Job({ n })))),
  "send() to its output": (ctx: Context) => Promise.all([1, 2, 3].map((n) => ctx.send(Done({ n })))),
};

/** Leaves a wait behind, and returns when it is to terminate: with or without a turn of the event loop before. */
export const leaver = ringKernel(
  { id: "leaver", ...types, params: { left: "", looks: true }, queueSize: 2 },
  async (ctx) => {
    const { left, looks } = ctx.params;
    void LEFT[left](ctx);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (looks) { while (!ctx.shouldTerminate); }
    else await aborted(ctx.signal);
  },
);

/** Takes nothing. */
export const mute = ringKernel({ id: "mute", module, input: Job, output: Done, queueSize: 1 }, async ({ signal }) => {
  await aborted(signal);
});

/** Ends by the first error. */
export const neighbour = ringKernel({ id: "neighbour", ...types, restart: "never" }, async (ctx) => {
  for await (const job of ctx) await ctx.send(reply(job, Done({ n: job.n })));
});
