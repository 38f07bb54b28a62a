/** The table of a runtime: its kernels. */

import { statusOf } from "../describe/describe_actors.ts";
import type { ActorsSnapshot, KernelSample } from "./actors_snapshot.ts";
import { type TableFigure, tableOf } from "./live_table.ts";
import type { LiveTable } from "./update.ts";

const KERNELS: readonly TableFigure<KernelSample>[] = [
  {
    id: "rate",
    title: "Rate",
    unit: "messages/s",
    description: "Messages processed a second",
    isCharted: true,
    of: ({ messagesPerSecond }) => messagesPerSecond,
  },
  {
    id: "pressure",
    title: "Pressure",
    unit: "share",
    description: "How full its input is",
    isCharted: true,
    warns: true,
    of: ({ queueDepth, queueSize }) => Math.min(1, queueDepth / queueSize),
  },
  {
    id: "depth",
    title: "In queue",
    unit: "count",
    description: "Messages that wait in its input",
    isCharted: true,
    of: ({ queueDepth }) => queueDepth,
  },
  {
    id: "output",
    title: "To be received",
    unit: "count",
    description: "Messages that wait in its output",
    isRare: true,
    of: ({ outputDepth }) => outputDepth,
  },
  {
    id: "errors",
    title: "Errors",
    unit: "count",
    description: "How often it has failed",
    isRare: true,
    of: ({ errors }) => errors,
  },
  {
    id: "processed",
    title: "Processed",
    unit: "count",
    description: "Messages that it has taken",
    of: ({ messagesProcessed }) => messagesProcessed,
  },
  {
    id: "sent",
    title: "Sent",
    unit: "count",
    description: "Messages that it has put into its output: answers are not among them",
    isRare: true,
    of: ({ messagesSent }) => messagesSent,
  },
  {
    id: "latency",
    title: "Latency",
    unit: "ms",
    description: "Half of its messages had waited no longer than that when it took them",
    isRare: true,
    of: ({ latencyMs }) => latencyMs && latencyMs.p50,
  },
  {
    id: "processing",
    title: "Processing",
    unit: "ms",
    description: "Half of its messages took no longer to be processed",
    isRare: true,
    of: ({ processingMs }) => processingMs && processingMs.p50,
  },
  {
    id: "dropped",
    title: "Dropped",
    unit: "count",
    description: "Messages that its queues have dropped",
    isRare: true,
    of: ({ messagesDropped }) => messagesDropped,
  },
  {
    id: "restarts",
    title: "Restarts",
    unit: "count",
    description: "Workers that were started for it after the first",
    isRare: true,
    of: ({ restarts }) => restarts,
  },
];

/** What a snapshot says, in numbers. */
export function actorsTables({ kernels }: ActorsSnapshot): LiveTable[] {
  const headOf = (kernel: KernelSample) => ({ name: kernel.kernelId, status: statusOf(kernel) });
  return [tableOf("kernel", "Kernels", KERNELS, Object.values(kernels), headOf)];
}
