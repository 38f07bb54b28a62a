/** One execution of a graph, as its users see it. */

import type { Execution, OnOver } from "./execution/execution.ts";
import { wallTime } from "../ring/clock.ts";
import { COMPLETED, FAILED, RUNNING, STATUSES } from "./execution/progress.ts";
import { UnknownNameError } from "../errors.ts";
import type { RunChunk } from "./run_chunk.ts";
import type { NodeStatus } from "./events.ts";
import type { GraphNode } from "./node.ts";
import type { NodeError } from "./node_error.ts";
import type { PlannedNode } from "./execution/graph_plan.ts";

/** A node that yields chunks. */
export interface YieldingNode<Chunk> {
  /** Its name. */
  readonly name: string;
  /** For the type checker only. */
  readonly "~chunk": Chunk;
}

/** The status of all nodes by name. */
export type PipelineStatus = Readonly<Record<string, NodeStatus>>;

/** When a node ran. All times are `null` in an execution that was not timed: see {@link ExecuteOptions.timing}. */
export interface NodeTiming {
  /** Where it is now. */
  readonly status: NodeStatus;
  /** When its function was called first, in milliseconds since 1970; `null` if it was not. */
  readonly startedAt: number | null;
  /** When it ended, in milliseconds since 1970; `null` if it has not. */
  readonly endedAt: number | null;
  /** How long it took, with all attempts and the delays between them, in milliseconds; `null` unless it ran and ended. */
  readonly durationMs: number | null;
  /**
   * How often its function was called, or is being called. In an execution that was not timed, nodes without options that
   * were skipped or cancelled count as not called.
   */
  readonly attempts: number;
}

/** The timing of all nodes by name. */
export type PipelineTiming = Readonly<Record<string, NodeTiming>>;

/** The outputs by name, of those nodes that have completed. */
export function outputsOf({ progress: { plan, status, values } }: Execution): Record<string, unknown> {
  // A copy with all names is made faster than they are added.
  const outputs: Record<string, unknown> = { ...plan.blank.outputs };
  for (const { index, name } of plan.nodes) {
    if (status[index] === COMPLETED) outputs[name] = values[index];
    else delete outputs[name];
  }
  return outputs;
}

/**
 * The outputs by name, to resolve a promise to.
 *
 * @throws {TypeError} If the promise would take them for another promise.
 */
export function awaitableOutputsOf(execution: Execution): Record<string, unknown> {
  const outputs = outputsOf(execution);
  if (typeof outputs.then !== "function") return outputs;
  throw new TypeError(
    `Cannot resolve to the outputs of graph "${execution.graph}": node "then" has put out a function, which promises call; ` +
      "rename the node, or set the option output",
  );
}

/** The output of one node, or `null` if it has none. */
export function outputOf(
  { progress: { plan, status, values } }: Execution,
  node: GraphNode,
): IteratorYieldResult<unknown> | null {
  const index = plan.indexes.get(node)!;
  return status[index] === COMPLETED ? { done: false, value: values[index] } : null;
}

function since1970(time: number): number | null {
  return Number.isNaN(time) ? null : wallTime(time);
}

/** The status of all nodes. */
export function statusOf(execution: Execution): PipelineStatus {
  return Object.fromEntries(execution.progress.plan.nodes.map((node) => [node.name, nodeStatusOf(execution, node)]));
}

function nodeStatusOf(execution: Execution, node: PlannedNode): NodeStatus {
  const status = execution.progress.status[node.index];
  return status === RUNNING && execution.isQueued(node) ? "queued" : STATUSES[status];
}

/** Without a time, only the status tells whether a node was called. */
function wasCalled(status: number, begun: number): boolean {
  return !Number.isNaN(begun) || status === RUNNING || status === COMPLETED || status === FAILED;
}

function timingOf(execution: Execution, node: PlannedNode): NodeTiming {
  const { progress: { status, timing }, attempts } = execution;
  const { index } = node;
  const begun = timing?.startedAt[index] ?? NaN;
  const ended = timing?.endedAt[index] ?? NaN;
  return {
    status: nodeStatusOf(execution, node),
    startedAt: since1970(begun),
    endedAt: since1970(ended),
    durationMs: Number.isNaN(ended - begun) ? null : ended - begun,
    attempts: attempts?.get(node) ?? (wasCalled(status[index], begun) ? 1 : 0),
  };
}

