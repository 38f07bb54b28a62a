/** The Eclipse Layout Kernel. */

import type { ELK } from "elkjs";

let kernel: Promise<ELK> | undefined;

async function load(): Promise<ELK> {
  const { default: Kernel } = await import("elkjs/lib/elk.bundled.js");
  return new (Kernel as unknown as new () => ELK)();
}

/** The kernel of this thread. It is loaded when it is needed: it is large. */
export function loadKernel(): Promise<ELK> {
  return kernel ??= load();
}
