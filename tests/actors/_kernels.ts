/** Kernels that tests launch. Each worker imports this module. */

import { message, reply, ringKernel } from "@ringmill/ringmill/actors";

export const Text = message<{ text: string }>("Text");
export const Count = message<{ count: number }>("Count");
/** Holds anything. */
export const Anything = message<{ value: unknown }>("Anything");
/** Memory that the test looks at: 0 until something has happened. */
export const Flag = message<{ flag: string }>("Flag");

const { meta } = { meta: import.meta };

/** Sends what it gets, to whoever asked if somebody has. */
export const echo = ringKernel({ id: "echo", module: meta }, async (ctx) => {
  for await (const received of ctx) await ctx.send(reply(received, Anything({ value: received.value })));
});

/** Takes two messages, and answers then. */
export const pairs = ringKernel({ id: "pairs", module: meta }, async (ctx) => {
  for (;;) {
    const both = [await ctx.receive(), await ctx.receive()];
    for (const one of both) await ctx.send(reply(one, Anything({ value: one.value })));
  }
});

/** Counts what it gets, and tells when asked, and at the end. */
export const counter = ringKernel({ id: "counter", module: meta, output: Count }, async (ctx) => {
  let count = 0;
  for await (const received of ctx) {
    if (Text.is(received) && received.text === "how many") await ctx.send(reply(received, Count({ count })));
    else count++;
  }
  await ctx.send(Count({ count }));
});

/** Takes texts only. */
export const upper = ringKernel({ id: "upper", module: meta, input: Text, output: Text }, async (ctx) => {
  for await (const received of ctx) await ctx.send(reply(received, Text({ text: received.text.toUpperCase() })));
});

/** Sends a text that it is not declared to send. */
export const liar = ringKernel({ id: "liar", module: meta, output: Count }, async (ctx) => {
  for await (const received of ctx) await ctx.send(reply(received, Text({ text: "a lie" }) as never));
});

/** Asks the kernel whose id it gets, and tells the answer. */
export const asker = ringKernel({ id: "asker", module: meta, input: Text }, async (ctx) => {
  for await (const received of ctx) {
    try {
      const answer = await ctx.runtime.request(received.text, Text({ text: `from ${ctx.kernelId}` }), {
        timeoutMs: 500,
      });
      await ctx.send(reply(received, Text({ text: `${answer.text ?? answer.value}` })));
    } catch (error) {
      await ctx.send(reply(received, Text({ text: `${error}` })));
    }
  }
});

/** Sends so many numbers to the kernel of an id, without its output. */
export const source = ringKernel(
  { id: "source", module: meta, input: Count, params: { to: "counter", priority: 128 } },
  async (ctx) => {
    for await (const { count } of ctx) {
      for (let index = 0; index < count; index++) {
        await ctx.runtime.send(ctx.params.to, Count({ count: index }, { priority: ctx.params.priority }));
      }
      await ctx.send(Count({ count }));
    }
  },
);

/** Takes one message at a time, each after another one to the kernel's gate has come. */
export const slow = ringKernel(
  { id: "slow", module: meta, queueSize: 2, queueBytes: 4096 },
  async (ctx) => {
    for await (const received of ctx) await ctx.send(received);
  },
);
/** The same, which refuses what finds no room. */
export const rejecting = ringKernel(
  { id: "rejecting", module: meta, queueSize: 2, backpressure: "reject" },
  async (ctx) => {
    for await (const received of ctx) await ctx.send(received);
  },
);
/** The same, which drops the oldest. */
export const dropping = ringKernel(
  { id: "dropping", module: meta, queueSize: 2, backpressure: "dropOldest" },
  async (ctx) => {
    for await (const received of ctx) await ctx.send(received);
  },
);

/** Tells when nothing has come for 20 ms. */
export const impatient = ringKernel({ id: "impatient", module: meta }, async (ctx) => {
  while (!ctx.shouldTerminate) {
    try {
      await ctx.receive({ timeoutMs: 20 });
    } catch (error) {
      await ctx.send(Text({ text: `${error}` }));
      break;
    }
  }
});

/** Tells how its constants are. */
export const parametric = ringKernel({ id: "parametric", module: meta, params: { factor: 2 } }, async (ctx) => {
  for await (const { count } of ctx) await ctx.send(Count({ count: count * ctx.params.factor }));
});

/** Waits for a signal of its own, in the manner of the seed. */
export const loop = ringKernel({ id: "loop", module: meta, input: Text, output: Text }, async (ctx) => {
  while (!ctx.shouldTerminate) {
    if (!ctx.isActive) {
      await ctx.waitActive();
      continue;
    }
    try {
      const { text } = await ctx.receive({ timeoutMs: 10 });
      await ctx.send(Text({ text }));
    } catch {
      continue;
    }
  }
});

/** Returns after one message. */
export const once = ringKernel({ id: "once", module: meta }, async (ctx) => {
  await ctx.send(await ctx.receive());
});

/** Goes on with its timers while it waits for a message. */
export const ticking = ringKernel({ id: "ticking", module: meta }, async (ctx) => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await ctx.receive();
  clearInterval(timer);
  await ctx.send(Count({ count: ticks }));
});

/** Throws what it gets. */
export const throwing = ringKernel({ id: "throwing", module: meta }, async (ctx) => {
  for await (const { value } of ctx) throw value;
});
