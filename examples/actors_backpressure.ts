/**
 * What happens to messages that find a queue full, in three ways. The kernels are not active yet, so what is sent stays in
 * their queues, which hold four.
 *
 *     deno run -A examples/actors_backpressure.ts
 */

import {
  type ContextFor,
  message,
  QueueFullError,
  QueueTimeoutError,
  ringKernel,
  RingKernelRuntime,
} from "@ringmill/ringmill/actors";

const Reading = message<{ n: number }>("Reading");

const common = { module: import.meta, input: Reading, output: Reading, queueSize: 4 } as const;

async function pass(ctx: ContextFor<typeof Reading, typeof Reading>): Promise<void> {
  for await (const { n } of ctx) await ctx.send(Reading({ n }));
}

/** The sender waits for room: nothing is lost. */
const patient = ringKernel({ ...common, id: "patient", backpressure: "block" }, pass);
/** The sender is told at once. */
const strict = ringKernel({ ...common, id: "strict", backpressure: "reject" }, pass);
/** The latest matter. */
const live = ringKernel({ ...common, id: "live", backpressure: "dropOldest" }, pass);

if (import.meta.main) {
  await using runtime = new RingKernelRuntime();
  for (const kernel of [patient, strict, live]) {
    const handle = await runtime.launch(kernel.id, kernel);
    let refused = 0;
    for (let n = 1; n <= 6; n++) {
      try {
        await handle.send(Reading({ n }), { timeoutMs: 50 });
      } catch (error) {
        if (!(error instanceof QueueFullError || error instanceof QueueTimeoutError)) throw error;
        refused++;
        if (refused === 1) console.log(`${kernel.id}: ${error.name}`);
      }
    }
    const dropped = handle.telemetry.messagesDropped;
    await handle.activate();
    const received: number[] = [];
    while (received.length < 6 - refused - dropped) received.push((await handle.receive({ timeoutMs: 10_000 })).n);
    console.log(`${kernel.id}: received ${received.join(", ")}; ${refused} refused, ${dropped} dropped`);
  }
}
