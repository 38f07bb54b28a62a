/** A graph of async nodes, as something that a dashboard can show. */

import type { GraphEvent } from "../../graph/events.ts";
import { now } from "../../ring/clock.ts";
import { formatBytes, formatClock, formatCount, formatDuration } from "../../units.ts";
import { Latest } from "../../worker/latest.ts";
import { describeGraph, type DrawableGraph } from "../describe/describe_graph.ts";
import type { Figure, Figures, ViewDescription } from "../description.ts";
import { GraphRecorder } from "./graph_recorder.ts";
import type { GraphNodeSample, GraphSnapshot } from "./graph_snapshot.ts";
import { graphTables } from "./graph_tables.ts";
import type { LiveSource } from "./source.ts";
import type { LiveFact, LiveState, LiveUpdate } from "./update.ts";

/** A graph that can be followed. */
export interface LiveGraph extends DrawableGraph {
  /** Whether it is not closed. */
  readonly isOpen: boolean;
}

/** Has a function told of all events, until the function that it returns has been called. */
export type ListenToGraph = (listener: (event: GraphEvent) => void) => () => void;

/** As long as figures can get. */
const WIDEST: Figure = {
  status: "interrupted",
  lines: ["888 calls/s, 888 ms", "88.8 k failed"],
};
/** The same of a node with a limiter. */
const WIDEST_LIMITED: Figure = { ...WIDEST, load: 1, loadName: "limit" };

/** A graph. */
export class GraphSource implements LiveSource<GraphSnapshot> {
  readonly #run: string = crypto.randomUUID();
  readonly #graph: LiveGraph;
  readonly #intervalMs: number;
  readonly #recorder: GraphRecorder;
  readonly #stopListening: () => void;
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #description!: ViewDescription;
  #drawing = -1;
  readonly #latest: Latest<LiveUpdate<GraphSnapshot>>;
  #isClosed = false;

  /** Listens from now on. */
  constructor(graph: LiveGraph, listen: ListenToGraph, intervalMs: number) {
    this.#graph = graph;
    this.#intervalMs = intervalMs;
    this.#recorder = new GraphRecorder(graph);
    this.#stopListening = listen(this.#recorder.hear);
    this.#latest = new Latest(this.#look());
    this.#timer = setInterval(() => this.#turn(), intervalMs);
    Deno.unrefTimer(this.#timer);
  }

  get description(): ViewDescription {
    return this.#description;
  }

  get widest(): Figures {
    const nodes = this.#description.nodes.filter(({ kind }) => kind === "task");
    const { limited } = this.#recorder;
    return { nodes: Object.fromEntries(nodes.map(({ id }) => [id, limited.has(id) ? WIDEST_LIMITED : WIDEST])) };
  }

  updates(): AsyncGenerator<LiveUpdate<GraphSnapshot>, void> {
    return this.#latest.follow();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#turn();
    this.#stopListening();
  }

  #turn(): void {
    this.#latest.replace(this.#look(), this.#isClosed);
  }

  #look(): LiveUpdate<GraphSnapshot> {
    this.#describe();
    return this.#update(this.#recorder.take());
  }

  /** Drawn again only where something has changed. */
  #describe(): void {
    const description = describeGraph(this.#graph);
    if (this.#description && JSON.stringify(description) === JSON.stringify(this.#description)) return;
    this.#description = description;
    this.#recorder.arrange();
    this.#drawing++;
  }

  #update(snapshot: GraphSnapshot): LiveUpdate<GraphSnapshot> {
    const { isOpen } = this.#graph;
    return {
      run: this.#run,
      title: this.#description.title,
      state: this.#state,
      isFinal: this.#isClosed && !isOpen,
      sampledAt: snapshot.sampledAt,
      clockMs: now(),
      intervalMs: this.#intervalMs,
      failures: [...this.#recorder.failures],
      facts: this.#factsOf(snapshot),
      drawing: this.#drawing,
      figures: { nodes: Object.fromEntries(snapshot.nodes.map((node) => [node.id, figureOf(node)])) },
      tables: graphTables(snapshot),
      timelines: this.#recorder.timelines(),
      snapshot,
    };
  }

  /** One execution that has failed is no failure of a graph that serves many. */
  get #state(): LiveState {
    if (!this.#graph.isOpen) return "ended";
    return this.#recorder.begun === 0 ? "waiting" : "running";
  }

  #factsOf({ running, ended, runsPerSecond }: GraphSnapshot): LiveFact[] {
    const failed = ended.failed > 0 ? [{ title: "Failed", text: formatCount(ended.failed) }] : [];
    const waiting = ended.interrupted > 0 ? [{ title: "Interrupted", text: formatCount(ended.interrupted) }] : [];
    return [
      { title: "Time", text: formatClock(performance.now() - this.#startedAt) },
      { title: "Runs", text: `${formatCount(running)} of ${formatCount(this.#recorder.begun)}` },
      { title: "Rate", text: formatCount(runsPerSecond, "/s") },
      ...failed,
      ...waiting,
      { title: "Memory", text: formatBytes(Deno.memoryUsage().rss) },
      { title: "Process", text: `${Deno.pid}` },
    ];
  }
}

function figureOf({ status, callsPerSecond, p50Ms, failed, limitShare }: GraphNodeSample): Figure {
  const speed = p50Ms === null ? [] : [`${formatCount(callsPerSecond)} calls/s, ${formatDuration(p50Ms)}`];
  const errors = failed > 0 ? [`${formatCount(failed)} failed`] : [];
  return { status, lines: [...speed, ...errors], ...limitShare !== null && { load: limitShare, loadName: "limit" } };
}
