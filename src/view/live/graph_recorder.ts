/** Follows the events of a graph, and knows what its nodes and its latest executions do. */

import type { GraphEvent, RunOutcome } from "../../graph/events.ts";
import { wallTime } from "../../ring/clock.ts";
import type { DrawableGraph } from "../describe/describe_graph.ts";
import { cut, detailsOf } from "../../safe_text.ts";
import { allPlaces, graphOf, type GraphPlace, outermostRun, placesOf } from "./graph_places.ts";
import type { GraphSnapshot } from "./graph_snapshot.ts";
import { NodeRecord } from "./node_record.ts";
import { RunRecord } from "./run_record.ts";
import type { LiveFailure, LiveTimeline } from "./update.ts";

/** So many executions are followed: those that have begun last. */
const MOST_RUNS = 50;
/** So many are shown. */
const SHOWN_RUNS = 9;
/** Nodes whose latest failure is told, at most. */
const MOST_FAILURES = 20;

type NodeEvent = Extract<GraphEvent, { readonly node: string }>;

/** The records of a graph. */
export class GraphRecorder {
  readonly #graph: DrawableGraph;
  #places: GraphPlace = new Map();
  readonly #nodes = new Map<string, NodeRecord>();
  readonly #runs = new Map<number, RunRecord>();
  readonly #ended: Record<RunOutcome, number> = { completed: 0, failed: 0, cancelled: 0, interrupted: 0 };
  /** By node: its latest failure for good. */
  readonly #failures = new Map<string, LiveFailure>();
  /** By execution and node: failures after which another attempt may come. */
  readonly #attempts = new Map<string, Map<string, LiveFailure>>();
  #running = 0;
  #begun = 0;
  #before = 0;
  #lookedAt = performance.now();

  constructor(graph: DrawableGraph) {
    this.#graph = graph;
    this.arrange();
  }

