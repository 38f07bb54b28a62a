/** Tasks that no file can hold: they depend on where the program runs. */

import type { Pipeline } from "./pipeline.ts";

const reasons = new WeakMap<Pipeline, Map<string, string>>();

/** Has `save()` refuse a pipeline for one of its tasks. `reason` says what the task does, as it follows its name. */
export function refuseSaving(pipe: Pipeline, task: string, reason: string): void {
  const known = reasons.get(pipe) ?? new Map<string, string>();
  reasons.set(pipe, known.set(task, reason));
}

/** Why some tasks cannot be saved, or `null`. */
export function whyUnsaved(pipe: Pipeline, tasks: Iterable<string>): string | null {
  const known = reasons.get(pipe);
  if (!known) return null;
  const found = Array.from(tasks).filter((task) => known.has(task)).map((task) => `task "${task}" ${known.get(task)}`);
  return found.length === 0 ? null : found.join("; ");
}
