/** Kernels that answer in different ways, and throw when asked to. */

import { type ContextFor, message, QueueTimeoutError, reply, ringKernel } from "@ringmill/ringmill/actors";
import { Random } from "../ring/_helpers.ts";

/** A question, which may be one that makes its kernel throw, or its worker end. */
export const Ask = message<{ number: number; throws: boolean; ends?: boolean }>("Ask");
/** Its answer. */
export const Answer = message<{ number: number }>("Answer");

/** How a kernel takes messages. */
export type Style = "iterates" | "polls" | "looks first" | "asks another";

/** What a kernel is to do. */
export interface Living {
  readonly style: Style;
  /** Whom it asks. */
  readonly other: string;
  readonly seed: number;
}

/** What is answered by a kernel that has got the answer to a question which was not its own. It is odd, and nobody's number. */
const WRONG = -1;

type Context = ContextFor<typeof Ask, typeof Answer, Living>;

type Asked = Awaited<ReturnType<Context["receive"]>>;

async function answer(ctx: Context, ask: Asked, number = ask.number): Promise<void> {
  const { throws, ends } = ask;
  if (ends) (globalThis as unknown as { close(): void }).close();
  if (throws) throw new RangeError(`no ${number}`);
  await ctx.send(reply(ask, Answer({ number })));
}

const STYLES: { readonly [Name in Style]: (ctx: Context) => Promise<void> } = {
  async "iterates"(ctx) {
    for await (const ask of ctx) await answer(ctx, ask);
  },
  async "polls"(ctx) {
    const random = new Random(ctx.params.seed);
    while (!ctx.shouldTerminate) {
      const ask = await ctx.receive({ timeoutMs: random.below(4) }).catch((error) => {
        if (!(error instanceof QueueTimeoutError)) throw error;
      });
      if (ask) await answer(ctx, ask);
    }
  },
  async "looks first"(ctx) {
    for (;;) {
      await ctx.waitActive();
      await answer(ctx, await ctx.receive());
    }
  },
  async "asks another"(ctx) {
    for await (const ask of ctx) {
      const number = ask.number | 1;
      // The other one may be paused, fail, or be gone.
      const told = await ctx.runtime.request(ctx.params.other, Ask({ number, throws: false }), { timeoutMs: 5 })
        .catch(() => ({ number }));
      await answer(ctx, ask, told.number === number ? ask.number : WRONG);
    }
  },
};

const live = (ctx: Context) => STYLES[ctx.params.style](ctx);
const [module, input, output, params] = [import.meta, Ask, Answer, {} as Living];
const options = { module, input, output, params, queueSize: 4, restart: { backoffMs: 1, limit: Infinity } };

/** Is called again after an error. */
export const goesOn = ringKernel({ ...options, id: "goes on", restart: { ...options.restart, worker: "same" } }, live);
/** Gets a new worker after an error. */
export const restarts = ringKernel({ ...options, id: "restarts" }, live);
/** Ends after an error. */
export const givesUp = ringKernel({ ...options, id: "gives up", restart: "never" }, live);
