/**
 * Launches kernels that share one worker, in a program of its own, and asks each once. Prints what a kernel keeps, in KiB as
 * JSON: on the heaps of the program and of that worker together, and of the memory of the process. Needs `--expose-gc`.
 */

import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

declare const gc: () => void;

const FIRST = 1000;
const KERNELS = 11_000;

const Question = message("Memory question").of<{ number: number }>();
const Answer = message("Memory answer").of<{ number: number; heap: number }>();

const kept = ringKernel({ id: "kept", module: import.meta, input: Question, output: Answer }, async (ctx) => {
  for await (const question of ctx) {
    const { number } = question;
    const heap = number < 0 ? heapUsed() : 0;
    await ctx.send(reply(question, Answer({ number, heap })));
  }
});

function heapUsed(): number {
  gc();
  return Deno.memoryUsage().heapUsed;
}

/** Launches some, and says what there is in use then. */
async function grow(runtime: RingKernelRuntime, from: number, to: number): Promise<{ heap: number; rss: number }> {
  const numbers = Array.from({ length: to - from }, (_, n) => from + n);
  await Promise.all(numbers.map((n) => runtime.kernelScope(`kernel ${n}`, kept, { worker: "shared" })));
  for (const number of numbers) {
    const answer = await runtime.request(`kernel ${number}`, Question({ number }));
    if (answer.number !== number) throw new Error("Cannot measure the memory: an answer is wrong");
  }
  const { heap } = await runtime.request("kernel 0", Question({ number: -1 }));
  return { heap: heap + heapUsed(), rss: Deno.memoryUsage().rss };
}

if (import.meta.main) {
  await using runtime = new RingKernelRuntime({ workers: 1, graceMs: 60_000 });
  const before = await grow(runtime, 0, FIRST);
  const after = await grow(runtime, FIRST, KERNELS);
  const each = (kind: "heap" | "rss") => (after[kind] - before[kind]) / (KERNELS - FIRST) / 1024;
  console.log(JSON.stringify({ heap: each("heap"), resident: each("rss") }));
}