/** The timing of all nodes. */
export function timingsOf(execution: Execution): PipelineTiming {
  return Object.fromEntries(execution.progress.plan.nodes.map((node) => [node.name, timingOf(execution, node)]));
}

/**
 * One execution of a graph. `Graph.start()` makes it.
 *
 * @example
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { deepEqual, rejects } from "node:assert/strict";
 *
 * const wait = new Node("wait", (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, "done")));
 * const graph = new Graph("naps", { nodes: [wait], start: wait });
 * const short = graph.start(1);
 * const long = graph.start(100);
 * deepEqual(await short.results, { wait: "done" });
 * deepEqual(long.status, { wait: "running" });
 * long.cancel();
 * await rejects(long.results, /AbortError/);
 * deepEqual(long.status, { wait: "cancelled" });
 * await long.settled;
 * ```
 */
export class GraphRun<Results> {
  readonly #execution: Execution;
  readonly #outcome: Promise<Execution>;
  #results: Promise<Results> | undefined;

  /** Starts an execution. Graphs do this. */
  constructor(start: (onOver: OnOver) => Execution) {
    // Created eagerly: even if nobody reads `results`, a failure surfaces as an unhandled rejection.
    const { promise, resolve, reject } = Promise.withResolvers<Execution>();
    this.#outcome = promise;
    this.#execution = start((execution) => {
      // A cancelled execution's rejection is handled: its canceller need not await it.
      if (execution.ending === "cancelled" || execution.ending === "interrupted") promise.catch(() => {});
      if (execution.ending === "completed") resolve(execution);
      else reject(execution.reason);
    });
  }

  /** Which execution of the graph this is, from 1. */
  get id(): number {
    return this.#execution.id;
  }

  /**
   * The outputs by node name, once all nodes have ended. Rejects with a {@link NodeError} if a node fails, unless the graph
   * goes on then; with the reason if it is cancelled; or with a `TimeoutError`.
   */
  get results(): Promise<Results> {
    return this.#results ??= this.#outcome.then(awaitableOutputsOf) as Promise<Results>;
  }

  /** Where each node is now. */
  get status(): PipelineStatus {
    return statusOf(this.#execution);
  }

  /** When each node ran. */
  get timing(): PipelineTiming {
    return timingsOf(this.#execution);
  }

  /** What has failed so far, in that order. */
  get errors(): readonly NodeError[] {
    return [...this.#execution.errors ?? []];
  }

  /**
   * The chunks of a `StreamingNode` as they come, from the first on. It may be asked for at any time, and any number of times:
   * each reader gets all. After `{ kind: "void", attempt }`, the chunks of that attempt do not count. Rejects with the
   * {@link NodeError} if the node fails, or with the reason if it is cancelled.
   *
   * @throws {UnknownNameError} If the graph has no such node.
   */
  chunks<Chunk>(node: YieldingNode<Chunk>): AsyncIterableIterator<RunChunk<Chunk>> {
    const { graph, progress: { plan } } = this.#execution;
    const index = plan.indexes.get(node as unknown as GraphNode);
    if (index === undefined) {
      throw new UnknownNameError(`Cannot read the chunks of node "${node?.name}": it is not in graph "${graph}"`);
    }
    return this.#execution.readChunks(plan.nodes[index]) as AsyncIterableIterator<RunChunk<Chunk>>;
  }

  /** The name of a run that is kept, as the option `runId` gives it. */
  get runId(): string | undefined {
    return this.#execution.runId;
  }

  /**
   * What was taken from what is kept of the run, in that order: the names of nodes; of inner graphs, the ways to them, such as
   * `agent/@2/look` for the second round of `agent`.
   */
  get restored(): readonly string[] {
    return [...this.#execution.log?.restored ?? []];
  }

  /** Cancels what has not ended: `results` rejects with the reason, an `AbortError` by default. */
  cancel(reason: unknown = new DOMException(`Graph "${this.#execution.graph}" was cancelled`, "AbortError")): void {
    this.#results?.catch(() => {});
    this.#execution.cancel(reason);
  }

  /**
   * Resolves when no function of a node runs any more: after a failure or a cancellation, those that ignore their signal go
   * on for a while. Never rejects.
   */
  get settled(): Promise<void> {
    return this.#execution.settled;
  }
}
