/** Kernels in whose workers timers and posted messages are counted. Each worker imports this module before anything runs. */

import { message, reply, ringKernel } from "@ringmill/ringmill/actors";

/** How often the other kernel is to be asked, and whether each answer costs it what it should not. */
export const Round = message("Counting round").of<{ times: number; isCostly: boolean }>();
/** What a worker has done since its start. */
export const Counts = message("Counts").of<{ timers: number; posts: number }>();
/** Of the kernel that asks, and of the one that answers, while they did nothing else. */
export const Both = message("Both counts").of<{ asker: Counted; answerer: Counted }>();
export type Counted = { timers: number; posts: number };

const counted: Counted = { timers: 0, posts: 0 };

/** Has calls of a function counted. Only in workers. */
function count(kind: keyof Counted, owner: object, name: string): void {
  // deno-lint-ignore ban-types
  const real = Reflect.get(owner, name) as Function;
  Reflect.set(owner, name, function (this: unknown, ...args: unknown[]) {
    counted[kind]++;
    return Reflect.apply(real, this, args);
  });
}

if ("WorkerGlobalScope" in globalThis) {
  for (const timer of ["setTimeout", "setInterval"]) count("timers", globalThis, timer);
  count("timers", AbortSignal, "timeout");
  count("posts", globalThis, "postMessage");
  count("posts", MessagePort.prototype, "postMessage");
}

export const answerer = ringKernel(
  { id: "answerer", module: import.meta, input: Round, output: Counts },
  async (ctx) => {
    for await (const round of ctx) {
      if (round.isCostly) setTimeout(() => {}, 0);
      await ctx.send(reply(round, Counts({ ...counted })));
    }
  },
);

const since = (before: Counted, after: Counted): Counted => ({
  timers: after.timers - before.timers,
  posts: after.posts - before.posts,
});

export const asker = ringKernel({ id: "asker", module: import.meta, input: Round, output: Both }, async (ctx) => {
  for await (const round of ctx) {
    const ask = async (): Promise<Counted> =>
      await ctx.runtime.request("answerer", Round({ times: 0, isCostly: round.isCostly }), { timeoutMs: 60_000 });
    // The first question asks the program for the way.
    const answererBefore = await ask();
    const askerBefore = { ...counted };
    let answererAfter = answererBefore;
    for (let left = round.times; left > 0; left--) {
      answererAfter = await ask();
      // The other one falls asleep now and then, and so does this one while that wakes.
      if (left % 10 === 0) await ctx.sleep(5);
    }
    const slept = Math.floor(round.times / 10);
    const asker = since(askerBefore, counted);
    await ctx.send(reply(
      round,
      Both({
        asker: { ...asker, timers: asker.timers - slept },
        answerer: since(answererBefore, answererAfter),
      }),
    ));
  }
});
