/** Kernels whose queues are full, and one that waits for them. */

import { type ContextFor, message, reply, ringKernel } from "@ringmill/ringmill/actors";

export const Text = message("Crowded text").of<{ text: string; many?: number }>();
export const Length = message("Crowded length").of<{ n: number; text?: string }>();
const common = { module: import.meta, input: Text, output: Length } as const;

type Context = ContextFor<typeof Text, typeof Length>;

async function measure(ctx: Context): Promise<void> {
  for await (const text of ctx) {
    await ctx.sleep(1);
    await ctx.send(reply(text, Length({ n: text.text.length, text: text.text.slice(0, 9) })));
  }
}

export const measurer = ringKernel({ ...common, id: "measurer" }, measure);
/** Holds two messages. */
export const narrow = ringKernel({ ...common, id: "narrow", queueSize: { input: 2, output: 100 } }, measure);
/** Holds four messages, and drops the oldest. */
export const forgetful = ringKernel(
  { ...common, id: "forgetful", queueSize: { input: 4, output: 100 }, backpressure: { input: "dropOldest" } },
  measure,
);

/** Asks the measurer at once for the lengths of so many texts. */
export const asker = ringKernel({ ...common, id: "asker" }, async (ctx) => {
  for await (const asked of ctx) {
    const ask = () => ctx.runtime.request("measurer", Text({ text: asked.text }));
    const lengths = await Promise.all(Array.from({ length: asked.many! }, ask));
    await ctx.send(reply(asked, Length({ n: lengths.length })));
  }
});

/** Uses a kernel that it does not know yet, by each method in turn, and answers what has come of it. */
export const stranger = ringKernel({ ...common, id: "stranger" }, async (ctx) => {
  const wait = { timeoutMs: 200 };
  for await (const asked of ctx) {
    const message = Text({ text: "" });
    const uses: Record<string, () => Promise<unknown>> = {
      send: () => ctx.runtime.send("quiet", message, wait),
      request: () => ctx.runtime.request("quiet", message, wait),
      receive: () => ctx.runtime.receive("quiet", wait),
      receiveAny: () => ctx.runtime.receiveAny(["quiet"], wait),
      signal: () => ctx.runtime.receive("quiet", { signal: AbortSignal.timeout(200) }),
    };
    await ctx.sleep(50);
    const begun = performance.now();
    const error = await uses[asked.text]().then(() => "none", ({ name }) => name);
    await ctx.send(reply(asked, Length({ n: performance.now() - begun, text: error })));
  }
});
