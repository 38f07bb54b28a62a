/** What became of a run. */

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
  /** How long it took, with the writing of its outputs, in milliseconds; 0 if it was not run. */
  readonly durationMs: number;
  /** The bytes written to the cache. */
  readonly storedBytes: number;
  /** What it did to the memory, if the node has `profile`. */
  readonly memory?: MemoryUse;
}

/** What became of a run. */
export interface RunReport {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** What became of each node, in their order. */
  readonly nodes: readonly NodeOutcome[];
  /** How long the run took, in milliseconds. */
  readonly durationMs: number;
}

/** A duration for people. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  const seconds = ms / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

function formatBytes(bytes: number): string {
  if (bytes === 0) return "";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** How each status reads once the run is over. */
const STATUS: Readonly<Record<LinearNodeStatus, string>> = {
  run: "ran",
  cached: "from the cache",
  skipped: "not needed",
};

/** The table at the end of a run. */
export function summaryTable({ pipeline, nodes, durationMs }: RunReport): string {
  const rows = [["node", "", "time", "stored"]];
  for (const { node, status, durationMs, storedBytes } of nodes) {
    rows.push([node, STATUS[status], status === "run" ? formatDuration(durationMs) : "", formatBytes(storedBytes)]);
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
