/** The mean of several snapshots. */

import type { Snapshot, TaskMetrics } from "../../manager/metrics.ts";

/** What snapshots say of the time since the one before, or of one moment. Everything else is as of the last one. */
const VARYING: ReadonlySet<string> = new Set<string>(
  [
    "blocked",
    "blockedOnEmpty",
    "blockedOnFull",
    "framesPerSecond",
    "bytesPerSecond",
    "pressurePercent",
  ] satisfies (keyof TaskMetrics | keyof TaskMetrics["reads"][string] | keyof Snapshot["streams"][string])[],
);

/** Goes from a mean a part of the way to what is new, and takes everything else from the new one. */
function blend<Value>(mean: unknown, next: Value, part: number): Value {
  if (typeof next !== "object" || next === null || Array.isArray(next)) return next;
  const before = (mean ?? {}) as Record<string, unknown>;
  const entries = Object.entries(next).map(([key, value]) => [
    key,
    VARYING.has(key) ? blendNumbers(before[key] as Known, value, part) : blend(before[key], value, part),
  ]);
  return Object.fromEntries(entries);
}

type Known = number | null | undefined;

function blendNumbers(mean: Known, next: Known, part: number): Known {
  return typeof mean === "number" && typeof next === "number" ? mean + (next - mean) * part : next ?? mean;
}

/**
 * The mean use of a core. It follows from the CPU time alone, which also has what was used while nothing was known; of
 * which snapshot tells of that does not matter.
 */
function meanCpu(before: TaskMetrics | undefined, next: TaskMetrics, elapsedMs: number, beforeMs: number) {
  if (typeof before?.cpuMs !== "number" || before.cpuPercent === null || next.cpuMs === null) return next.cpuPercent;
  const firstMs = before.cpuMs - before.cpuPercent / 100 * beforeMs;
  return Math.min(100, (next.cpuMs - firstMs) / elapsedMs * 100);
}

/** The mean of snapshots that follow each other. `elapsedMs` is the time of all of them. */
export function meanOf(before: Snapshot | undefined, next: Snapshot): Snapshot {
  if (!before || before.elapsedMs === 0) return next;
  const elapsedMs = before.elapsedMs + next.elapsedMs;
  const mean = blend(before, next, next.elapsedMs / elapsedMs);
  const tasks = Object.entries(mean.tasks).map(([name, task]) => [
    name,
    { ...task, cpuPercent: meanCpu(before.tasks[name], next.tasks[name], elapsedMs, before.elapsedMs) },
  ]);
  return { ...mean, elapsedMs, tasks: Object.fromEntries(tasks) };
}
