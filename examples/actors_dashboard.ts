/**
 * Kernels to look at: a shop that takes orders, asks its store whether the thing is there, and has it packed. Packing takes its
 * time, so that its queue fills up, and the store fails now and then, and goes on. The page shows how.
 *
 *     deno run -A examples/actors_dashboard.ts [PORT]
 *
 * It runs until Ctrl-C.
 */

import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { programArguments, runProgram, UsageError } from "./shared/program.ts";

const USAGE = "Usage: deno run -A examples/actors_dashboard.ts [PORT]";
const PATIENCE = { timeoutMs: 10_000 };

const Order = message<{ item: number }>("Order");
const Stock = message<{ left: number }>("Stock");

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const shop = ringKernel({ id: "shop", module: import.meta, input: Order }, async (ctx) => {
  for await (const { item } of ctx) {
    const asked = ctx.runtime.request<{ left: number }>("store", Order({ item }), PATIENCE);
    // The store may fail: then there is nothing to be had.
    const { left } = await asked.catch(() => ({ left: 0 }));
    if (left > 0) await ctx.runtime.send("packing", Order({ item }));
  }
});

const store = ringKernel({ id: "store", module: import.meta, input: Order, output: Stock }, async (ctx) => {
  for await (const order of ctx) {
    if (Math.random() < 0.002) throw new Error(`Somebody has dropped item ${order.item}`);
    await ctx.send(reply(order, Stock({ left: order.item % 10 })));
  }
});

const packing = ringKernel({ id: "packing", module: import.meta, input: Order, queueSize: 200 }, async (ctx) => {
  for await (const _ of ctx) await sleep(Math.random() < 0.01 ? 500 : 4);
});

async function main(): Promise<void> {
  const [port = "0"] = programArguments(USAGE, 0, 1);
  if (!/^\d{1,5}$/.test(port)) throw new UsageError(USAGE);
  await using runtime = new RingKernelRuntime({ telemetry: true });
  const { url } = await runtime.serveDashboard({ port: Number(port) });
  console.log(`Dashboard: ${url}`);
  let isOver = false;
  Deno.addSignalListener("SIGINT", () => isOver = true);
  for (const kernel of [store, packing, shop]) await runtime.kernelScope(kernel.id, kernel);
  for (let item = 0; !isOver; item++) {
    await runtime.send("shop", Order({ item }));
    await sleep(5);
  }
}

if (import.meta.main) await runProgram(main);
