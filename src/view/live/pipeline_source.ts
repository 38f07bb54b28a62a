/** A pipeline, as something that a dashboard can show. */

import { now } from "../../ring/clock.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Snapshot, TaskMetrics } from "../../manager/metrics.ts";
import type { Monitor } from "../../manager/monitor.ts";
import type { TaskProgress } from "../../manager/task_group.ts";
import { cut, detailsOf } from "../../safe_text.ts";
import { formatBytes, formatClock, UNKNOWN } from "../../units.ts";
import type { Figures, ViewDescription } from "../description.ts";
import { pipelineFigures, widestFigures } from "./pipeline_figures.ts";
import { pipelineTables } from "./pipeline_tables.ts";
import type { LiveFrame } from "./live_frame.ts";
import type { LiveSource } from "./source.ts";
import { followFrames, type SeenStream } from "./stream_frames.ts";
import type { LiveFact, LiveFailure, LiveState, LiveUpdate } from "./update.ts";

/** A compiled pipeline. */
export class PipelineSource implements LiveSource<Snapshot> {
  readonly description: ViewDescription;
  readonly widest: Figures;
  readonly #run = crypto.randomUUID();
  readonly #monitor: Monitor;
  readonly framed: readonly string[];
  readonly #manager: Manager;
  readonly #streams: ReadonlyMap<string, SeenStream>;
  readonly #failures: LiveFailure[] = [];
  #startedAt: number | undefined;
  #latest: LiveUpdate<Snapshot> | undefined;

  /** Monitors it from now on. */
  constructor(
    description: ViewDescription,
    manager: Manager,
    streams: ReadonlyMap<string, SeenStream>,
    intervalMs: number,
  ) {
    this.description = description;
    this.#manager = manager;
    this.#streams = streams;
    this.#monitor = manager.openMonitor(intervalMs);
    // Of a pipeline that is cut, those of other machines are not here.
    this.framed = Object.keys(this.#monitor.latest.streams).map((name) => `stream:${name}`);
    this.widest = widestFigures(this.#monitor.latest);
    for (const progress of manager.progress) this.#follow(progress);
  }

  async #follow({ name, begun, ended }: TaskProgress): Promise<void> {
    if (await begun) this.#startedAt ??= now();
    const failure = await ended;
    if (!failure) return;
    const reason = "reason" in failure ? failure.reason : failure.message;
    this.#failures.push({ node: `task:${name}`, title: name, reason: cut(reason), details: detailsOf(failure.cause) });
  }

  async *updates(): AsyncGenerator<LiveUpdate<Snapshot>, void> {
    yield this.#now();
    for await (const _ of this.#monitor.snapshots()) yield this.#now();
    if (this.#state === "ended" || this.#state === "failed") yield this.#update(true);
  }

  get #state(): LiveState {
    const { latest } = this.#monitor;
    if (Object.keys(latest.tasks).length > 0) return stateOf(latest);
    // The program's own ends are all there is.
    if (this.#manager.isStopping) return "ended";
    return this.#manager.state === "started" ? "running" : "waiting";
  }

  frames(nodes: readonly string[], signal: AbortSignal): AsyncGenerator<LiveFrame, void> {
    const streams = nodes.map((node) => this.#streams.get(node.slice("stream:".length))!);
    return followFrames(this.#manager, streams, signal);
  }

  close(): void {
    this.#monitor.stop();
  }

  /** The same for all who follow, until there is another snapshot. */
  #now(): LiveUpdate<Snapshot> {
    const isNew = this.#latest?.snapshot !== this.#monitor.latest ||
      this.#latest.failures.length < this.#failures.length;
    if (isNew) this.#latest = this.#update(false);
    return this.#latest!;
  }

  #update(isFinal: boolean): LiveUpdate<Snapshot> {
    const snapshot = this.#monitor.latest;
    return {
      run: this.#run,
      title: this.description.title,
      state: this.#state,
      isFinal,
      sampledAt: snapshot.sampledAt,
      clockMs: this.#monitor.takenAt,
      intervalMs: this.#monitor.intervalMs,
      failures: [...this.#failures],
      facts: this.#facts(snapshot),
      drawing: 0,
      figures: pipelineFigures(snapshot),
      tables: pipelineTables(snapshot),
      snapshot,
    };
  }

  #facts({ tasks, pid, rssBytes }: Snapshot): LiveFact[] {
    const { takenAt } = this.#monitor;
    if (Object.keys(tasks).length === 0 && this.#state === "running") this.#startedAt ??= takenAt;
    return [
      {
        title: "Time",
        text: formatClock(this.#startedAt === undefined ? 0 : Math.max(0, takenAt - this.#startedAt)),
      },
      { title: "CPU", text: coresInUse(Object.values(tasks)) },
      { title: "Memory", text: formatBytes(rssBytes) },
      { title: "Process", text: `${pid}` },
    ];
  }
}

/** How many cores tasks use, or at least use where that of some is not known. */
function coresInUse(tasks: readonly TaskMetrics[]): string {
  const known = tasks.map(({ cpuPercent }) => cpuPercent).filter((percent) => percent !== null);
  const cores = known.reduce((sum, percent) => sum + percent / 100, 0).toFixed(1);
  const least = known.length === tasks.length ? "" : "at least ";
  return `${known.length === 0 ? UNKNOWN : `${least}${cores}`} of ${navigator.hardwareConcurrency} cores`;
}

function isOver({ state }: TaskMetrics): boolean {
  return state === "ended" || state === "failed";
}

function stateOf(snapshot: Snapshot): LiveState {
  const tasks = Object.values(snapshot.tasks);
  if (tasks.some(({ state }) => state === "failed")) return "failed";
  if (tasks.every(isOver)) return "ended";
  return tasks.every(({ waitingFor }) => waitingFor?.what === "start") ? "waiting" : "running";
}
