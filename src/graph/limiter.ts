/** Limits that nodes share: how many calls may run at a time, and how many may begin in a time. */

import {
  callback,
  checkOptions,
  checkRule,
  countOrInfinity,
  duration,
  integer,
  milliseconds,
  object,
  type Rules,
  signal,
} from "../rules.ts";
import { Timer } from "../timers.ts";

/** How many calls may begin. */
export interface RateOptions {
  /** The most calls in any `intervalMs`, 1 or more. */
  limit: number;
  /** Milliseconds, 1 or more. */
  intervalMs: number;
  /**
   * The most calls that may begin at once after a pause, 1 to `limit`. Further ones are spread evenly.
   *
   * @default {limit}
   */
  burst?: number;
}

/** Options of a {@link Limiter}. */
export interface LimiterOptions {
  /**
   * How many calls may run at a time, 1 or more.
   *
   * @default {Infinity}
   */
  concurrency?: number;
  /** How many calls may begin in a time. Any number by default. */
  rate?: RateOptions;
  /**
   * How many calls may wait, 0 or more. A further one fails at once with a {@link LimitExceededError}.
   *
   * @default {Infinity}
   */
  maxQueued?: number;
  /**
   * How long a call may wait, in milliseconds. Then it fails with a {@link LimitExceededError}.
   *
   * @default {Infinity}
   */
  queueTimeoutMs?: number;
}

/** {@link LimiterOptions}. */
export const LIMITER_RULES: Rules = {
  concurrency: countOrInfinity(1),
  rate: object,
  maxQueued: countOrInfinity(0),
  queueTimeoutMs: duration,
};

/** {@link RateOptions}, as they are named in messages. */
const RATE_RULES: Rules = {
  "rate.limit": integer(1, 2 ** 24),
  "rate.intervalMs": milliseconds(1),
  "rate.burst": integer(1, 2 ** 24),
};

/** Options of {@link Limiter.run}. */
export interface LimiterRunOptions {
  /** Ends the wait, with its reason. */
  signal?: AbortSignal;
  /** Is called if the call must wait, with the number of calls that wait then, itself included. */
  onQueued?: (queued: number) => void;
}

const RUN_RULES: Rules = { signal, onQueued: callback };

/**
 * A call was not begun: too many waited for the {@link Limiter} of its node, or it waited too long.
 *
 * @example
 * ```ts
 * import { Limiter, LimitExceededError } from "@ringmill/ringmill/graph";
 * import { rejects } from "node:assert/strict";
 *
 * const limiter = new Limiter({ concurrency: 1, maxQueued: 0 });
 * const first = limiter.run(() => new Promise((resolve) => setTimeout(resolve, 1)));
 * await rejects(limiter.run(() => 2), LimitExceededError);
 * await first;
 * ```
 */
export class LimitExceededError extends Error {
  /** The class. */
  override readonly name = "LimitExceededError";
  /** How many calls waited. */
  readonly queued: number;

  /** Says which limit it was. */
  constructor(reason: string, queued: number) {
    super(`Cannot begin: ${reason}`);
    this.queued = queued;
  }
}

/** A call that waits. */
interface QueuedCall {
  readonly since: number;
  leave(): void;
  begin(release: () => void): void;
  fail(error: unknown): void;
}

/** So late timers are, in milliseconds, in programs that are not very busy. */
const LATENESS_MS = 16;

/** The times of the latest calls, and what they allow. */
class Rate {
  readonly #limit: number;
  readonly #intervalMs: number;
  readonly #burst: number;
  /** The latest `#limit` times, in a circle. */
  readonly #times: number[] = [];
  #next = 0;
  #tokens: number;
  #filledAt = performance.now();

  constructor({ limit, intervalMs, burst = limit }: RateOptions) {
    this.#limit = limit;
    this.#intervalMs = intervalMs;
    this.#burst = this.#tokens = Math.min(burst, limit);
  }

  #fill(now: number, isAwaited: boolean): void {
    const perMs = this.#limit / this.#intervalMs;
    // Timers come too late: what calls have waited for meanwhile is not lost.
    const most = this.#burst + (isAwaited ? LATENESS_MS * perMs : 0);
    this.#tokens = Math.min(most, this.#tokens + (now - this.#filledAt) * perMs);
    this.#filledAt = now;
  }

  /** Milliseconds until a call may begin; 0 if it may now. `isAwaited` says whether one has been waiting. */
  waitMs(now: number, isAwaited: boolean): number {
    this.#fill(now, isAwaited);
    const forToken = this.#tokens >= 1 ? 0 : (1 - this.#tokens) * this.#intervalMs / this.#limit;
    const oldest = this.#times.length < this.#limit ? -Infinity : this.#times[this.#next];
    return Math.max(0, forToken, oldest + this.#intervalMs - now);
  }

  /** A call begins. */
  take(now: number): void {
    this.#tokens -= 1;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#limit;
  }
}

/**
 * Bounds the calls of all nodes that have it as their option `limiter`, across executions and graphs of this program. Calls
 * that find no room wait, in order, which does not count for their `timeoutMs`. What a server asks for by `Retry-After` holds
 * up all of them.
 *
 * @example
 * ```ts
 * import { Graph, Limiter, Node } from "@ringmill/ringmill/graph";
 * import { equal, ok } from "node:assert/strict";
 *
 * let running = 0;
 * let most = 0;
 * const limiter = new Limiter({ concurrency: 2, rate: { limit: 100, intervalMs: 1000 }, maxQueued: 1000 });
 * const ask = new Node("ask", async (question: string) => {
 *   most = Math.max(most, ++running);
 *   await new Promise((resolve) => setTimeout(resolve, 1));
 *   running--;
 *   return question.length;
 * }, { limiter });
 * const graph = new Graph("questions", { nodes: [ask], start: ask });
 * await Promise.all(["a", "b", "c", "d"].map((text) => graph.execute(text)));
 * equal(most, 2);
 * ok(limiter.queued === 0 && limiter.running === 0);
 * ```
 */
