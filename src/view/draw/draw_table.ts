/** What tasks and streams do, as a table for a terminal. */

import { styleText } from "node:util";
import type { LinkMetrics, LinkState, Snapshot, StreamMetrics, TaskMetrics } from "../../manager/metrics.ts";
import { formatBytes, formatCount, formatDuration, plus, UNKNOWN } from "../../units.ts";
import { share } from "../describe/describe_figures.ts";
import { boolean, checkOptions, number, type Rules, text } from "../../rules.ts";
import { type Column, drawColumns } from "./columns.ts";
import { bar, MARKS, short, type Tone, toneOf } from "./content.ts";
import { loadLevel } from "./theme.ts";

/** Options of {@link drawTable}. */
export interface DrawTableOptions {
  /**
   * The beginning of the first line.
   *
   * @default {""}
   */
  title?: string;
  /**
   * Columns of the terminal. Those of the table that matter least are left out where it is too narrow for all.
   *
   * @default {Infinity}
   */
  width?: number;
  /**
   * Lines of the terminal. Streams, then tasks, are left out where it is too low for all; a line tells how many.
   *
   * @default {Infinity}
   */
  height?: number;
  /**
   * Whether to colour states and pressures, by escape sequences.
   *
   * @default {false}
   */
  colours?: boolean;
}

/** The rules of {@link DrawTableOptions}. */
export const TABLE_RULES: Rules = { title: text, width: number(0), height: number(0), colours: boolean };

/** Columns that a name may always take, and on the widest terminal: a quarter of its width. */
const SHORTEST_NAME = 24;
const LONGEST_NAME = 80;

const TONES = { calm: "gray", active: "green", done: "gray", warn: "yellow", bad: "red" } as const satisfies Record<
  Tone,
  string
>;
const LOADS = ["green", "yellow", "red"] as const;

const percent = (share: number | null) => share === null ? UNKNOWN : `${Math.round(100 * share)}`;
const total = (ends: TaskMetrics["reads"], figure: "framesPerSecond" | "lost" | "refused") =>
  Object.values(ends).reduce<number | null>((all, end) => plus(all, end[figure]), 0);

/** What a task does: what it waits for, or its state. */
function doing({ state, waitingFor }: TaskMetrics): string {
  if (!waitingFor) return state;
  return `${waitingFor.what}${waitingFor.name === undefined ? "" : `: ${waitingFor.name}`}`;
}

const tone = ({ state }: TaskMetrics) => TONES[toneOf(state)];
const level = ({ pressurePercent }: StreamMetrics) => LOADS[loadLevel(pressurePercent / 100)];

/** Columns of rank 0 are never left out. */
const TASKS: readonly Column<TaskMetrics>[] = [
  { title: "TASK", cell: ({ name }, longest) => short(name, longest), rank: 0 },
  { title: "THREAD", cell: ({ threadId }) => `${threadId ?? ""}`, isNumber: true, rank: 5 },
  {
    title: "STATE",
    cell: (task, longest) => short(`${MARKS[toneOf(task.state)]} ${doing(task)}`, longest),
    style: tone,
    rank: 0,
  },
  { title: "CPU %", cell: ({ cpuPercent }) => percent(share(cpuPercent)), isNumber: true, rank: 1 },
  { title: "HEAP", cell: ({ heapBytes }) => formatBytes(heapBytes), isNumber: true, rank: 4 },
  { title: "IN/s", cell: ({ reads }) => formatCount(total(reads, "framesPerSecond")), isNumber: true, rank: 1 },
  { title: "OUT/s", cell: ({ writes }) => formatCount(total(writes, "framesPerSecond")), isNumber: true, rank: 1 },
  { title: "NO DATA %", cell: ({ blockedOnEmpty }) => percent(blockedOnEmpty), isNumber: true, rank: 2 },
  { title: "NO ROOM %", cell: ({ blockedOnFull }) => percent(blockedOnFull), isNumber: true, rank: 2 },
];

/** What hardly any pipeline has: a column of its own only where there is some. */
const RARE: readonly Column<TaskMetrics>[] = [
  ...[
    { title: "LOST", of: ({ reads }: TaskMetrics) => total(reads, "lost") },
    { title: "REFUSED", of: ({ writes }: TaskMetrics) => total(writes, "refused") },
    { title: "LATE ms", of: ({ latenessMs }: TaskMetrics) => latenessMs ?? 0 },
    { title: "RESTARTS", of: ({ restarts = 0 }: TaskMetrics) => restarts },
    { title: "SKIPPED", of: ({ skippedFrames = 0 }: TaskMetrics) => skippedFrames },
    { title: "DEAD", of: ({ deadLetters = 0 }: TaskMetrics) => deadLetters },
  ].map(({ title, of }) => ({ title, cell: (task: TaskMetrics) => formatCount(of(task)), isNumber: true, rank: 1 })),
  { title: "LAST ERROR", cell: ({ lastError }) => short(lastError ?? ""), rank: 6 },
];

