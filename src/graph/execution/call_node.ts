/** Calls a node with all that it may be called with: retries, a timeout, a fallback, a signal, and listeners. */

import { setTimeout as sleep } from "node:timers/promises";
import { LONGEST_TIMER_MS } from "../../ring/within.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import type { Execution } from "./execution.ts";
import { LinkedSignal } from "./linked_signal.ts";
import { AttemptContext } from "../node_context.ts";
import { NodeError } from "../node_error.ts";
import type { CallOptions, RetryOptions } from "../node_options.ts";
import type { PlannedNode } from "./graph_plan.ts";

const PLAIN: CallOptions = {
  retry: { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0, when: () => true },
  timeoutMs: Infinity,
  fallback: undefined,
  signal: undefined,
};

/** How long to wait after a failed attempt, in milliseconds. */
export function backoffMs(retry: Required<RetryOptions>, error: unknown, attempt: number): number {
  const { delayMs, factor, maxDelayMs, jitter } = retry;
  const full = typeof delayMs === "function" ? delayMs(error, attempt) : delayMs * factor ** (attempt - 1);
  const randomPart = typeof delayMs === "function" ? 0 : jitter;
  return Math.max(0, Math.min(full, maxDelayMs) * (1 - randomPart * Math.random()));
}

/**
 * Calls a node until it succeeds or has failed for good.
 *
 * @throws {NodeError} If it has failed for good.
 */
export async function callNode(execution: Execution, node: PlannedNode, input: unknown): Promise<unknown> {
  const call = node.call ?? PLAIN, { retry, fallback } = call;
  const fail = (cause: unknown, attempt: number) =>
    new NodeError({ graph: execution.graph, node: node.name, attempt, cause });
  node.internals.input?.next(input);
  for (let attempt = 1;; attempt++) {
    const outcome = await attemptOnce(execution, node, input, attempt, call);
    if ("output" in outcome) return outcome.output;
    const error = fail(outcome.thrown, attempt);
    if (execution.isOver) throw error;
    execution.tell({ kind: "failure", node: node.name, attempt, durationMs: outcome.durationMs, error });
    try {
      if (attempt < retry.attempts && !call.signal?.aborted && retry.when(error.cause, attempt)) {
        const delayMs = backoffMs(retry, error.cause, attempt);
        execution.tell({ kind: "retry", node: node.name, attempt: attempt + 1, delayMs });
        await pause(delayMs, execution.signal, call.signal);
      } else if (fallback) {
        execution.tell({ kind: "fallback", node: node.name, error });
        return await fallback(error, input);
      } else throw error;
    } catch (thrown) {
      throw thrown === error ? error : fail(thrown, attempt);
    }
  }
}

type AttemptOutcome = { readonly output: unknown } | { readonly thrown: unknown; readonly durationMs: number };

async function attemptOnce(
  execution: Execution,
  node: PlannedNode,
  input: unknown,
  attempt: number,
  call: CallOptions,
): Promise<AttemptOutcome> {
  const { name } = node, start = performance.now();
  execution.attempted(node, attempt);
  execution.tell({ kind: "start", node: name, attempt });
  const work = () => boundedCall(execution, node, input, attempt, call);
  try {
    const output = await (execution.trace ? execution.trace.attempt(name, attempt, work) : work());
    execution.tell({ kind: "end", node: name, attempt, durationMs: performance.now() - start });
    return { output };
  } catch (thrown) {
    return { thrown, durationMs: performance.now() - start };
  }
}

/** One call, which is given up when it takes too long or a signal aborts. */
async function boundedCall(
  execution: Execution,
  { name, node }: PlannedNode,
  input: unknown,
  attempt: number,
  { timeoutMs, signal }: CallOptions,
): Promise<unknown> {
  if (timeoutMs > LONGEST_TIMER_MS && !signal) {
    return await execution.track(node.process(input, new AttemptContext(execution, name, attempt)));
  }
  using linked = new LinkedSignal(execution.signal, signal);
  linked.signal.throwIfAborted();
  const giveUp = () => linked.abort(new DOMException(`It took longer than ${timeoutMs} ms`, "TimeoutError"));
  const timer = timeoutMs > LONGEST_TIMER_MS ? undefined : setTimeout(giveUp, timeoutMs);
  try {
    const output = node.process(input, new AttemptContext(execution, name, attempt, linked.signal));
    return await untilAborted(Promise.resolve(execution.track(output)), linked.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function pause(ms: number, ...signals: (AbortSignal | undefined)[]): Promise<void> {
  using linked = new LinkedSignal(...signals);
  await sleep(ms, undefined, { signal: linked.signal }).catch(() => linked.signal.throwIfAborted());
}
