/** Kernels in whose workers the system's clock is set while they run. Each worker imports this module. */

import { message, QueueTimeoutError, reply, ringKernel } from "@ringmill/ringmill/actors";
import { shiftClock } from "../ring/_clock_worker.ts";

/** What to do: a kernel to ask, or something of its own. */
export const Deed = message("Clock deed").of<{ deed: string; ms: number }>();
export const Outcome = message("Clock outcome").of<{ what: string }>();

const restart = { backoffMs: 1, limit: Infinity } as const;

export const clocked = ringKernel(
  { id: "clocked", module: import.meta, restart, input: Deed, output: Outcome, params: { shiftMs: 0 } },
  async (ctx) => {
    shiftClock(ctx.params.shiftMs, true);
    for await (const received of ctx) {
      const { deed, ms } = received;
      let what = "done";
      if (deed === "throw") throw new RangeError("it was told to");
      else if (deed === "sleep") await ctx.sleep(ms);
      else if (deed === "receive") {
        what = await ctx.receive({ timeoutMs: ms }).then(() => "received", (error) => {
          if (error instanceof QueueTimeoutError) return "timed out";
          throw error;
        });
      } else if (deed !== "") {
        const question = Deed({ deed: "", ms: 0 });
        what = (await ctx.runtime.request(deed, question, { timeoutMs: ms || Infinity })).what;
      }
      await ctx.send(reply(received, Outcome({ what })));
    }
  },
);
