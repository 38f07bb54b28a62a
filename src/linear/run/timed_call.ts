/** Calls the function of a node, and takes the time of it alone. */

import type { MemoryUse } from "../memory_use.ts";
import type { LinearNode } from "../node.ts";
import { formatMemoryUse, measureMemory } from "../profile/memory_profile.ts";
import { profileInWorker } from "../profile/profile.ts";
import { timed, type TimedResult } from "./timed.ts";

/** Calls the function with these arguments, and without a `this`. */
export async function callTimed(
  node: LinearNode,
  args: readonly unknown[],
): Promise<TimedResult & { memory?: MemoryUse }> {
  const { fn, profile } = node;
  const call = () => timed(() => Reflect.apply(fn, undefined, args));
  if (!profile) return await call();
  const { result, use } = await (profile === "worker" ? profileInWorker(node, args) : measureMemory(call));
  console.error(`[${node.name}] ${formatMemoryUse(use)}`);
  return { ...result, memory: use };
}