export class Limiter {
  readonly #concurrency: number;
  readonly #maxQueued: number;
  readonly #queueTimeoutMs: number;
  readonly #rate: Rate | undefined;
  readonly #queue = new Set<QueuedCall>();
  #running = 0;
  #pausedUntil = 0;
  /** One for all that wait. */
  #timer: Timer | undefined;

  /**
   * A limiter that nothing waits for.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: LimiterOptions) {
    checkOptions("make a limiter", options, LIMITER_RULES);
    const { concurrency = Infinity, rate, maxQueued = Infinity, queueTimeoutMs = Infinity } = options;
    if (rate) checkRate(rate);
    this.#concurrency = concurrency;
    this.#maxQueued = maxQueued;
    this.#queueTimeoutMs = queueTimeoutMs;
    this.#rate = rate && new Rate(rate);
  }

  /** How many calls may run at a time. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** How many calls run. */
  get running(): number {
    return this.#running;
  }

  /** How many calls wait. */
  get queued(): number {
    return this.#queue.size;
  }

  /** How long calls are held up by {@link pauseFor}, in milliseconds. */
  get pausedMs(): number {
    return Math.max(0, this.#pausedUntil - performance.now());
  }

  /**
   * Begins no call for so many milliseconds. Those that run go on.
   *
   * @throws {TypeError} If `ms` is no number.
   * @throws {RangeError} If it is less than 0, or `NaN`.
   */
  pauseFor(ms: number): void {
    checkRule("pause a limiter", "ms", duration, ms);
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + ms);
    this.#serve();
  }

  /**
   * Calls a function when there is room, and resolves to what it returns.
   *
   * @throws {LimitExceededError} If too many calls wait, or this one has waited too long.
   */
  async run<Result>(work: () => Result | PromiseLike<Result>, options: LimiterRunOptions = {}): Promise<Result> {
    checkOptions("run a limited call", options, RUN_RULES);
    const release = await this.acquire(options);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Waits for room, and takes it until the function that it resolves to is called.
   *
   * @throws {LimitExceededError} If too many calls wait, or this one has waited too long.
   */
  acquire({ signal, onQueued }: LimiterRunOptions = {}): Promise<() => void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#queue.size > 0 || this.#waitMs(performance.now()) > 0) return this.#wait(signal, onQueued);
    return Promise.resolve(this.#take());
  }

  /** Takes a place, and returns what gives it back. */
  #take(): () => void {
    this.#running++;
    this.#rate?.take(performance.now());
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      // Otherwise it is not this call that others wait for.
      const wasFull = this.#running-- >= this.#concurrency;
      if (wasFull) this.#serve();
    };
  }

  /** Milliseconds until a call may begin; `Infinity` if one that runs has to end first. */
  #waitMs(now: number): number {
    if (this.#running >= this.#concurrency) return Infinity;
    return Math.max(this.#pausedUntil - now, this.#rate?.waitMs(now, this.#queue.size > 0) ?? 0, 0);
  }

  #wait(signal: AbortSignal | undefined, onQueued: ((queued: number) => void) | undefined): Promise<() => void> {
    const { size } = this.#queue;
    if (size >= this.#maxQueued) {
      return Promise.reject(new LimitExceededError(`${size} calls wait already (maxQueued)`, size));
    }
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const leave = (call: QueuedCall) => {
      this.#queue.delete(call);
      signal?.removeEventListener("abort", abort);
    };
    const call: QueuedCall = { since: performance.now(), leave: () => leave(call), begin: resolve, fail: reject };
    const abort = () => {
      leave(call);
      reject(signal!.reason);
      this.#serve();
    };
    signal?.addEventListener("abort", abort);
    this.#queue.add(call);
    try {
      onQueued?.(size + 1);
    } catch (error) {
      leave(call);
      reject(error);
    }
    // Otherwise there is a timer for the first of those that wait.
    if (size === 0) this.#serve();
    return promise;
  }

  /** Begins what may begin, fails what has waited too long, and waits for the next of both. */
  #serve(): void {
    this.#timer?.cancel();
    for (const call of this.#queue) {
      const now = performance.now();
      const leftMs = call.since + this.#queueTimeoutMs - now;
      const waitMs = this.#waitMs(now);
      if (waitMs <= 0) this.#begin(call);
      else if (leftMs <= 0) this.#expire(call);
      else {
        // Calls behind the first have waited less long: one timer will do.
        this.#timer = new Timer(Math.min(waitMs, leftMs), () => this.#serve());
        return;
      }
    }
  }

  #begin(call: QueuedCall): void {
    call.leave();
    // In one step, as for calls that need not wait: those that come later must not overtake it.
    call.begin(this.#take());
  }

  #expire(call: QueuedCall): void {
    call.leave();
    const reason = `it has waited for ${this.#queueTimeoutMs} ms (queueTimeoutMs)`;
    call.fail(new LimitExceededError(reason, this.#queue.size));
  }
}

function checkRate(rate: RateOptions): void {
  const named = Object.fromEntries(Object.entries(rate).map(([name, value]) => [`rate.${name}`, value]));
  checkOptions("make a limiter", named, RATE_RULES);
  for (const name of ["limit", "intervalMs"] as const) {
    if (rate[name] === undefined) throw new TypeError(`Cannot make a limiter: it needs rate.${name}`);
  }
  const { limit, burst = limit } = rate;
  if (burst <= limit) return;
  throw new RangeError(`Cannot make a limiter: rate.burst must be at most rate.limit, ${limit}, received ${burst}`);
}
