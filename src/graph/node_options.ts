/** Options of nodes, checked and completed. */

import type { NodeError } from "./node_error.ts";
import { checkOptions } from "../rules.ts";
import { type Limiter, LimitExceededError } from "./limiter.ts";
import type { NodeContext } from "./node_context.ts";
import { SchemaError } from "./schema_error.ts";
import type { StandardSchema } from "../standard_schema.ts";
import { DEFAULTS_RULES, RETRY_RULES } from "./option_rules.ts";
import type { JoinMode } from "./wiring.ts";

/** When and how a node's function is called again after it has failed. */
export interface RetryOptions {
  /** How often it is called at most, 1 or more. */
  attempts: number;
  /**
   * Milliseconds before the second attempt, or more if the error has a header `Retry-After` (see `retryAfterMs()`); or a function that says how long to wait before the next one, for instance
   * what a server asks for. That is kept as it is; where it is no number of 0 or more, the delay is as by default.
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
  /**
   * Whether an error is worth another attempt. All are by default, but for those that another attempt cannot mend: a
   * `LimitExceededError`, a {@link SchemaError} of the input, an `AbortError`, a `ReferenceError`, and a `TypeError` by which V8 tells of a mistake in the program,
   * such as "x is not a function". A `TypeError` of `fetch()` is worth one.
   */
  when?: (error: unknown, attempt: number) => boolean;
}

/** Options of a {@link Node}. */
export interface NodeOptions<In = unknown, Out = unknown, Join extends JoinMode | undefined = JoinMode | undefined> {
  /** How several inputs are joined. A node with more than one must say so. */
  join?: Join;
  /**
   * The names of the nodes that a node joins with `all` or `arrived`, as its function expects them: a graph in which one of them
   * is not connected, or another one is, is refused.
   */
  inputs?: readonly (keyof In & string)[];
  /** Further attempts after a failure. A number is the number of attempts. */
  retry?: number | RetryOptions;
  /**
   * How long one attempt may take, in milliseconds. It fails with a `TimeoutError` then, and its signal aborts. To wait for
   * others of a batch, for a worker, or for a limiter does not count.
   *
   * @default {Infinity}
   */
  timeoutMs?: number;
  /**
   * Puts something out in place of a function that has failed for good: it is called with the failure, the input and the
   * context. It is bounded by `timeoutMs`, too.
   */
  fallback?: (error: NodeError, input: In, context: NodeContext) => Out | PromiseLike<Out>;
  /** Bounds the calls of this node and of all that have the same limiter, across executions and graphs. */
  limiter?: Limiter;
  /** Fails the node, with the signal's reason, when it aborts. */
  signal?: AbortSignal;
  /** For people. */
  description?: string;
  /** For programs: `node.metadata`, and `context.metadata` in its function. */
  metadata?: Readonly<Record<string, unknown>>;
  /**
   * What an input must be: a schema of zod, valibot, arktype or any other of Standard Schema. What it returns is what the function
   * gets. An input that it does not accept fails the node with a {@link SchemaError}, without another attempt.
   */
  // deno-lint-ignore no-explicit-any
  inputSchema?: StandardSchema<any, In>;
  /** What an output must be, in the same way. One that it does not accept is tried again by `retry`. */
  // deno-lint-ignore no-explicit-any
  outputSchema?: StandardSchema<any, Out>;
}

/** Options with which a node is called. `null` if it can be called without further ado. */
export interface CallOptions {
  readonly retry: Required<RetryOptions>;
  readonly timeoutMs: number;
  // deno-lint-ignore no-explicit-any
  readonly fallback: ((error: NodeError, input: any, context: NodeContext) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly limiter: Limiter | undefined;
  readonly inputSchema: StandardSchema | undefined;
  readonly outputSchema: StandardSchema | undefined;
}

/** What is waited for before the second attempt, unless something else is asked for. */
export const DEFAULT_DELAY_MS = 100;

/** How V8 tells of mistakes in a program. */
const MISTAKE =
  /^(Cannot (read|set|destructure|convert|assign|add|delete|redefine|access) |Assignment to |Class (constructor|extends) )| is not (a function|a constructor|iterable|async iterable|defined|extensible)/;

/** Errors of limits and aborts are passed on at once; mistakes of the program do not mend themselves. */
function isWorthRetrying(error: unknown): boolean {
  try {
    if (error instanceof LimitExceededError || error instanceof ReferenceError) return false;
    if (error instanceof SchemaError && error.side === "input") return false;
    if (error instanceof Error && error.name === "AbortError") return false;
    return !(error instanceof TypeError && MISTAKE.test(error.message));
  } catch {
    // An error that cannot be read, such as a revoked proxy.
    return true;
  }
}

const DEFAULT_RETRY = { delayMs: DEFAULT_DELAY_MS, factor: 2, maxDelayMs: 30_000, jitter: 0.5, when: isWorthRetrying };

/** Refuses a value with a message that begins with `action`. */
export function refuse(kind: ErrorConstructor, action: string, rule: string, value: unknown): never {
  throw new kind(`${action}: ${rule}, received ${Deno.inspect(value)}`);
}

function completeRetry(action: string, retry: number | RetryOptions): Required<RetryOptions> {
  if (typeof retry === "number") return { ...DEFAULT_RETRY, attempts: retry };
  const named = Object.fromEntries(Object.entries(retry).map(([name, value]) => [`retry.${name}`, value]));
  checkOptions(action, named, RETRY_RULES);
  if (retry.attempts === undefined) throw new TypeError(`Cannot ${action}: it needs retry.attempts`);
  const given = Object.fromEntries(Object.entries(retry).filter(([, value]) => value !== undefined));
  return { ...DEFAULT_RETRY, ...given, attempts: retry.attempts };
}

/** Checks what a graph sets for all of its nodes. */
export function checkDefaults(action: string, defaults: NodeOptions): void {
  const named = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [`defaults.${name}`, value]));
  checkOptions(action, named, DEFAULTS_RULES);
  completeOptions(action, defaults);
}

/** Completes options that were checked. `null` if the node can be called without further ado. */
export function completeOptions(action: string, options: NodeOptions, defaults: NodeOptions = {}): CallOptions | null {
  const { retry = defaults.retry ?? 1, timeoutMs = defaults.timeoutMs ?? Infinity, fallback, signal, limiter } =
    options;
  const { inputSchema, outputSchema } = options;
  const schemas = { inputSchema, outputSchema } as Pick<CallOptions, "inputSchema" | "outputSchema">;
  const complete = { retry: completeRetry(action, retry), timeoutMs, fallback, signal, limiter, ...schemas };
  const isPlain = complete.retry.attempts === 1 && timeoutMs === Infinity && !fallback && !signal && !limiter &&
    !inputSchema && !outputSchema;
  return isPlain ? null : complete;
}
