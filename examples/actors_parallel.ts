/**
 * Several instances of one kernel, under different ids. The program gives each the next piece of work in turn, and collects
 * what comes out of them.
 *
 *     deno run -A examples/actors_parallel.ts
 */

import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const Range = message<{ from: number; to: number }>("Range");
const Primes = message<{ count: number }>("Primes");

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return n > 1;
}

const prime = ringKernel({ id: "prime", module: import.meta, input: Range, output: Primes }, async (ctx) => {
  for await (const { from, to } of ctx) {
    let count = 0;
    for (let n = from; n < to; n++) if (isPrime(n)) count++;
    await ctx.send(Primes({ count }));
  }
});

if (import.meta.main) {
  const INSTANCES = 3;
  const PIECES = 30;
  const SIZE = 1000;
  await using runtime = new RingKernelRuntime();
  const kernels = await Promise.all(
    Array.from({ length: INSTANCES }, (_, index) => runtime.kernelScope(`prime ${index}`, prime)),
  );

  for (let piece = 0; piece < PIECES; piece++) {
    await kernels[piece % INSTANCES].send(Range({ from: piece * SIZE, to: (piece + 1) * SIZE }));
  }
  let total = 0;
  for (let piece = 0; piece < PIECES; piece++) {
    total += (await kernels[piece % INSTANCES].receive({ timeoutMs: 10_000 })).count;
  }
  console.log(`${total} primes below ${PIECES * SIZE}`);
  for (const { id, telemetry } of kernels) console.log(`${id}: ${telemetry.messagesProcessed} pieces`);
}