  /** Nodes may have been added or taken out. */
  arrange(): void {
    this.#places = placesOf(this.#graph);
    const places = new Map(Array.from(allPlaces(this.#places), (place) => [place.id, place]));
    for (const id of [...this.#nodes.keys()]) if (!places.has(id)) this.#nodes.delete(id);
    for (const [id, place] of places) {
      const known = this.#nodes.get(id);
      if (known) known.place = place;
      else this.#nodes.set(id, new NodeRecord(place));
    }
  }

  /** The ids of nodes whose calls are limited. */
  get limited(): ReadonlySet<string> {
    const places = [...allPlaces(this.#places)];
    return new Set(places.filter(({ limiter }) => limiter && limiter.concurrency !== Infinity).map(({ id }) => id));
  }

  /** How many executions have begun. */
  get begun(): number {
    return this.#begun;
  }

  /** The latest failures of nodes, of which no other attempt has come. */
  get failures(): readonly LiveFailure[] {
    return [...this.#failures.values()].slice(-MOST_FAILURES);
  }

  /** The latest executions, the newest first. */
  timelines(): LiveTimeline[] {
    const now = wallTime();
    return [...this.#runs.values()].slice(-SHOWN_RUNS).reverse().map((run) => run.timeline(now));
  }

  readonly hear = (event: GraphEvent): void => {
    if ("node" in event) this.#hearNode(event);
    else if (event.kind === "runEnd") this.#endRun(event);
    else if (!event.parent) this.#beginRun(event);
  };

  #beginRun({ run, at, runId }: Extract<GraphEvent, { readonly kind: "runStart" }>): void {
    this.#running++;
    this.#begun++;
    this.#runs.set(run, new RunRecord(run, runId ?? null, at));
    if (this.#runs.size > MOST_RUNS) this.#runs.delete(this.#runs.keys().next().value!);
  }

  #endRun(event: Extract<GraphEvent, { readonly kind: "runEnd" }>): void {
    const key = keyOf(event);
    for (const { id } of graphOf(this.#places, event)?.values() ?? []) this.#nodes.get(id)?.leave(key);
    for (const [node, failure] of this.#attempts.get(key) ?? []) {
      // The latest comes last.
      this.#failures.delete(node);
      this.#failures.set(node, failure);
    }
    this.#attempts.delete(key);
    if (event.parent) return;
    // One that was under way when the dashboard began to be served is not known.
    this.#running = Math.max(0, this.#running - 1);
    this.#ended[event.outcome]++;
    this.#runs.get(event.run)?.finish(event.outcome, event.at);
  }

  #find(event: NodeEvent): NodeRecord | undefined {
    const place = graphOf(this.#places, event)?.get(event.node);
    return place && this.#nodes.get(place.id);
  }

  /** One that is not known was added since the look before. */
  #findOrArrange(event: NodeEvent): NodeRecord | undefined {
    const found = this.#find(event);
    if (found) return found;
    this.arrange();
    return this.#find(event);
  }

  #hearNode(event: NodeEvent): void {
    const node = this.#findOrArrange(event);
    if (!node) return;
    const key = keyOf(event);
    this.#noteBar(event, node, key);
    switch (event.kind) {
      case "start":
        return node.begin(key);
      case "end":
        node.count("completed");
        return node.end(key, "completed", event.durationMs, null);
      case "failure":
        node.count("failed");
        this.#noteFailure(node, key, event.error.cause);
        return node.end(key, "failed", event.durationMs, summaryOf(event.error.cause));
      case "retry":
        this.#attempts.get(key)?.delete(node.place.id);
        return node.count("retries");
      case "fallback":
        return void this.#attempts.get(key)?.delete(node.place.id);
      case "skip":
        node.count("skipped");
        return node.note("skipped");
      case "restore":
        node.count("restored");
        return node.note("completed");
      case "chunk":
        return node.count("chunks");
      case "cache":
        return node.count(event.outcome === "miss" ? "misses" : "hits");
      case "queue":
        return node.note("queued");
      case "interrupt":
        node.leave(key);
        return node.note("interrupted");
      case "cancel":
        return node.leave(key);
    }
  }

  #noteBar(event: NodeEvent, { place: { id, name } }: NodeRecord, runKey: string): void {
    const run = this.#runs.get(outermostRun(event));
    const key = `${id} ${runKey}`;
    if (!run) return;
    if (event.kind === "start") run.begin({ node: id, title: name, key }, event.at);
    else if (event.kind === "restore") run.begin({ node: id, title: name, key }, event.at, "restored");
    else if (event.kind === "end") run.end(key, "completed", event.at);
    else if (event.kind === "failure") run.end(key, "failed", event.at);
    else if (event.kind === "interrupt") run.end(key, "interrupted", event.at);
  }

  #noteFailure({ place: { id, name } }: NodeRecord, run: string, cause: unknown): void {
    const attempts = this.#attempts.get(run) ?? new Map<string, LiveFailure>();
    this.#attempts.set(run, attempts);
    attempts.set(id, { node: id, title: name, reason: cut(summaryOf(cause)), details: detailsOf(cause) });
  }

  /** What is known now. */
  take(): GraphSnapshot {
    const elapsedMs = performance.now() - this.#lookedAt;
    this.#lookedAt = performance.now();
    const ended = Object.values(this.#ended).reduce((sum, count) => sum + count, 0);
    const runsPerSecond = elapsedMs > 0 ? 1000 * (ended - this.#before) / elapsedMs : 0;
    this.#before = ended;
    const now = wallTime();
    return {
      graph: this.#graph.name,
      sampledAt: now,
      running: this.#running,
      ended: { ...this.#ended },
      runsPerSecond,
      nodes: Array.from(this.#nodes.values(), (node) => node.take(elapsedMs)),
      latest: [...this.#runs.values()].reverse().map((run) => run.sample(now)),
    };
  }
}

/** Tells executions of one graph apart, also of an inner one. */
function keyOf({ run, parent }: Pick<GraphEvent, "run" | "parent">): string {
  return parent ? `${keyOf(parent)}/${run}` : `${run}`;
}

function summaryOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : Deno.inspect(cause);
}
