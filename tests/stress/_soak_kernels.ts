/** Kernels that send and check numbered messages of random size. */

import { deepEqual, equal } from "node:assert/strict";
import { message, ringKernel } from "@ringmill/ringmill/actors";
import { Random } from "../ring/_helpers.ts";

/** A message of one of several senders, with a number among those that it sends to the same kernel. */
export const Numbered = message<{ sender: number; number: number; bytes: Uint8Array; text: string }>("Numbered");
/** How many came of each sender. */
export const Counts = message<{ counts: number[] }>("Counts");

/** What a sender is to do. */
export interface Sending {
  readonly sender: number;
  readonly sinks: readonly string[];
  /** Messages to each of them. */
  readonly messages: number;
  /** Bytes of a message at most. */
  readonly most: number;
  readonly seed: number;
}

function contentOf(sender: number, number: number, length: number): { bytes: Uint8Array; text: string } {
  const byte = (sender * 31 + number) & 0xff;
  return { bytes: new Uint8Array(length).fill(byte), text: "é".repeat(byte & 31) };
}

const module = import.meta;
const restart = "never";

/** Sends to all sinks in turn. */
export const sendNumbered = ringKernel({ id: "send numbered", module, restart, params: {} as Sending }, async (ctx) => {
  await ctx.waitActive();
  const { sender, sinks, messages, most, seed } = ctx.params;
  const random = new Random(seed);
  for (let number = 0; number < messages; number++) {
    for (const sink of sinks) {
      const content = contentOf(sender, number, random.below(most));
      const priority = 128 + random.below(32);
      await ctx.runtime.send(sink, Numbered({ sender, number, ...content }, { priority }));
    }
  }
});

/** Takes so many messages of each sender, and checks that they are what was sent, in its order. */
export const checkNumbered = ringKernel(
  { id: "check numbered", module, restart, input: Numbered, output: Counts, params: { senders: 0, messages: 0 } },
  async (ctx) => {
    const { senders, messages } = ctx.params;
    const counts = new Array<number>(senders).fill(0);
    for (let left = senders * messages; left > 0; left--) {
      const { sender, number, bytes, text } = await ctx.receive();
      equal(number, counts[sender]++);
      deepEqual({ bytes, text }, contentOf(sender, number, bytes.length));
    }
    await ctx.send(Counts({ counts }));
  },
);
