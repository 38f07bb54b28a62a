/**
 * Orders that are done at least once though the kernel fails, and a dead letter for one that never can be: `deno run --allow-read
 * examples/actors_at_least_once.ts`.
 */

import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const Order = message("Order to book").of<{ id: number; amount: number }>();
const Booked = message("Booked").of<{ id: number; attempt: number }>();

export const booking = ringKernel(
  {
    id: "booking",
    module: import.meta,
    input: Order,
    output: Booked,
    ack: true,
    attempts: 3,
    restart: { worker: "same", backoffMs: 1 },
  },
  async (ctx) => {
    for await (const { id, amount } of ctx) {
      // The first attempt at each third order meets a database that is away; one order is nonsense.
      if (id % 3 === 0 && ctx.attempt === 1) throw new Error("the database is away");
      if (amount < 0) throw new RangeError(`an amount of ${amount}`);
      await ctx.send(Booked({ id, attempt: ctx.attempt }));
    }
  },
);

if (import.meta.main) {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("booking", booking);
  for (let id = 1; id <= 6; id++) await kernel.send(Order({ id, amount: id === 4 ? -1 : 10 }));
  for (let count = 0; count < 5; count++) {
    const { id, attempt } = await kernel.receive({ timeoutMs: 10_000 });
    console.log(`order ${id} is booked, at attempt ${attempt}`);
  }
  const { message: dead, attempts, error } = await runtime.deadLetters.receive({ timeoutMs: 10_000 });
  console.log(`order ${dead?.id} is dead after ${attempts} attempts: ${error?.reason}`);
}
