/** The tables of a pipeline: its tasks, and its streams. */

import type { EndMetrics, LinkMetrics, Snapshot, StreamMetrics, TaskMetrics } from "../../manager/metrics.ts";
import { cut } from "../../safe_text.ts";
import { plus } from "../../units.ts";
import { share } from "../describe/describe_figures.ts";
import { doing } from "./pipeline_figures.ts";
import { type RowHead, type TableFigure, tableOf } from "./live_table.ts";
import type { LiveTable } from "./update.ts";

const TASKS: readonly TableFigure<TaskMetrics>[] = [
  {
    id: "cpu",
    title: "CPU",
    unit: "share",
    description: "Use of one core by the task's thread",
    isCharted: true,
    of: ({ cpuPercent }) => share(cpuPercent),
  },
  {
    id: "empty",
    title: "Waits for data",
    unit: "share",
    description: "Share of time that it is blocked on an empty stream",
    isCharted: true,
    of: ({ blockedOnEmpty }) => blockedOnEmpty,
  },
  {
    id: "full",
    title: "Waits for room",
    unit: "share",
    description: "Share of time that it is blocked on a full stream: who reads it cannot keep up",
    isCharted: true,
    warns: true,
    of: ({ blockedOnFull }) => blockedOnFull,
  },
  {
    id: "in",
    title: "In",
    unit: "bytes/s",
    description: "Bytes a second of all that it reads",
    of: ({ reads }) => total(reads, "bytesPerSecond"),
  },
  {
    id: "out",
    title: "Out",
    unit: "bytes/s",
    description: "Bytes a second of all that it writes",
    of: ({ writes }) => total(writes, "bytesPerSecond"),
  },
  {
    id: "lost",
    title: "Lost",
    unit: "count",
    description: "Frames that passed it by unread",
    isRare: true,
    of: ({ reads }) => total(reads, "lost"),
  },
  {
    id: "refused",
    title: "Refused",
    unit: "count",
    description: "Frames for which it found no room in time",
    isRare: true,
    of: ({ writes }) => total(writes, "refused"),
  },
  {
    id: "late",
    title: "Late",
    unit: "ms",
    description: "How late it is with what it does by the clock",
    isRare: true,
    of: ({ latenessMs }) => latenessMs,
  },
  {
    id: "restarts",
    title: "Restarts",
    unit: "count",
    description: "How often it was started again after a failure",
    isRare: true,
    of: ({ restarts }) => restarts,
  },
  {
    id: "skipped",
    title: "Skipped",
    unit: "count",
    description: "Frames that it failed on, and that were left out",
    isRare: true,
    of: ({ skippedFrames }) => skippedFrames,
  },
  {
    id: "dead",
    title: "Dead letters",
    unit: "count",
    description: "Frames that it failed on, and that went to the dead letters",
    isRare: true,
    of: ({ deadLetters }) => deadLetters,
  },
  {
    id: "heap",
    title: "Heap",
    unit: "bytes",
    description: "Bytes in use on its own heap, as of its last wait",
    isCharted: true,
    of: ({ heapBytes }) => heapBytes,
  },
];

const STREAMS: readonly TableFigure<StreamMetrics>[] = [
  {
    id: "pressure",
    title: "Pressure",
    unit: "share",
    description: "How full the stream is for its slowest reader",
    isCharted: true,
    warns: true,
    of: ({ pressurePercent }) => share(pressurePercent),
  },
  {
    id: "throughput",
    title: "Throughput",
    unit: "bytes/s",
    description: "Bytes published a second",
    isCharted: true,
    of: ({ bytesPerSecond }) => bytesPerSecond,
  },
  {
    id: "rate",
    title: "Rate",
    unit: "frames/s",
    description: "Frames published a second",
    of: ({ framesPerSecond }) => framesPerSecond,
  },
  { id: "frames", title: "Frames", unit: "count", description: "Frames published", of: ({ frames }) => frames },
];

const LINKS: readonly TableFigure<LinkMetrics>[] = [
  {
    id: "lag",
    title: "Behind",
    unit: "count",
    description: "Frames that are under way and not consumed",
    isCharted: true,
    of: ({ lagFrames }) => lagFrames,
  },
  { id: "lagMs", title: "For", unit: "ms", description: "Since when the first of them is", of: ({ lagMs }) => lagMs },
  { id: "bytes", title: "Bytes", unit: "bytes", description: "Sent, or arrived", of: ({ bytes }) => bytes },
  {
    id: "resends",
    title: "Resends",
    unit: "count",
    description: "Parcels that were sent again",
    of: ({ resends }) => resends,
  },
  {
    id: "reconnects",
    title: "Reconnects",
    unit: "count",
    description: "How often the connection was made again",
    of: ({ reconnects }) => reconnects,
  },
  {
    id: "lost",
    title: "Peer lost",
    unit: "ms",
    description: "Since when a program at the other end has not been there",
    of: ({ peerLostMs }) => peerLostMs,
  },
];

/** The links, whose rows belong to the tasks that hold them. */
function linkTable(links: Readonly<Record<string, LinkMetrics>>): LiveTable {
  const table = tableOf(
    "link",
    "Links",
    LINKS,
    Object.values(links),
    ({ task, state }) => ({ name: task, status: state }),
  );
  return { ...table, rows: table.rows.map((row) => ({ ...row, node: `task:${row.title}` })) };
}

/** What a snapshot says, in numbers. */
export function pipelineTables({ tasks, streams, links }: Snapshot): LiveTable[] {
  return [
    tableOf("stream", "Streams", STREAMS, Object.values(streams), ({ name }) => ({ name })),
    tableOf("task", "Tasks", TASKS, Object.values(tasks), headOf),
    ...links ? [linkTable(links)] : [],
  ];
}

function headOf(task: TaskMetrics): RowHead {
  const { name, lastError } = task;
  return { name, status: doing(task).status, note: lastError === null ? undefined : cut(lastError) };
}

function total(
  ends: Readonly<Record<string, EndMetrics>>,
  figure: "bytesPerSecond" | "lost" | "refused",
): number | null {
  return Object.values(ends).reduce<number | null>((sum, end) => plus(sum, end[figure]), 0);
}
