/** Calls a node with all that it may be called with: retries, a timeout, a fallback, a signal, and listeners. */

import { within } from "../../ring/within.ts";
import { Deadline, pause } from "../../timers.ts";
import { retryAfterMs } from "../retry_after.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import { type CallPlace, Interruption } from "../checkpoints/run_log.ts";
import type { Execution } from "./execution.ts";
import { LinkedSignal } from "./linked_signal.ts";
import { AttemptContext, type NodeContext } from "../node_context.ts";
import { NodeError, summarize } from "../node_error.ts";
import { type CallOptions, DEFAULT_DELAY_MS, type RetryOptions } from "../node_options.ts";
import { checkSchema } from "../schema_error.ts";
import { SKIPPED } from "../wiring.ts";
import type { PlannedNode } from "./graph_plan.ts";

const PLAIN: CallOptions = {
  retry: { attempts: 1, delayMs: 0, factor: 1, maxDelayMs: 0, jitter: 0, when: () => true },
  timeoutMs: Infinity,
  fallback: undefined,
  signal: undefined,
  limiter: undefined,
  inputSchema: undefined,
  outputSchema: undefined,
};

/** What a node is called for: its own work, or that of its fallback. */
type Work = (context: NodeContext) => unknown;

/** How long a place of a limiter is kept for a function that goes on after it was given up, in milliseconds. */
const KEPT_PLACE_MS = 1000;

/** How long to wait after a failed attempt, in milliseconds. */
export function backoffMs(retry: Required<RetryOptions>, error: unknown, attempt: number): number {
  const { delayMs, factor, maxDelayMs, jitter } = retry;
  const asked = typeof delayMs === "function" ? delayMs(error, attempt) : undefined;
  // A server's own delay is kept as it is, without jitter.
  if (typeof asked === "number" && asked >= 0) return asked;
  const first = typeof delayMs === "function" ? DEFAULT_DELAY_MS : delayMs;
  const usual = Math.min(first * factor ** (attempt - 1), maxDelayMs) * (1 - jitter * Math.random());
  return Math.max(usual, retryAfterMs(error) ?? 0);
}

/** One node of one execution, from its first call to its output. */
class NodeCall {
  readonly #execution: Execution;
  readonly #node: PlannedNode;
  readonly #input: unknown;
  readonly #options: CallOptions;
  readonly #place: CallPlace | undefined;
  /** What an attempt that was given up goes on with. */
  #givenUp: Promise<unknown> | undefined;

  constructor(execution: Execution, node: PlannedNode, input: unknown, place: CallPlace | undefined) {
    this.#execution = execution;
    this.#node = node;
    this.#input = input;
    this.#place = place;
    this.#options = node.call ?? PLAIN;
  }

