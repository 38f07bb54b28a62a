/**
 * A coordinator takes each order through three stages, and says which one has failed. It asks the stages directly, through
 * shared memory: the program only asks the coordinator.
 *
 *     deno run -A examples/actors_coordinator.ts
 */

import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const Order = message<{ item: string; amount: number }>("Order");
/** What every stage answers: the order as it is now, or why there is none. */
const StageResult = message<{ order: { item: string; amount: number } | null; error: string | null; stage: string }>(
  "StageResult",
);
const PipelineResult = message<{ text: string }>("PipelineResult");
const PipelineError = message<{ failedStage: string; error: string }>("PipelineError");

const WORK: Readonly<Record<string, (item: string, amount: number) => number>> = {
  validate: (item, amount) => {
    if (amount > 0) return amount;
    throw new RangeError(`${item}: an amount must be positive, received ${amount}`);
  },
  reserve: (item, amount) => {
    if (item !== "unobtainium") return amount;
    throw new Error(`${item} is not in stock`);
  },
  price: (_, amount) => amount * 3,
};

/** One kernel for all stages: what a stage does is a matter of its id. A failure is a result too, with the stage's name. */
const stage = ringKernel({ id: "stage", module: import.meta, input: Order, output: StageResult }, async (ctx) => {
  for await (const order of ctx) {
    const { item, amount } = order;
    try {
      const result = { item, amount: WORK[ctx.kernelId](item, amount) };
      await ctx.send(reply(order, StageResult({ order: result, error: null, stage: ctx.kernelId })));
    } catch (error) {
      const text = (error as Error).message;
      await ctx.send(reply(order, StageResult({ order: null, error: text, stage: ctx.kernelId })));
    }
  }
});

const coordinator = ringKernel(
  { id: "coordinator", module: import.meta, input: Order, output: [PipelineResult, PipelineError] },
  async (ctx) => {
    orders: for await (const request of ctx) {
      let current = { item: request.item, amount: request.amount };
      for (const id of ["validate", "reserve", "price"]) {
        const { order, error, stage } = await ctx.runtime.request(id, Order(current), { timeoutMs: 10_000 });
        if (error !== null) {
          await ctx.send(reply(request, PipelineError({ failedStage: stage, error })));
          continue orders;
        }
        current = order;
      }
      await ctx.send(reply(request, PipelineResult({ text: `${current.item} for ${current.amount}` })));
    }
  },
);

if (import.meta.main) {
  await using runtime = new RingKernelRuntime();
  await Promise.all(Object.keys(WORK).map((id) => runtime.kernelScope(id, stage)));
  const shop = await runtime.kernelScope("coordinator", coordinator);

  const orders = [Order({ item: "tea", amount: 2 }), Order({ item: "milk", amount: -1 })];
  orders.push(Order({ item: "unobtainium", amount: 1 }), Order({ item: "bread", amount: 5 }));
  // All at once: an answer finds whoever asked.
  const answers = await Promise.all(orders.map((order) => shop.request(order, { timeoutMs: 10_000 })));
  for (const answer of answers) {
    if (PipelineError.is(answer)) console.log(`failed in ${answer.failedStage}: ${answer.error}`);
    else console.log(`done: ${answer.text}`);
  }
}
