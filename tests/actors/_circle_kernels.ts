/** Kernels that ask each other on a way which leads back. Each worker imports this module. */

import { message, reply, ringKernel } from "@ringmill/ringmill/actors";

const module = import.meta;

/** Whom to ask, each the next one; and how long each waits. */
export const Walk = message("Circle walk").of<{ way: string[]; timeoutMs: number }>();
export const Said = message("Circle said").of<{ errors: string[] }>();

/** Asks the next on the way, and tells all errors so far. */
export const walker = ringKernel({ id: "circle walker", module, input: Walk, output: Said }, async (ctx) => {
  for await (const walk of ctx) {
    const [next, ...way] = walk.way;
    const errors: string[] = [];
    if (next !== undefined) {
      try {
        const question = Walk({ way, timeoutMs: walk.timeoutMs });
        const said = await ctx.runtime.request(next, question, { timeoutMs: walk.timeoutMs });
        errors.push(...said.errors as string[]);
      } catch (error) {
        errors.push(`${ctx.kernelId}: ${(error as Error).message}`);
      }
    }
    await ctx.send(reply(walk, Said({ errors })));
  }
});

/** Sends to another one until there is no more room, and for ever. */
export const flooder = ringKernel(
  { id: "circle flooder", module, input: Walk, output: Said, queueSize: { input: 1 } },
  async (ctx) => {
    const [next] = (await ctx.receive()).way;
    for (;;) await ctx.runtime.send(next, Walk({ way: [ctx.kernelId], timeoutMs: 0 }));
  },
);
