/** Kernels that send, sum up, ask, answer and hand on. */

import process from "node:process";
import { message, reply, ringKernel } from "@ringmill/ringmill/actors";
import { type Percentiles, percentiles, Receipt, verify } from "./_measure.ts";
import { type Found, type Payload as Body, type Range, TEXT } from "./_message_rivals.ts";
import { timeRoundTripsAsync } from "./_round_trips.ts";

/** A message of about 64 bytes. */
export const Payload = message<Body>("Payload");
/** What a kernel has found. */
export const Report = message<{ found: Found | Percentiles }>("Report");

const [module, input] = [import.meta, Payload];

/** Sends the numbers of a range to the kernel "sink". */
export const send = ringKernel({ id: "send", module, params: {} as Range }, async (ctx) => {
  await ctx.waitActive();
  const { first, step, messages } = ctx.params;
  for (let number = first; number < messages; number += step) {
    await ctx.runtime.send("sink", Payload({ number, text: TEXT }));
  }
});

/** Sums up the numbers of so many messages. */
export const sumUp = ringKernel({ id: "sum up", module, input, params: { messages: 0 } }, async (ctx) => {
  const receipt = new Receipt(ctx.params.messages / 5);
  while (receipt.count < ctx.params.messages) receipt.take((await ctx.receive()).number);
  await ctx.send(Report({ found: receipt.settle() }));
});

/** Asks the kernel "answer" so often. */
export const ask = ringKernel({ id: "ask", module, params: { trips: 0 } }, async (ctx) => {
  await ctx.waitActive();
  const times = await timeRoundTripsAsync(ctx.params.trips, async (number) => {
    const answer = await ctx.runtime.request<Body>("answer", Payload({ number, text: TEXT }));
    verify(answer.number === number, "a round trip between kernels");
  });
  await ctx.send(Report({ found: percentiles(times) }));
});

/** Answers what {@link ask} asks. */
export const answer = ringKernel({ id: "answer", module, input }, async (ctx) => {
  for await (const question of ctx) await ctx.send(reply(question, Payload({ number: question.number, text: TEXT })));
});

/**
 * Hands on each message with its number plus one. Where it began, it says what it found in `hops` hops after `warmUp`: both are
 * multiples of how many stand in the ring.
 */
export const handOn = ringKernel(
  { id: "hand on", module, input, params: { to: "", warmUp: 0, hops: 0 } },
  async (ctx) => {
    const { to, warmUp, hops } = ctx.params;
    let [start, cpu] = [0, 0];
    for await (const { number, text, nested } of ctx) {
      if (number === warmUp) [start, cpu] = [performance.now(), cpuTime()];
      if (number < warmUp + hops) await ctx.runtime.send(to, Payload({ number: number + 1, text, nested }));
      else await ctx.send(Report({ found: foundIn(hops, performance.now() - start, cpuTime() - cpu) }));
    }
  },
);

function foundIn(hops: number, ms: number, cpuMs: number): Found {
  return { time: ms / hops * 1e6, sum: hops, cpu: cpuMs / hops * 1e6 };
}

/** Milliseconds that all threads of the program have computed. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