  async run(): Promise<unknown> {
    for (let attempt = 1;; attempt++) {
      if (this.#place) await this.#place.beginAttempt();
      const outcome = await this.#attempt(attempt);
      if (this.#place) this.#passInterruption(this.#place, outcome);
      if ("output" in outcome) return outcome.output;
      const error = this.#error(outcome.thrown, attempt);
      const { isOver } = this.#execution;
      if (isOver) throw error;
      this.#tell({ kind: "failure", attempt, durationMs: outcome.durationMs, error });
      const hasNext = await this.#waitForNext(error);
      if (hasNext || this.#options.fallback) this.#execution.voidChunks(this.#node.name, attempt);
      if (!hasNext) return await this.#fallBack(error);
    }
  }

  /** Whatever a function makes of its interruption, it is one. */
  #passInterruption({ interruption, log }: CallPlace, outcome: AttemptOutcome): void {
    if (interruption) throw interruption;
    if ("thrown" in outcome && outcome.thrown instanceof Interruption && outcome.thrown.log === log) {
      throw outcome.thrown;
    }
  }

  #error(cause: unknown, attempt: number): NodeError {
    return new NodeError({ graph: this.#execution.graph, node: this.#node.name, attempt, cause });
  }

  // deno-lint-ignore no-explicit-any
  #tell(details: any): void {
    if (this.#execution.isWatched) this.#execution.tell({ ...details, node: this.#node.name });
  }

  async #attempt(attempt: number): Promise<AttemptOutcome> {
    const { name, node } = this.#node;
    const { trace } = this.#execution;
    let start = performance.now();
    this.#execution.attempted(this.#node, attempt);
    const { inputSchema, outputSchema } = this.#options;
    const process = inputSchema || outputSchema
      ? (context: NodeContext) => this.#processChecked(context)
      : (context: NodeContext) => node.process(this.#input, context);
    const work = () => this.#bounded(attempt, process);
    try {
      // Without a limiter the function is called at once, before anybody can cancel it.
      const place = this.#isLimited ? await this.#takePlace(attempt) : undefined;
      start = performance.now();
      this.#tell({ kind: "start", attempt });
      const facts = { "ringmill.node": name, "ringmill.attempt": attempt };
      const output = await this.#inPlace(place, () => trace ? trace.within(`node ${name}`, facts, work) : work());
      this.#tell({ kind: "end", attempt, durationMs: performance.now() - start, output });
      return { output };
    } catch (thrown) {
      return { thrown, durationMs: performance.now() - start };
    }
  }

  /** As the node's schemas say. A skip is no output. */
  async #processChecked(context: NodeContext): Promise<unknown> {
    const { inputSchema, outputSchema } = this.#options;
    const input = await checkSchema(inputSchema, "input", this.#input);
    const output = await this.#node.node.process(input, context);
    return output === SKIPPED ? output : await checkSchema(outputSchema, "output", output);
  }

  get #isLimited(): boolean {
    return this.#options.limiter !== undefined && !this.#node.internals.limitsItself;
  }

  /** Waits for the node's limiter. */
  async #takePlace(attempt: number): Promise<() => void> {
    const { signal } = this.#options;
    const limiter = this.#options.limiter!;
    const execution = this.#execution;
    using linked = new LinkedSignal(execution.signal, signal);
    let leaveQueue = () => {};
    const onQueued = (queued: number) => void (leaveQueue = execution.queue(this.#node.name, attempt, queued));
    try {
      const place = await limiter.acquire({ signal: linked.signal, onQueued });
      if (!linked.signal.aborted) return place;
      place();
      throw linked.signal.reason;
    } finally {
      leaveQueue();
    }
  }

  /** Gives the place back when the work is done. Work that was given up keeps it for as long as it runs, within reason. */
  async #inPlace(place: (() => void) | undefined, work: () => Promise<unknown>): Promise<unknown> {
    if (!place) return await work();
    try {
      return await work();
    } catch (error) {
      const ms = retryAfterMs(error);
      if (ms !== undefined) this.#options.limiter!.pauseFor(ms);
      throw error;
    } finally {
      if (!this.#givenUp) place();
      else within(this.#givenUp, KEPT_PLACE_MS).then(place, place);
      this.#givenUp = undefined;
    }
  }

  /** Whether there is another attempt, for which it has waited. */
  async #waitForNext(error: NodeError): Promise<boolean> {
    const { signal } = this.#options;
    const { attempt } = error;
    const delayMs = this.#delayMs(error);
    if (delayMs === null) return false;
    this.#tell({ kind: "retry", attempt: attempt + 1, delayMs });
    using linked = new LinkedSignal(this.#execution.signal, signal);
    try {
      await pause(delayMs, linked.signal);
      return true;
    } catch (thrown) {
      throw this.#error(thrown, attempt);
    }
  }

  /** How long to wait for the next attempt; `null` if there is none. The option's functions may throw. */
  #delayMs({ attempt, cause }: NodeError): number | null {
    const { retry, signal } = this.#options;
    try {
      if (attempt >= retry.attempts || signal?.aborted || !retry.when(cause, attempt)) return null;
      return backoffMs(retry, cause, attempt);
    } catch (thrown) {
      const what = `its option retry threw ${summarize(thrown)}, asked about ${summarize(cause)}`;
      throw this.#error(new SuppressedError(thrown, cause, what), attempt);
    }
  }

  async #fallBack(error: NodeError): Promise<unknown> {
    const { fallback } = this.#options;
    if (!fallback) throw error;
    this.#tell({ kind: "fallback", error });
    try {
      const output = await this.#bounded(error.attempt, (context) => fallback(error, this.#input, context), true);
      if (this.#place) this.#passInterruption(this.#place, { output });
      return output;
    } catch (thrown) {
      if (this.#place) this.#passInterruption(this.#place, { thrown, durationMs: 0 });
      if (thrown === error || thrown === error.cause) throw error;
      const what = `its fallback threw ${summarize(thrown)}, after ${summarize(error.cause)}`;
      throw this.#error(new SuppressedError(thrown, error.cause, what), error.attempt);
    }
  }

  /** Work that is given up when it takes too long or a signal aborts. */
  async #bounded(attempt: number, work: Work, isFallback = false): Promise<unknown> {
    const execution = this.#execution;
    const { name } = this.#node;
    const { timeoutMs, signal } = this.#options;
    const details = { place: this.#place, isFallback };
    if (timeoutMs === Infinity && !signal) {
      return await execution.track(work(new AttemptContext(execution, name, attempt, details)), name);
    }
    using linked = new LinkedSignal(execution.signal, signal);
    linked.signal.throwIfAborted();
    using deadline = new Deadline(timeoutMs, () => linked.abort(tookLonger(timeoutMs)));
    const output = Promise.resolve(
      execution.track(
        work(new AttemptContext(execution, name, attempt, { ...details, signal: linked.signal, deadline })),
        name,
      ),
    );
    try {
      return await untilAborted(output, linked.signal);
    } finally {
      if (linked.signal.aborted) this.#givenUp = output;
    }
  }
}

type AttemptOutcome = { readonly output: unknown } | { readonly thrown: unknown; readonly durationMs: number };

function tookLonger(timeoutMs: number): DOMException {
  return new DOMException(`It took longer than ${timeoutMs} ms`, "TimeoutError");
}

/**
 * Calls a node until it succeeds or has failed for good.
 *
 * @throws {NodeError} If it has failed for good.
 * @throws {Interruption} If it waits for an answer.
 */
export function callNode(
  execution: Execution,
  node: PlannedNode,
  input: unknown,
  place?: CallPlace,
): Promise<unknown> {
  node.internals.input?.next(input);
  return new NodeCall(execution, node, input, place).run();
}
