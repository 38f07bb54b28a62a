/** Kernels that other programs use. Each worker imports this module. */

import {
  type ContextFor,
  message,
  reply,
  ringKernel,
  RingKernelRuntime,
  type StandardSchema,
} from "@ringmill/ringmill/actors";
import { exportKernel, type ExportKernelOptions, nats } from "@ringmill/ringmill/cluster";

/** What to do with a number. */
export const Deed = message("Remote deed").of<{ n: number; deed?: string; ms?: number; body?: unknown }>();
export const Done = message("Remote done").of<{ n: number; body?: unknown; pid: number }>();
export const Other = message("Remote other").of<{ text: string }>();

const restart = { limit: Infinity, backoffMs: 1 } as const;
const common = {
  module: import.meta,
  queueBytes: 2 ** 21,
  input: Deed,
  output: Done,
  restart,
  params: { notes: "" as string },
} as const;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function serve(ctx: ContextFor<typeof Deed, typeof Done, { notes: string }>): Promise<void> {
  for await (const deed of ctx) {
    const { n, body } = deed;
    if (ctx.params.notes) await Deno.writeTextFile(ctx.params.notes, `${n}\n`, { append: true });
    const waits = deed.ms ? [ctx.sleep(deed.ms)] : [];
    if (deed.deed === "cancelled") waits.push(aborted(ctx.signalOf(deed)));
    await Promise.race(waits.length > 0 ? waits : [undefined]);
    if (deed.deed === "throw") throw new RangeError(`${n} is too many`, { cause: new TypeError("the reason") });
    if (deed.deed === "cancelled" && ctx.signalOf(deed).aborted) {
      await Deno.writeTextFile(ctx.params.notes, "cancelled\n", { append: true });
    }
    if (deed.deed === "die") Deno.kill(Deno.pid, "SIGKILL");
    const answer = deed.deed === "long" ? new Uint8Array(1_048_000) : body;
    await ctx.send(reply(deed, Done({ n, body: answer, pid: Deno.pid })));
  }
}

export const worker = ringKernel({ ...common, id: "worker" }, serve);
/** One of that name that other programs think of differently. */
export const otherWorker = ringKernel({ module: import.meta, id: "other", input: Other, output: Done }, () => {});

/** A text of digits, of which its schema makes a number. */
const schema: StandardSchema<{ text: string }, { n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => {
      const { text } = value as { text: string };
      return /^\d+$/.test(text) ? { value: { n: Number(text) } } : { issues: [{ message: "no digits" }] };
    },
  },
};
export const Digits = message("Remote digits", schema);
export const doubler = ringKernel({ module: import.meta, id: "doubler", input: Digits, output: Done }, async (ctx) => {
  for await (const digits of ctx) await ctx.send(reply(digits, Done({ n: 2 * digits.n, pid: Deno.pid })));
});

/** Its schema counts on. */
const counted: StandardSchema<{ n: number }, { n: number }> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: { n: (value as { n: number }).n + 1 } }) },
};
export const Counted = message("Remote counted", counted);
export const counter = ringKernel(
  { module: import.meta, id: "counter", input: Counted, output: Counted },
  async (ctx) => {
    for await (const asked of ctx) await ctx.send(reply(asked, Counted({ n: asked.n })));
  },
);

/** Exports one until its input ends. */
if (import.meta.main) {
  const [url, notes, options] = Deno.args;
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("worker", worker, { params: { notes } });
  const wanted: Omit<ExportKernelOptions, "transport"> = JSON.parse(options);
  await using exported = await exportKernel(kernel, { transport: nats(url, { leaseMs: 500 }), ...wanted });
  console.log("exported");
  await Promise.race([exported.ended, Deno.stdin.read(new Uint8Array(1))]);
}
