/** Calls the function of a node, and takes the time of it alone. */

import type { MemoryUse } from "../memory_use.ts";
import type { LinearNode } from "../node.ts";
import { formatMemoryUse, measureMemory } from "../profile/memory_profile.ts";
import { profileInWorker } from "../profile/profile.ts";
import { isThenable, timed, type TimedResult } from "./timed.ts";
import { tell } from "../../notices.ts";

/** What a function has returned, and what that took. */
export interface CallResult extends TimedResult {
  /** When it was done, on the clock of `performance.now()`. */
  readonly endedAt: number;
  readonly memory?: MemoryUse;
}

/** Calls the function with these arguments, and without a `this`. */
export async function callTimed(node: LinearNode, args: readonly unknown[]): Promise<CallResult> {
  const { fn, profile } = node;
  if (profile) return await callMeasured(node, args);
  const start = performance.now();
  const returned = Reflect.apply(fn, undefined, args);
  const result = isThenable(returned) ? await returned : returned;
  const endedAt = performance.now();
  return { result, durationMs: endedAt - start, endedAt };
}

async function callMeasured(node: LinearNode, args: readonly unknown[]): Promise<CallResult> {
  const call = () => timed(() => Reflect.apply(node.fn, undefined, args));
  const { result, use } = await (node.profile === "worker" ? profileInWorker(node, args) : measureMemory(call));
  tell(`[${node.name}] ${formatMemoryUse(use)}`);
  return { ...result, endedAt: performance.now(), memory: use };
}
