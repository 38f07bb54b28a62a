/** One execution of a graph, as its users see it. */

import { COMPLETED, type Execution, STATUSES } from "./_execution.ts";
import type { NodeStatus } from "./events.ts";
import type { GraphNode } from "./node.ts";
import type { NodeError } from "./node_error.ts";
import type { PlannedNode } from "./plan.ts";

/** The status of all nodes by name. */
export type PipelineStatus = Readonly<Record<string, NodeStatus>>;

/** When a node ran. */
export interface NodeTiming {
  /** Where it is now. */
  readonly status: NodeStatus;
  /** When its function was called first, in milliseconds since 1970; `null` if it was not. */
  readonly startedAt: number | null;
  /** When it ended, in milliseconds since 1970; `null` if it has not. */
  readonly endedAt: number | null;
  /** How long it took, with all attempts and the delays between them, in milliseconds; `null` unless it ran and ended. */
  readonly durationMs: number | null;
  /** How often its function was called, or is being called. */
  readonly attempts: number;
}

/** The timing of all nodes by name. */
export type PipelineTiming = Readonly<Record<string, NodeTiming>>;

/** The outputs by name, of those nodes that have completed. */
export function outputsOf({ plan, status, values }: Execution): Record<string, unknown> {
  // A copy with all names is made faster than they are added.
  const outputs: Record<string, unknown> = { ...plan.blank.outputs };
  for (const { index, name } of plan.nodes) {
    if (status[index] === COMPLETED) outputs[name] = values[index];
    else delete outputs[name];
  }
  return outputs;
}

/** The output of one node, or `null` if it has none. */
export function outputOf({ plan, status, values }: Execution, node: GraphNode): { readonly value: unknown } | null {
  const index = plan.indexes.get(node)!;
  return status[index] === COMPLETED ? { value: values[index] } : null;
}

function since1970(now: number): number | null {
  return Number.isNaN(now) ? null : performance.timeOrigin + now;
}

/** The status of all nodes. */
export function statusOf({ plan, status }: Execution): PipelineStatus {
  return Object.fromEntries(plan.nodes.map(({ index, name }) => [name, STATUSES[status[index]]]));
}

function timingOf({ status, startedAt, endedAt, attempts }: Execution, node: PlannedNode): NodeTiming {
  const { index } = node, durationMs = endedAt[index] - startedAt[index];
  return {
    status: STATUSES[status[index]],
    startedAt: since1970(startedAt[index]),
    endedAt: since1970(endedAt[index]),
    durationMs: Number.isNaN(durationMs) ? null : durationMs,
    attempts: attempts?.get(node) ?? (Number.isNaN(startedAt[index]) ? 0 : 1),
  };
}

/** The timing of all nodes. */
export function timingsOf(execution: Execution): PipelineTiming {
  return Object.fromEntries(execution.plan.nodes.map((node) => [node.name, timingOf(execution, node)]));
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
 * const short = graph.start(1), long = graph.start(100);
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

  /** Wraps an execution. Graphs do this. */
  constructor(execution: Execution) {
    this.#execution = execution;
    // Asked for now, a failure that nobody handles does not pass unseen.
    this.#outcome = execution.outcome;
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
    return this.#results ??= this.#outcome.then(outputsOf) as Promise<Results>;
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
