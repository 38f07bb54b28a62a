/** Kernels that are restarted so many times in a row. Each worker imports this module. */

import { type ContextFor, message, reply, ringKernel } from "@ringmill/ringmill/actors";

/** What to do, after so many milliseconds. */
export const Deed = message("Limit deed").of<{ fails: boolean; afterMs: number }>();
export const Done = message("Limit done").of<Record<never, never>>();

const common = { module: import.meta, input: Deed, output: Done } as const;
export const RESTART = { limit: 2, backoffMs: 1, resetMs: 60 } as const;

async function serve(ctx: ContextFor<typeof Deed, typeof Done>): Promise<void> {
  for await (const deed of ctx) {
    await ctx.sleep(deed.afterMs);
    if (deed.fails) throw new RangeError("it was told to");
    await ctx.send(reply(deed, Done({})));
  }
}

export const limited = ringKernel({ ...common, id: "limited", restart: RESTART }, serve);
/** Each message stays until it is done. */
export const careful = ringKernel({ ...common, id: "careful", restart: RESTART, ack: true, attempts: 9 }, serve);
/** No message is tried twice. */
export const burying = ringKernel({ ...common, id: "burying", restart: RESTART, ack: true, attempts: 1 }, serve);
