/** Kernels whose workers come to their ends while others wait for answers. Each worker imports this module. */

import { type AnyMessageType, type ContextFor, message, reply, ringKernel } from "@ringmill/ringmill/actors";

export const Ask = message("Ask").of<{ name: string }>();
export const Told = message("Told").of<{ name: string; by: number }>();
export const Job = message("Job").of<{ n: number; deed?: string }>();
export const Done = message("Done").of<{ n: number; attempt: number }>();
export const News = message("News").of<{ n: number }>();

export const ENDINGS = ["throw", "close", "exit", "reject"] as const;
export type Ending = typeof ENDINGS[number];

const scope = globalThis as unknown as { close(): void };

/** Ends the function, or the worker. */
export async function endBy(deed: string): Promise<void> {
  if (deed === "throw") throw new RangeError("it was told to");
  if (deed === "reject") return void Promise.reject(new RangeError("nobody caught it"));
  if (deed === "close") scope.close();
  if (deed === "exit") Deno.exit(3);
  if (deed === "close" || deed === "exit") await new Promise(() => {});
}

const module = import.meta;
const restart = { backoffMs: 1, maxBackoffMs: 4, limit: Infinity } as const;
const inPlace = { ...restart, worker: "same" } as const;

/** Answers "alice" after all others. */
export const bank = ringKernel({ id: "bank", module, input: Ask, output: Told }, async (ctx) => {
  const held: ReturnType<typeof Ask>[] = [];
  for await (const ask of ctx) {
    if (ask.name !== "release") held.push(ask);
    else await ctx.send(reply(ask, Told({ name: "release", by: 0 })));
    if (ask.name !== "release") continue;
    for (const one of held.splice(0)) await ctx.send(reply(one, Told({ name: one.name, by: 0 })));
  }
});

/** Asks the bank, and ends while it waits if it is told to. */
async function tell(ctx: ContextFor<typeof Job, typeof Done, { ending: string }>): Promise<void> {
  const { ending } = ctx.params;
  for await (const { n } of ctx) {
    const asked = ctx.runtime.request("bank", Ask({ name: `${n}` }));
    if (n === 0) {
      asked.catch(() => {});
      await ctx.sleep(20);
      await endBy(ending);
      if (ending === "reject") await ctx.sleep(10_000);
    }
    const { name } = await asked;
    await ctx.send(Done({ n: Number(name), attempt: n }));
  }
}
export const teller = ringKernel({ id: "teller", module, params: { ending: "throw" }, restart }, tell);
export const tellerInPlace = ringKernel(
  { id: "teller in place", module, params: { ending: "" }, restart: inPlace },
  tell,
);

/** How often this worker's module was used; and which jobs all of them did. */
let jobs = 0;

async function work(ctx: ContextFor<typeof Job, typeof Done | typeof News>): Promise<void> {
  for await (const job of ctx) {
    jobs++;
    await ctx.runtime.send("ledger", News({ n: job.n }));
    await endBy(job.deed ?? "");
    if (job.deed === "reject") await ctx.sleep(10_000).catch(() => {});
    else await ctx.send(reply(job, Done({ n: job.n, attempt: jobs })));
  }
}
export const worker = ringKernel({ id: "worker", module, input: Job, restart }, work);
export const workerInPlace = ringKernel({ id: "worker in place", module, input: Job, restart: inPlace }, work);

/** Notes what was done, and tells how often each. */
export const ledger = ringKernel({ id: "ledger", module, input: [News, Ask], output: News }, async (ctx) => {
  const done: number[] = [];
  for await (const news of ctx) {
    if (News.is(news)) done.push(news.n);
    else for (const n of done) await ctx.send(News({ n }));
    if (Ask.is(news)) await ctx.send(reply(news, News({ n: done.length })));
  }
});

/** Takes all at once, and fails then. */
export const hoarder = ringKernel({ id: "hoarder", module, input: Job, restart }, async (ctx) => {
  for (let taken = 0; taken < 3; taken++) {
    const { deed } = await ctx.receive();
    if (deed) await endBy(deed);
  }
  await ctx.sleep(10_000);
});

/** Asks the worker on behalf of others. */
export const agent = ringKernel({ id: "agent", module, input: Job, output: Done }, async (ctx) => {
  for await (const job of ctx) {
    try {
      const { n } = await ctx.runtime.request(job.deed!, Job({ n: job.n }));
      await ctx.send(reply(job, Done({ n, attempt: 1 })));
    } catch (error) {
      await ctx.send(reply(job, Done({ n: -1, attempt: 0 })));
      if ((error as Error).name === "RangeError") throw error;
    }
  }
});