function isThere({ cell }: Column<TaskMetrics>, tasks: readonly TaskMetrics[]): boolean {
  return tasks.some((task) => !["", "0", UNKNOWN].includes(cell(task, Infinity)));
}

const STREAMS: readonly Column<StreamMetrics>[] = [
  { title: "STREAM", cell: ({ name }, longest) => short(name, longest), rank: 0 },
  { title: "FULL", cell: ({ pressurePercent }) => bar(pressurePercent / 100), style: level, rank: 3 },
  { title: "%", cell: ({ pressurePercent }) => percent(pressurePercent / 100), isNumber: true, rank: 0 },
  { title: "FRAMES", cell: ({ frames }) => formatCount(frames), isNumber: true, rank: 2 },
  { title: "FRAMES/s", cell: ({ framesPerSecond }) => formatCount(framesPerSecond), isNumber: true, rank: 0 },
  { title: "BYTES/s", cell: ({ bytesPerSecond }) => formatBytes(bytesPerSecond), isNumber: true, rank: 1 },
];

const LINKS: readonly Column<LinkMetrics>[] = [
  { title: "LINK", cell: ({ task }, longest) => short(task, longest), rank: 0 },
  { title: "WITH", cell: ({ peers }, longest) => short(peers.join(", "), longest), rank: 1 },
  { title: "STATE", cell: ({ state }) => state, style: ({ state }) => linkTone(state), rank: 0 },
  { title: "BEHIND", cell: ({ lagFrames }) => formatCount(lagFrames), isNumber: true, rank: 0 },
  { title: "FOR", cell: ({ lagMs }) => formatDuration(lagMs), isNumber: true, rank: 2 },
  { title: "BYTES", cell: ({ bytes }) => formatBytes(bytes), isNumber: true, rank: 2 },
  { title: "RESENDS", cell: ({ resends }) => formatCount(resends), isNumber: true, rank: 3 },
  { title: "RECONNECTS", cell: ({ reconnects }) => formatCount(reconnects), isNumber: true, rank: 3 },
  {
    title: "LOST",
    cell: ({ peerLostMs }) => peerLostMs === null ? "" : formatDuration(peerLostMs),
    isNumber: true,
    rank: 1,
  },
];

const linkTone = (state: LinkState) => state === "connected" ? "green" : state === "ended" ? "gray" : "yellow";

/**
 * Draws a snapshot as two tables: of tasks, with the thread, the state (or what a task waits for: data, room, an event),
 * the use of one core, the heap, frames a second in and out, and the shares of time without data to read and without
 * room to write, and, if there are any, the frames that were lost or refused, lateness, restarts, skipped frames, dead letters and the
 * last error; of streams, with how full they are; and of links with other machines, if there are any. No line
 * ends with a newline.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { drawTable } from "@ringmill/ringmill/view";
 * import { match } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32", frames: 2 });
 * const writer = pipe.openWriter(samples);
 * const reader = pipe.openReader(samples);
 * await pipe.start();
 * writer.write(Float32Array.of(1, 2, 3, 4));
 * for await (const snapshot of pipe.watch()) {
 *   match(drawTable(snapshot, { title: "loop" }), /samples +▰▰▰▰▰▱▱▱▱▱ +50 /);
 *   break;
 * }
 * reader.close();
 * ```
 */
export function drawTable(snapshot: Snapshot, options: DrawTableOptions = {}): string {
  checkOptions("draw a table", options, TABLE_RULES);
  const { title = "", width = Infinity, height = Infinity, colours = false } = options;
  const longest = Math.max(SHORTEST_NAME, Math.min(LONGEST_NAME, Math.floor(width / 4)));
  const paint = (text: string, style: Parameters<typeof styleText>[0]) =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const tasks = Object.values(snapshot.tasks);
  const streams = Object.values(snapshot.streams);
  const heading = [title, `pid ${snapshot.pid}`, formatBytes(snapshot.rssBytes)].filter((part) => part !== "");
  // Each table has a line for the names of its columns. One of streams needs three to tell something.
  const forTasks = Math.min(tasks.length + 1, height - 1);
  const links = Object.values(snapshot.links ?? {});
  const forLinks = links.length === 0 ? 0 : Math.min(links.length + 1, height - 1 - forTasks);
  const left = height - 1 - forTasks - forLinks;
  const forStreams = left >= Math.min(3, streams.length + 1) ? left : 0;
  return [
    paint(short(heading.join("  "), width), "bold"),
    ...drawColumns([...TASKS, ...RARE.filter((column) => isThere(column, tasks))], tasks, {
      width,
      longest,
      height: forTasks,
      paint,
    }),
    ...drawColumns(LINKS, links, { width, longest, height: forLinks, paint }),
    ...drawColumns(STREAMS, streams, { width, longest, height: forStreams, paint }),
  ].join("\n");
}
