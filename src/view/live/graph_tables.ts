/** The table of a graph: its nodes. */

import type { GraphNodeSample, GraphSnapshot } from "./graph_snapshot.ts";
import { type TableFigure, tableOf } from "./live_table.ts";
import type { LiveTable } from "./update.ts";

const NODES: readonly TableFigure<GraphNodeSample>[] = [
  {
    id: "rate",
    title: "Rate",
    unit: "calls/s",
    description: "Calls that end in a second",
    isCharted: true,
    of: ({ callsPerSecond }) => callsPerSecond,
  },
  {
    id: "p50",
    title: "Latency",
    unit: "ms",
    description: "Half of its latest calls took no longer",
    isCharted: true,
    of: ({ p50Ms }) => p50Ms,
  },
  {
    id: "p95",
    title: "Latency, 95 %",
    unit: "ms",
    description: "19 of 20 of its latest calls took no longer",
    of: ({ p95Ms }) => p95Ms,
  },
  {
    id: "running",
    title: "Running",
    unit: "count",
    description: "Calls that run",
    isCharted: true,
    of: ({ running }) => running,
  },
  {
    id: "queued",
    title: "In queue",
    unit: "count",
    description: "Calls that wait for its limiter, of all nodes that share it",
    isRare: true,
    isCharted: true,
    of: ({ queued }) => queued,
  },
  {
    id: "limit",
    title: "Limit",
    unit: "share",
    description: "How many places of its limiter are taken",
    isRare: true,
    warns: true,
    of: ({ limitShare }) => limitShare,
  },
  {
    id: "hits",
    title: "Cache hits",
    unit: "share",
    description: "How many of its outputs were found in the store, or shared",
    isRare: true,
    of: ({ hitShare }) => hitShare,
  },
  {
    id: "errors",
    title: "Errors",
    unit: "count",
    description: "Attempts that have failed",
    isRare: true,
    of: ({ failed }) => failed,
  },
  {
    id: "retries",
    title: "Retries",
    unit: "count",
    description: "Attempts after the first",
    isRare: true,
    of: ({ retries }) => retries,
  },
  {
    id: "completed",
    title: "Completed",
    unit: "count",
    description: "Calls that have ended well",
    of: ({ completed }) => completed,
  },
  {
    id: "skipped",
    title: "Skipped",
    unit: "count",
    description: "How often it was left out",
    isRare: true,
    of: ({ skipped }) => skipped,
  },
  {
    id: "restored",
    title: "Restored",
    unit: "count",
    description: "Outputs that were taken from what is kept of a run",
    isRare: true,
    of: ({ restored }) => restored,
  },
  {
    id: "chunks",
    title: "Chunks",
    unit: "count",
    description: "Chunks that it has yielded, those that were kept again",
    isRare: true,
    of: ({ chunks }) => chunks,
  },
];

/** What a snapshot says, in numbers. */
export function graphTables({ nodes }: GraphSnapshot): LiveTable[] {
  const headOf = ({ name, status, lastError }: GraphNodeSample) => ({ name, status, note: lastError ?? undefined });
  return [tableOf("node", "Nodes", NODES, nodes, headOf)];
}
