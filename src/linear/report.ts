/** What became of a run. */

import { formatBytes, formatDuration } from "../units.ts";
import type { MemoryUse } from "./memory_use.ts";
import type { LinearNodeStatus } from "./explanation.ts";

/** What became of a node in a run. */
export interface NodeOutcome {
  /** The node's name. */
  readonly node: string;
  /** Whether its function was called, its outputs were in the cache, or nobody needed it. */
  readonly status: LinearNodeStatus;
  /** Why, in words. */
  readonly reason: string;
  /** How long its function took, in milliseconds; 0 if it was not called. */
  readonly durationMs: number;
  /** How long its inputs took, to be copied or read from the cache, in milliseconds. */
  readonly loadMs: number;
  /** How long its outputs took, to be written to the cache and to files, in milliseconds. */
  readonly storeMs: number;
  /** The bytes written to the cache. */
  readonly storedBytes: number;
  /** What it did to the memory, if the node has `profile`. */
  readonly memory?: MemoryUse;
}

/** What became of a run. */
export interface RunReport<Objects extends object = Record<string, unknown>> {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** What became of each node, in their order. */
  readonly nodes: readonly NodeOutcome[];
  /** How long the run took, in milliseconds. */
  readonly durationMs: number;
  /**
   * The outputs by name, as this very run has made or found them, whatever other programs do to the cache. Those that no node
   * takes, and those of nodes with `keep`, are listed; others can be asked for as long as the cache has them. Each is a copy, or
   * itself where it cannot be copied.
   */
  readonly results: Readonly<Objects>;
}

/** Milliseconds from which on a line tells how long it took to get the inputs. */
const WORTH_TELLING_MS = 10;

/** How each status reads once the run is over. */
const STATUS: Readonly<Record<LinearNodeStatus, string>> = {
  run: "ran",
  cached: "from the cache",
  skipped: "not needed",
};

/** What became of a node, behind its name: the time of its function, and what was not that. */
export function outcomeText({ status, reason, durationMs, loadMs, storeMs, storedBytes }: NodeOutcome): string {
  if (status !== "run") return status === "cached" ? STATUS.cached : `${STATUS.skipped}: ${reason}`;
  const besides = [
    ...loadMs >= WORTH_TELLING_MS ? [`inputs taken in ${formatDuration(loadMs)}`] : [],
    ...storedBytes > 0 ? [`${formatBytes(storedBytes)} kept in ${formatDuration(storeMs)}`] : [],
  ];
  return [formatDuration(durationMs), ...besides].join(", ");
}

/** The line at the end of a run. */
export function summaryLine({ pipeline, nodes, durationMs }: Omit<RunReport, "results">): string {
  const counts = (["run", "cached", "skipped"] as const)
    .map((status) => [nodes.filter((node) => node.status === status).length, STATUS[status]] as const)
    .filter(([many]) => many > 0).map(([many, text]) => `${many} ${text}`);
  const bytes = nodes.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const kept = bytes > 0 ? [`${formatBytes(bytes)} kept`] : [];
  return `Pipeline "${pipeline}": ${[...counts, ...kept, formatDuration(durationMs)].join(", ")}`;
}
