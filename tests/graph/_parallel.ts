/** Functions that run on workers. */

import type { CallContext } from "@ringmill/ringmill/graph";

export function square(n: number): number {
  return n * n;
}

export function scale(samples: Float64Array): Float64Array {
  return samples.map((x) => 2 * x);
}

export function whichThread(): string {
  return (globalThis as { name?: string }).name ?? "main";
}

export function burn(ms: number): number {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}

export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

export function refuse(n: number): never {
  throw new TooLarge(`${n} is too large`);
}

export function die(): Promise<never> {
  self.close();
  return new Promise(() => {});
}

export function untilCancelled(_: number, context: CallContext): number {
  while (!context.cancelled);
  return 1;
}
