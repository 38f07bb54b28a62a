/**
 * Two stages, each a kernel in a worker of its own. The program sends to the first, carries what comes out of it to the
 * second, and looks at the figures of both.
 *
 *     deno run -A examples/actors_pipeline.ts
 */

import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const RawData = message<{ values: number[] }>("RawData");
const Normalized = message<{ values: number[] }>("Normalized");
const Mean = message<{ mean: number }>("Mean");

const preprocess = ringKernel(
  { id: "preprocess", module: import.meta, input: RawData, output: Normalized },
  async (ctx) => {
    for await (const raw of ctx) {
      const least = Math.min(...raw.values);
      const most = Math.max(...raw.values);
      const values = raw.values.map((value) => (value - least) / (most - least));
      await ctx.send(Normalized({ values }, { correlationId: raw.messageId }));
    }
  },
);

const compute = ringKernel(
  { id: "compute", module: import.meta, input: Normalized, output: Mean },
  async (ctx) => {
    for await (const { values, messageId } of ctx) {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      await ctx.send(Mean({ mean }, { correlationId: messageId }));
    }
  },
);

// Each worker imports this module too, and must not launch anything then.
if (import.meta.main) {
  await using runtime = new RingKernelRuntime({ telemetry: true });
  const first = await runtime.launch("preprocess", preprocess);
  const second = await runtime.launch("compute", compute);
  await first.activate();
  await second.activate();

  const patience = { timeoutMs: 10_000 };
  for (const values of [[1, 2, 3, 4, 5], [0, 0, 10], [-1, 7]]) {
    await first.send(RawData({ values }));
    await second.send(await first.receive(patience));
    const { mean } = await second.receive(patience);
    console.log(`${values.join(", ")}: normalized, their mean is ${mean.toFixed(2)}`);
  }

  for (const [id, { messagesProcessed, errors, latencyMs }] of Object.entries(runtime.getAllTelemetry())) {
    console.log(`${id}: ${messagesProcessed} messages, ${errors} errors, ${latencyMs!.count} latencies`);
  }
}
