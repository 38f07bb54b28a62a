/** Options of executions, checked and completed. */

import type { GraphNode } from "./node.ts";
import type { CheckpointStore } from "./stores/checkpoint_store.ts";
import type { KeptOptions } from "./checkpoints/open_run.ts";
import type { NodeError } from "./node_error.ts";

/** Options of one execution. */
export interface ExecuteOptions<Context = unknown> {
  /** What the run is given besides its input: of a graph that has the option `context`, it needs this. */
  context?: Context;
  /** Cancels the execution. */
  signal?: AbortSignal;
  /**
   * How many nodes may be running at a time, 1 or more.
   *
   * @default {Infinity}
   */
  concurrency?: number;
  /**
   * How long it may take, in milliseconds. It is cancelled then with a `TimeoutError`.
   *
   * @default {Infinity}
   */
  timeoutMs?: number;
  /**
   * What happens when a node fails: `cancel` cancels the rest and rejects; `continue` skips what needs that node, and
   * resolves to what the others have put out.
   *
   * @default {"cancel"}
   */
  onError?: "cancel" | "continue";
  /** Is told of each node that has failed for good, with `onError: "continue"` as well. */
  onNodeError?: (error: NodeError) => void;
  /**
   * Whether to note when each node begins and ends, for {@link GraphRun.timing} and {@link Graph.getPipelineTiming}. To read
   * the clock takes longer than all else that a node costs.
   *
   * @default {true for `start()`, false for `execute()` and `stream()`, which hand out results only}
   */
  timing?: boolean;
  /**
   * A name for the run, under which its outputs are kept: the same name, after a failure or the end of the program, goes on where
   * it was, and calls nothing that has finished. It needs a `checkpoint`.
   */
  runId?: string;
  /** Where the run is kept: a `SqliteStore` or `RedisStore`. By default the graph's own. */
  checkpoint?: CheckpointStore;
  /**
   * A run that was begun, gone on with or ended longer ago than this, in milliseconds, is forgotten: it begins anew.
   *
   * @default {Infinity}
   */
  maxAgeMs?: number;
  /**
   * Goes on with a run though its graph or its input is different now. Otherwise it is refused with a {@link RunChangedError},
   * which lists what is different. What has finished is taken by the names of nodes.
   *
   * @default {false}
   */
  allowChanged?: boolean;
}

/** Where a run is kept. */
export interface KeptRunOptions {
  /** By default the graph's own, or else the first one that a call was given. */
  checkpoint?: CheckpointStore;
}

/** Options of {@link Graph.resume}. */
export interface ResumeOptions<Context = unknown> extends Omit<ExecuteOptions<Context>, "runId"> {
  /** Which node the answer is for, if several wait, as {@link RunInterrupt} names it. */
  node?: string;
}

/** Options of an execution of which one node's output is wanted. */
export interface OutputOptions<N extends GraphNode, Context = unknown> extends ExecuteOptions<Context> {
  /** The node. */
  output: N;
  /**
   * Runs only the nodes that this output needs. Otherwise the whole graph is run, and waited for.
   *
   * @default {false}
   */
  onlyNeeded?: boolean;
}

/** Everything that an execution is started with, complete. */
export interface ExecutionOptions
  extends Required<Pick<ExecuteOptions, "concurrency" | "timeoutMs" | "onError" | "timing">> {
  /** Cancels it. */
  readonly signal: AbortSignal | undefined;
  /** Whether somebody may ask for the chunks of nodes. */
  readonly keepsChunks: boolean;
  /** What it is given besides its input. */
  readonly context: unknown;
  /** The node without which other nodes need not run. */
  readonly neededBy: GraphNode | undefined;
  /** How the run is kept, if it is. */
  readonly kept: KeptOptions | undefined;
  /** Is told of failures. */
  readonly onNodeError: ((error: NodeError) => void) | undefined;
}

/** Completes options that were checked. */
export function completeExecuteOptions(
  options: ExecuteOptions & { readonly output?: GraphNode; readonly onlyNeeded?: boolean },
  isTimed: boolean,
  keepsChunks: boolean,
  kept?: KeptOptions,
): ExecutionOptions {
  const { signal, concurrency = Infinity, timeoutMs = Infinity, onError = "cancel" } = options;
  const { onNodeError, timing = isTimed, context } = options;
  const neededBy = options.onlyNeeded ? options.output : undefined;
  return { signal, concurrency, timeoutMs, onError, onNodeError, timing, keepsChunks, context, neededBy, kept };
}
