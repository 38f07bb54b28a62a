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
    id: "late",
    title: "Late",
    unit: "count",
    description: "Requests and answers for which nobody waited any more",
    isRare: true,
    of: ({ messagesExpired, lateAnswers }) => messagesExpired + lateAnswers,
  },
  {
    id: "lost",
    title: "Lost",
    unit: "count",
    description: "Messages that were left in its input when it had ended",
    isRare: true,
    of: ({ messagesLost }) => messagesLost,
  },
  {
    id: "letters",
    title: "Dead letters",
    unit: "count",
    description: "Messages that it has tried in vain",
    isRare: true,
    of: ({ deadLetters }) => deadLetters,
  },
  {
    id: "waits",
    title: "Waits",
    unit: "ms",
    description: "For how long it has waited for an answer, or for room",
    isRare: true,
    of: ({ waitsFor }) => waitsFor?.sinceMs ?? 0,
  },
  {
    id: "holds",
    title: "Holds up",
    unit: "ms",
    description: "For how long it has held up the kernels that share its worker",
    isRare: true,
    of: ({ holdsUpMs }) => holdsUpMs,
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
  const headOf = (kernel: KernelSample) => ({
    name: kernel.kernelId,
    status: statusOf(kernel),
    note: whatFor(kernel) ?? undefined,
  });
  return [tableOf("kernel", "Kernels", KERNELS, Object.values(kernels), headOf)];
}

/** Shorter waits are no news. */
const LEAST_WAIT_MS = 1000;

/** What a kernel has waited for so long that it is to be told. */
function whatFor({ kernelId, waitsFor }: KernelSample): string | null {
  if (!waitsFor || waitsFor.sinceMs < LEAST_WAIT_MS) return null;
  const { kind, kernel } = waitsFor;
  if (kind === "room" && kernel === kernelId) return "waits for room in its output";
  const whom = kernel === null ? "the program" : `"${kernel}"`;
  return kind === "answer" ? `waits for an answer of ${whom}` : `waits for room in ${whom}`;
}
