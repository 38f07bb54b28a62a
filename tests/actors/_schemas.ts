/** Messages with schemas, and a kernel that takes them. Each worker imports this module. */

import { message, reply, ringKernel } from "@ringmill/ringmill/actors";
import * as v from "valibot";
import { z } from "zod";

export const Order = message(
  "Order",
  z.object({ item: z.string().min(1), amount: z.coerce.number().positive().default(1) }),
);
export const Receipt = message("Receipt", v.object({ text: v.pipe(v.string(), v.trim()) }));
export const Slow = message(
  "Slow",
  z.object({ n: z.number() }).refine(async ({ n }) => await Promise.resolve(n > 0), "must be positive"),
);

export const shop = ringKernel(
  { id: "shop", module: import.meta, input: [Order, Slow], output: Receipt },
  async (ctx) => {
    for await (const order of ctx) {
      if (Slow.is(order)) await ctx.send(reply(order, Receipt({ text: `${order.n}` })));
      else if (order.item === "lie") await ctx.send(reply(order, Receipt({ text: 1 as never })));
      else await ctx.send(reply(order, Receipt({ text: `  ${order.amount.toFixed(0)} of ${order.item} ` })));
    }
  },
);
