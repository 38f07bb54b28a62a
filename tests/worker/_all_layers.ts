/** A program that has a worker of each kind. It prints a line for each layer. */

import { Pipeline, type Reader, type Writer } from "@ringmill/ringmill";
import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { Graph, ParallelNode } from "@ringmill/ringmill/graph";
import { pipeline } from "@ringmill/ringmill/linear";

export function source({ samples }: { samples: Writer<"float32"> }): void {
  samples.write(Float32Array.of(1, 2));
}

export function sink({ samples }: { samples: Reader<"float32"> }): void {
  for (const frame of samples) console.log("pipeline", ...frame);
}

export const triple = (n: number) => 3 * n;

export const measured = () => "measured";

const Count = message<{ n: number }>("Count");

export const counter = ringKernel(
  { id: "counter", module: import.meta, input: Count, output: Count },
  async (ctx) => {
    for await (const question of ctx) await ctx.send(reply(question, Count({ n: question.n + 1 })));
  },
);

if (import.meta.main) {
  await using pipe = new Pipeline("line", import.meta);
  const samples = pipe.addStream("samples", { shape: [2], dtype: "float32" });
  pipe.addTask("source", { fn: source, writes: { samples } });
  pipe.addTask("sink", { fn: sink, reads: { samples } });
  await pipe.run();
  const node = new ParallelNode("triple", triple, { module: import.meta, workers: 1 });
  await using graph = new Graph("numbers", { nodes: [node], start: node });
  console.log("graph", (await graph.execute(7)).triple);
  const { nodes } = await pipeline({ name: "texts", quiet: true })
    .node({ fn: measured, outputs: ["text"], profile: "worker", module: import.meta }).build().run();
  console.log("linear", nodes[0].memory !== undefined);
  await using runtime = new RingKernelRuntime();
  await runtime.kernelScope("counter", counter);
  console.log("actors", (await runtime.request("counter", Count({ n: 1 }), { timeoutMs: 20_000 })).n);
}
