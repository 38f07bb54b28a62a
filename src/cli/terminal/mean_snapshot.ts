/** The mean of several snapshots. */

import type { Snapshot } from "../../manager/metrics.ts";

/** What snapshots say of the time since the one before, or of one moment. Everything else is as of the last one. */
const VARYING: ReadonlySet<string> = new Set<string>(
  [
    "cpuPercent",
    "blockedOnEmpty",
    "blockedOnFull",
    "framesPerSecond",
    "bytesPerSecond",
    "pressurePercent",
  ] satisfies (keyof Snapshot["tasks"][string] | keyof Snapshot["streams"][string])[],
);

/** Goes from a mean a part of the way to what is new, and takes everything else from the new one. */
function blend<Value>(mean: unknown, next: Value, part: number, isVarying = false): Value {
  if (isVarying) return (mean as number) + ((next as number) - (mean as number)) * part as Value;
  if (typeof next !== "object" || next === null) return next;
  const before = (mean ?? {}) as Record<string, unknown>;
  const entries = Object.entries(next).map(([key, value]) => [
    key,
    blend(before[key], value, part, VARYING.has(key) && typeof value === "number"),
  ]);
  return Object.fromEntries(entries);
}

/** The mean of snapshots that follow each other. `elapsedMs` is the time of all of them. */
export function meanOf(before: Snapshot | undefined, next: Snapshot): Snapshot {
  if (!before || before.elapsedMs === 0) return next;
  const elapsedMs = before.elapsedMs + next.elapsedMs;
  return { ...blend(before, next, next.elapsedMs / elapsedMs), elapsedMs };
}
