/** Options of nodes, checked and completed. */

import type { NodeError } from "./node_error.ts";
import type { JoinMode } from "./wiring.ts";

/** When and how a node's function is called again after it has failed. */
export interface RetryOptions {
  /** How often it is called at most, 1 or more. */
  attempts: number;
  /**
   * Milliseconds before the second attempt; or a function that says how long to wait before the next one, for instance
   * what a server asks for.
   *
   * @default {100}
   */
  delayMs?: number | ((error: unknown, attempt: number) => number);
  /**
   * By what the delay is multiplied after each attempt, 1 or more.
   *
   * @default {2}
   */
  factor?: number;
  /**
   * The longest delay in milliseconds.
   *
   * @default {30000}
   */
  maxDelayMs?: number;
  /**
   * Which part of the delay is random, 0 to 1: `0.5` waits for half to all of it, so that many callers do not come back
   * at the same moment.
   *
   * @default {0.5}
   */
  jitter?: number;
  /** Whether an error is worth another attempt. All are by default. */
  when?: (error: unknown, attempt: number) => boolean;
}

/** Options of a {@link Node}. */
export interface NodeOptions<In = unknown, Out = unknown, Join extends JoinMode | undefined = JoinMode | undefined> {
  /** How several inputs are joined. A node with more than one must say so. */
  join?: Join;
  /** Further attempts after a failure. A number is the number of attempts. */
  retry?: number | RetryOptions;
  /** How long one attempt may take, in milliseconds. It fails with a `TimeoutError` then, and its signal aborts. */
  timeoutMs?: number;
  /** Puts something out in place of a function that has failed for good. */
  fallback?: (error: NodeError, input: In) => Out | PromiseLike<Out>;
  /** Fails the node, with the signal's reason, when it aborts. */
  signal?: AbortSignal;
  /** For people. */
  description?: string;
}

/** Options with which a node is called. `null` if it can be called without further ado. */
export interface CallOptions {
  readonly retry: Required<RetryOptions>;
  readonly timeoutMs: number;
  // deno-lint-ignore no-explicit-any
  readonly fallback: ((error: NodeError, input: any) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULT_RETRY = { delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0.5, when: () => true };

/** Refuses a value with a message that begins with `action`. */
export function refuse(kind: ErrorConstructor, action: string, rule: string, value: unknown): never {
  throw new kind(`${action}: ${rule}, received ${Deno.inspect(value)}`);
}

/** Checks that an option is a number from `least` to `most`. */
export function checkNumber(action: string, option: string, value: unknown, least: number, most = Infinity): void {
  const range = most === Infinity ? `${least} or more` : `${least} to ${most}`;
  if (typeof value !== "number") refuse(TypeError, action, `${option} must be a number`, value);
  if (!(value >= least && value <= most)) refuse(RangeError, action, `${option} must be ${range}`, value);
}

/** Checks that an option is an integer from `least` on; `Infinity` counts as one where `isBounded` is false. */
export function checkCount(action: string, option: string, value: unknown, least: number, isBounded = true): void {
  checkNumber(action, option, value, least);
  const isCount = Number.isInteger(value) || (!isBounded && value === Infinity);
  if (!isCount) refuse(RangeError, action, `${option} must be an integer`, value);
}

/** Checks that an option is a function, if it is there. */
export function checkFunction(action: string, option: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") {
    refuse(TypeError, action, `${option} must be a function`, value);
  }
}

/** Checks that an option is an `AbortSignal`, if it is there. */
export function checkSignal(action: string, signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    refuse(TypeError, action, "signal must be an AbortSignal", signal);
  }
}

function completeRetry(action: string, retry: number | RetryOptions): Required<RetryOptions> {
  const complete = { ...DEFAULT_RETRY, ...typeof retry === "number" ? { attempts: retry } : retry };
  const { attempts, delayMs, factor, maxDelayMs, jitter, when } = complete;
  checkCount(action, "retry.attempts", attempts, 1, false);
  if (typeof delayMs !== "function") checkNumber(action, "retry.delayMs", delayMs, 0);
  checkNumber(action, "retry.factor", factor, 1);
  checkNumber(action, "retry.maxDelayMs", maxDelayMs, 0);
  checkNumber(action, "retry.jitter", jitter, 0, 1);
  checkFunction(action, "retry.when", when);
  return complete;
}

/** Checks all that the types may not have caught. */
export function completeOptions(action: string, options: NodeOptions): CallOptions | null {
  const { join, retry = 1, timeoutMs = Infinity, fallback, signal } = options;
  if (join !== undefined && join !== "each" && join !== "all") {
    refuse(TypeError, action, 'join must be "each" or "all"', join);
  }
  if (timeoutMs !== Infinity) checkNumber(action, "timeoutMs", timeoutMs, 0);
  checkFunction(action, "fallback", fallback);
  checkSignal(action, signal);
  const complete = { retry: completeRetry(action, retry), timeoutMs, fallback, signal };
  const isPlain = complete.retry.attempts === 1 && timeoutMs === Infinity && !fallback && !signal;
  return isPlain ? null : complete;
}