/** Answers each request after 50 ms, side by side, and tells news meanwhile. */
export const sideBySide = ringKernel({ id: "side by side", module, input: Job }, async (ctx) => {
  for await (const job of ctx) {
    if (job.n % 100 === 0) await ctx.send(News({ n: job.n }));
    const answer = async () => {
      await ctx.sleep(300);
      const done = Done({ n: job.n, attempt: 1 }, { correlationId: job.n % 2 ? job.messageId : null });
      await ctx.send(job.n % 2 ? done : reply(job, done));
      if (job.deed === "twice") await ctx.send(reply(job, done));
    };
    answer().catch(() => {});
  }
});

/** Takes a message each 20 ms, the newest ones. */
export const newest = ringKernel(
  { id: "newest", module, input: Job, output: "none", queueSize: 4, backpressure: "dropOldest" },
  async (ctx) => {
    for await (const job of ctx) {
      await ctx.sleep(20);
      await ctx.send(reply(job, Done({ n: job.n, attempt: 1 })));
    }
  },
);

/** Works on each for 20 ms, and counts. */
export const slowly = ringKernel({ id: "slowly", module, input: Job, output: Done, queueSize: 10 }, async (ctx) => {
  let done = 0;
  for await (const job of ctx) {
    await ctx.sleep(20);
    await ctx.send(reply(job, Done({ n: job.n, attempt: ++done })));
  }
});

/** Works until nobody waits, and tells how that ended to the ledger. */
export const patient = ringKernel({ id: "patient", module, input: Job, output: Done }, async (ctx) => {
  for await (const job of ctx) {
    const signal = ctx.signalOf(job);
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
      if (signal.aborted) resolve();
    });
    await ctx.send(Done({ n: job.n, attempt: ctx.shouldTerminate ? 2 : 1 }));
  }
});

/** Hands on to the kernel of a name. */
export const router = ringKernel({ id: "router", module, input: Job }, async (ctx) => {
  for await (const job of ctx) await ctx.forward(job.deed ?? "slowly", job);
});

async function tryTo(ctx: ContextFor<typeof Job, typeof Done>): Promise<void> {
  for await (const job of ctx) {
    const [ending, until] = (job.deed ?? " 0").split(" ");
    if (ctx.attempt <= Number(until)) await endBy(ending);
    await ctx.send(reply(job, Done({ n: job.n, attempt: ctx.attempt })));
  }
}
/** Gets what it has not done again. */
export const acknowledging = ringKernel(
  { id: "acknowledging", module, input: Job, output: Done, ack: true, restart },
  tryTo,
);
export const acknowledgingInPlace = ringKernel(
  { id: "acknowledging in place", module, input: Job, output: Done, ack: true, restart: inPlace },
  tryTo,
);

/** Launches a child, asks it, and tells how it has ended. */
async function raise({ runtime, receive, send }: ContextFor<typeof Job, AnyMessageType>): Promise<void> {
  const child = await runtime.launch("child", slowly);
  await child.activate();
  for (let job = await receive(); job.deed !== "end it"; job = await receive()) {
    if (job.deed) await endBy(job.deed);
    const { attempt } = await child.request(Job({ n: job.n }));
    await send(reply(job, Done({ n: job.n, attempt })));
  }
  await child.terminate();
  await send(Done({ n: await child.ended === null ? 1 : 0, attempt: 0 }));
  await receive();
}
export const parent = ringKernel({ id: "parent", module, input: Job }, raise);
export const restarted = ringKernel({ id: "restarted", module, input: Job, restart }, raise);
export const restartedInPlace = ringKernel({ id: "restarted in place", module, input: Job, restart: inPlace }, raise);

/** Answers with a text of a length. */
export const verbose = ringKernel({ id: "verbose", module, input: Job }, async (ctx) => {
  for await (const job of ctx) {
    await ctx.send(reply(job, Ask({ name: "x".repeat(job.n) })));
  }
});

/** Asks the kernel of a name, which may be itself, and waits. */
export const circular = ringKernel({ id: "circular", module, input: Ask }, async (ctx) => {
  for await (const { name } of ctx) await ctx.runtime.request(name, Ask({ name: ctx.kernelId }));
});
