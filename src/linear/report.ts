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

/** How each status reads once the run is over. */
const STATUS: Readonly<Record<LinearNodeStatus, string>> = {
  run: "ran",
  cached: "from the cache",
  skipped: "not needed",
};

/** The table at the end of a run. */
export function summaryTable({ pipeline, nodes, durationMs }: Omit<RunReport, "results">): string {
  const rows = [["node", "", "time", "stored"]];
  for (const { node, status, durationMs, storedBytes } of nodes) {
    rows.push([
      node,
      STATUS[status],
      status === "run" ? formatDuration(durationMs) : "",
      storedBytes === 0 ? "" : formatBytes(storedBytes),
    ]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => {
    return `  ${row.map((cell, at) => at < 2 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])).join("  ")}`
      .trimEnd();
  });
  const counts = (["run", "cached", "skipped"] as const)
    .map((status) => [nodes.filter((node) => node.status === status).length, STATUS[status]] as const)
    .filter(([many]) => many > 0).map(([many, text]) => `${many} ${text}`);
  const total = `${[...counts, formatDuration(durationMs)].join(", ")}`;
  return [`Pipeline "${pipeline}": ${total}`, ...lines].join("\n");
}
