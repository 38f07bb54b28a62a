/**
 * A diamond: A, then B and C at the same time, then D with what both have answered. A coordinator asks them; B and C each have
 * a core of their own.
 *
 *            A
 *          /   \
 *         B     C
 *          \   /
 *            D
 *
 *     deno run -A examples/actors_dag.ts
 */

import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const Text = message<{ text: string }>("Text");
const Words = message<{ words: string[] }>("Words");
const Longest = message<{ word: string }>("Longest");
const Counts = message<{ counts: Map<string, number> }>("Counts");
const Both = message<{ longest: string; counts: Map<string, number> }>("Both");
const Summary = message<{ text: string }>("Summary");

const split = ringKernel({ id: "A", module: import.meta, input: Text, output: Words }, async (ctx) => {
  for await (const request of ctx) await ctx.send(reply(request, Words({ words: request.text.split(" ") })));
});

const longest = ringKernel({ id: "B", module: import.meta, input: Words, output: Longest }, async (ctx) => {
  for await (const request of ctx) {
    const word = request.words.reduce((longest, word) => word.length > longest.length ? word : longest);
    await ctx.send(reply(request, Longest({ word })));
  }
});

const count = ringKernel({ id: "C", module: import.meta, input: Words, output: Counts }, async (ctx) => {
  for await (const request of ctx) {
    const counts = new Map<string, number>();
    for (const word of request.words) counts.set(word, (counts.get(word) ?? 0) + 1);
    await ctx.send(reply(request, Counts({ counts })));
  }
});

const summarize = ringKernel({ id: "D", module: import.meta, input: Both, output: Summary }, async (ctx) => {
  for await (const request of ctx) {
    const [word, times] = [...request.counts].reduce((most, entry) => entry[1] > most[1] ? entry : most);
    const text = `"${request.longest}" is the longest, "${word}" comes ${times} times`;
    await ctx.send(reply(request, Summary({ text })));
  }
});

const coordinator = ringKernel({ id: "diamond", module: import.meta, input: Text, output: Summary }, async (ctx) => {
  const patience = { timeoutMs: 10_000 };
  for await (const request of ctx) {
    const { words } = await ctx.runtime.request("A", Text({ text: request.text }), patience);
    const [{ word }, { counts }] = await Promise.all([
      ctx.runtime.request("B", Words({ words }), patience),
      ctx.runtime.request("C", Words({ words }), patience),
    ]);
    const { text } = await ctx.runtime.request("D", Both({ longest: word, counts }), patience);
    await ctx.send(reply(request, Summary({ text })));
  }
});

if (import.meta.main) {
  await using runtime = new RingKernelRuntime();
  for (const kernel of [split, longest, count, summarize]) {
    await runtime.launch(kernel.id);
    await runtime.activate(kernel.id);
  }
  const diamond = await runtime.kernelScope("diamond", coordinator);
  for (const text of ["the mill grinds the corn and the corn feeds us", "to be or not to be"]) {
    console.log((await diamond.request(Text({ text }), { timeoutMs: 10_000 })).text);
  }
}
