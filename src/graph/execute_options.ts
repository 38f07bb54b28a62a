/** Options of executions, checked and completed. */

import type { GraphNode } from "./node.ts";
import type { NodeError } from "./node_error.ts";

/** Options of one execution. */
export interface ExecuteOptions {
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
}

/** Options of an execution of which one node's output is wanted. */
export interface OutputOptions<N extends GraphNode> extends ExecuteOptions {
  /** The node. */
  output: N;
}

/** Everything that an execution is started with, complete. */
export interface ExecutionOptions extends Required<Omit<ExecuteOptions, "signal" | "onNodeError">> {
  /** Cancels it. */
  readonly signal: AbortSignal | undefined;
  /** Whether somebody may ask for the chunks of nodes. */
  readonly keepsChunks: boolean;
  /** Is told of failures. */
  readonly onNodeError: ((error: NodeError) => void) | undefined;
}

/** Completes options that were checked. */
export function completeExecuteOptions(
  options: ExecuteOptions,
  isTimed: boolean,
  keepsChunks: boolean,
): ExecutionOptions {
  const { signal, concurrency = Infinity, timeoutMs = Infinity, onError = "cancel" } = options;
  const { onNodeError, timing = isTimed } = options;
  return { signal, concurrency, timeoutMs, onError, onNodeError, timing, keepsChunks };
}
