/** Options of executions, checked and completed. */

import { LONGEST_TIMER_MS } from "../ring/within.ts";
import type { GraphNode } from "./node.ts";
import { checkCount, checkNumber, checkSignal, refuse } from "./node_options.ts";

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
export interface ExecutionOptions extends Required<Omit<ExecuteOptions, "signal">> {
  /** Cancels it. */
  readonly signal: AbortSignal | undefined;
}

/** Checks all that the types may not have caught. `action` is what messages begin with. */
export function completeExecuteOptions(action: string, options: ExecuteOptions, isTimed: boolean): ExecutionOptions {
  const { signal, concurrency = Infinity, timeoutMs = Infinity, onError = "cancel", timing = isTimed } = options;
  checkSignal(action, signal);
  if (concurrency !== Infinity) checkCount(action, "concurrency", concurrency, 1);
  if (timeoutMs !== Infinity) checkNumber(action, "timeoutMs", timeoutMs, 0);
  if (onError !== "cancel" && onError !== "continue") {
    refuse(TypeError, action, 'onError must be "cancel" or "continue"', onError);
  }
  return { signal, concurrency, timeoutMs: timeoutMs <= LONGEST_TIMER_MS ? timeoutMs : Infinity, onError, timing };
}
