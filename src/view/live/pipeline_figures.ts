/** Figures for a drawing that changes all the time: they keep their places, and stay calm while tasks take turns. */

import { formatCount, formatDuration } from "../../units.ts";
import type { LinkMetrics, LinkState, Snapshot, TaskMetrics } from "../../manager/metrics.ts";
import { share, streamFigure } from "../describe/describe_figures.ts";
import type { Figure, Figures } from "../description.ts";

/** A share of time that is worth a word. */
const NOTABLE = 0.05;
/** From this share of blocked time on, a task is shown as waiting. */
const MOST_OF_THE_TIME = 0.5;

/** What a snapshot says about the nodes of a pipeline's description. */
export function pipelineFigures({ tasks, streams, links = {} }: Snapshot): Figures {
  const figures = Object.values(tasks).map((task): [string, Figure] => [task.name, taskFigure(task)]);
  return figuresOf(figures, Object.values(streams), peersOf(links, peerFigure));
}

type Links = NonNullable<Snapshot["links"]>;

/** A figure for each machine at the other end of a link. */
function peersOf(links: Links, figureOf: (links: LinkMetrics[]) => Figure): [string, Figure][] {
  const all = Object.values(links);
  const peers = Array.from(new Set(all.flatMap((link) => link.peers)));
  return peers.map((peer) => [`machine:${peer}`, figureOf(all.filter((link) => link.peers.includes(peer)))]);
}

const STATES: readonly LinkState[] = ["peer lost", "interrupted", "connecting", "connected", "ended"];

/** How a machine is, by the worst of its links. */
function peerFigure(links: LinkMetrics[]): Figure {
  const state = STATES.find((each) => links.some((link) => link.state === each))!;
  const behind = links.reduce((sum, { lagFrames }) => sum + lagFrames, 0);
  const lost = Math.max(0, ...links.map(({ peerLostMs }) => peerLostMs ?? 0));
  const since = lost > 0 ? `lost for ${formatDuration(lost)}` : `${formatCount(behind)} frames behind`;
  return { status: state === "connected" ? "running" : state, lines: [since] };
}

/** The same with texts as long as they can get. */
export function widestFigures({ tasks, streams, links = {} }: Snapshot): Figures {
  const task = { status: "waiting", lines: ["100 % for data"], load: 1, loadName: "CPU" };
  const stream = { pressurePercent: 100, framesPerSecond: 8.88e6, bytesPerSecond: 8.88e9 };
  return figuresOf(
    Object.keys(tasks).map((name) => [name, task]),
    Object.values(streams).map((metrics) => ({ ...metrics, ...stream })),
    peersOf(links, () => ({ status: "interrupted", lines: ["8.88k frames behind"] })),
  );
}

function figuresOf(
  tasks: readonly [string, Figure][],
  streams: Snapshot["streams"][string][],
  peers: readonly [string, Figure][],
): Figures {
  return {
    nodes: Object.fromEntries([
      ...tasks.map(([name, figure]) => [`task:${name}`, figure]),
      ...streams.map((stream) => [`stream:${stream.name}`, streamFigure(stream)]),
      ...peers,
    ]),
  };
}

function taskFigure(task: TaskMetrics): Figure {
  return { ...doing(task), load: share(task.cpuPercent), loadName: "CPU" };
}

/** What a task does: over the whole time since the snapshot before where that is known, at the moment where it is not. */
export function doing(
  { state, restarts, waitingFor, blockedOnEmpty, blockedOnFull }: TaskMetrics,
): { status: string; lines: string[] } {
  if (state === "ended" || state === "failed") return { status: state, lines: [""] };
  if (state === "restarting") return { status: state, lines: [`restart ${restarts + 1}`] };
  if (waitingFor?.what === "start") return { status: "waiting", lines: ["for the start"] };
  const empty = blockedOnEmpty ?? 0;
  const full = blockedOnFull ?? 0;
  const [blocked, what] = full > empty ? [full, "room"] : [empty, "data"];
  const lines = [blocked < NOTABLE ? "0 % waiting" : `${Math.round(100 * blocked)} % for ${what}`];
  if (blocked > MOST_OF_THE_TIME) return { status: "waiting", lines };
  if (waitingFor?.what === "event") return { status: "waiting", lines: ["for an event"] };
  if (waitingFor?.what === "sleep") return { status: "waiting", lines: ["for a sleep"] };
  return { status: "running", lines };
}
