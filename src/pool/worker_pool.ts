/** Calls of exported functions on a pool of workers. */

import { LifecycleError, StoppedError } from "../errors.ts";
import { within } from "../ring/within.ts";
import {
  boolean,
  callback,
  checkName,
  checkOptions,
  checkRule,
  duration,
  integer,
  object,
  permissions,
  type Rule,
  type Rules,
  signal,
  text,
} from "../rules.ts";
import { DEFAULT_GRACE_MS, Timer } from "../timers.ts";
import type { ExportTarget } from "../worker/export_target.ts";
import type { CallRequest } from "./calls/pool_protocol.ts";
import { type CallEnd, functionName, type GivenCall } from "./calls/given_call.ts";
import { PoolWorker } from "./calls/pool_worker.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";
import { untilAborted } from "../worker/until_aborted.ts";
import { report } from "../notices.ts";

/** Options of a {@link WorkerPool}. */
export interface WorkerPoolOptions {
  /** For messages. */
  name: string;
  /**
   * The most workers at a time, 1 or more. They are started when calls need them.
   *
   * @default {navigator.hardwareConcurrency}
   */
  workers?: number;
  /**
   * How long a function may take, in milliseconds, to notice that its call is cancelled or the pool closed. Then its
   * worker is given up, and replaced.
   *
   * @default {1000}
   */
  graceMs?: number;
  /**
   * After so many milliseconds without a call all workers are ended, so that a pool which nobody closes does not keep the
   * program alive. The next call starts new ones. `Infinity` keeps them.
   *
   * @default {5000}
   */
  idleMs?: number;
  /** Deno's permissions of the workers, all of this program's by default. Deno wants `--unstable-worker-options`. */
  permissions?: TaskPermissions;
}

/** Options of one call. */
export interface PoolRunOptions {
  /** Cancels the call: it rejects with the signal's reason at once, and its function is told. */
  signal?: AbortSignal;
  /**
   * Whether the function gets a {@link CallContext} after its arguments.
   *
   * @default {false}
   */
  context?: boolean;
  /** Is called when a worker takes the call: until then it waits in the pool's queue, or for a worker to start. */
  onBegin?: () => void;
  /**
   * Is given a promise if the call is cancelled: it resolves when its function no longer runs, to whether that has noticed. If
   * not, its worker was given up. What it throws is printed: whoever aborts is not the one to hear it.
   */
  onCancel?: (ended: Promise<boolean>) => void;
}

/** {@link WorkerPoolOptions}. */
export const POOL_RULES: Rules = {
  name: text,
  workers: integer(1),
  graceMs: duration,
  idleMs: duration,
  permissions,
};

/** {@link PoolRunOptions}. */
const POOL_RUN_RULES: Rules = { signal, context: boolean, onBegin: callback, onCancel: callback };

/** {@link ExportTarget}. A path would be taken from a file of this package. */
const TARGET_RULE: Rule = {
  expected: "{ module, exportName } or { module, likeness }, with an absolute URL",
  isKind: (value) => object.isKind(value) && isTarget(value as Partial<ExportTarget>),
  isInRange: ({ module }: ExportTarget) => !/^\.{0,2}\//.test(module),
};

function isTarget({ module, exportName, likeness }: Partial<ExportTarget>): boolean {
  if (typeof module !== "string") return false;
  if (exportName !== undefined) return typeof exportName === "string";
  return typeof likeness?.name === "string" && typeof likeness.source === "string";
}

const ARGUMENTS_RULE: Rule = { expected: "an array", isKind: Array.isArray };

/** How many workers start at a time as long as none has started. */
const STARTS_AT_FIRST = 2;

type Settings = Required<Omit<WorkerPoolOptions, "permissions">> & Pick<WorkerPoolOptions, "permissions">;

/** A call of the pool: it waits for a worker, or has been given to one. */
interface PoolCall {
  readonly request: CallRequest;
  readonly onBegin: (() => void) | undefined;
  readonly outcome: PromiseWithResolvers<unknown>;
  isCancelled: boolean;
  given: { readonly worker: PoolWorker; readonly call: GivenCall } | undefined;
}

/**
 * Runs exported functions on Deno Workers, each worker one call at a time. While one runs, the next may lie ready in its
 * worker, until another one is free for it. Arguments and results are copied through shared memory, as by structured
 * cloning; a typed array that is an argument or a result itself goes without being serialised.
 *
 * @example
 * ```ts
 * import { WorkerPool } from "@ringmill/ringmill/graph";
 * import { equal } from "node:assert/strict";
 *
 * await using pool = new WorkerPool({ name: "texts", workers: 1 });
 * equal(await pool.run({ module: "node:querystring", exportName: "unescape" }, ["two%20words"]), "two words");
 * ```
 */
export class WorkerPool implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #workers = new Set<PoolWorker>();
  readonly #idle: PoolWorker[] = [];
  /** Calls that wait, in their order; those that were taken back from a worker go first. */
  readonly #queue = new Set<PoolCall>();
  readonly #takenBack = new Set<PoolCall>();
  #started = 0;
  #idleTimer: Timer | undefined;
  /** Workers that are given up, but have not ended. */
  readonly #abandoned = new Set<PoolWorker>();
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /**
   * A pool without workers yet.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: WorkerPoolOptions) {
    const { name, workers = navigator.hardwareConcurrency, graceMs = DEFAULT_GRACE_MS, idleMs = 5000 } = options;
    checkName("make a worker pool", name);
    checkOptions(`make worker pool "${name}"`, options, POOL_RULES);
    this.#settings = { name, workers, graceMs, idleMs, permissions: options.permissions };
  }

  /** Its name, for messages. */
  get name(): string {
    return this.#settings.name;
  }

  /** How long functions have to notice that their call is cancelled, in milliseconds. */
  get graceMs(): number {
    return this.#settings.graceMs;
  }

  /** Workers that are running or idle now. */
  get size(): number {
    return this.#workers.size;
  }

  /**
   * Calls a function in a worker and resolves to what it returns. `targetOf()` makes a target of a function. The arguments
   * are copied when a worker has room for them.
   *
   * @throws {TaskError} If the function throws, with its error as `cause`; if it returns what cannot be sent; or if its
   * worker dies.
   * @throws {DeclarationError} If the worker finds no such export.
   * @throws {StoppedError} If the pool is closed meanwhile.
   * @throws {LifecycleError} If the pool is closed.
   * @throws {Error} If an argument cannot be cloned.
   * @throws {TypeError} If the target, the arguments or an option are of the wrong kind.
   * @throws {RangeError} If the target's module is a path.
   */
  async run(target: ExportTarget, args: readonly unknown[], options: PoolRunOptions = {}): Promise<unknown> {
    const { signal, context = false, onBegin, onCancel } = options;
    const action = `run a function on worker pool "${this.name}"`;
    checkRule(action, "target", TARGET_RULE, target);
    checkRule(action, "args", ARGUMENTS_RULE, args);
    const request: CallRequest = [target, context, ...args];
    if (this.#isClosed) {
      throw new LifecycleError(`Cannot run "${functionName(request)}": worker pool "${this.name}" is closed`);
    }
    checkOptions(`run "${functionName(request)}"`, options, POOL_RUN_RULES);
    signal?.throwIfAborted();
    this.#idleTimer?.cancel();
    const outcome = Promise.withResolvers<unknown>();
    const call: PoolCall = { request, onBegin, outcome, isCancelled: false, given: undefined };
    const cancel = () => {
      const ended = this.#cancel(call);
      try {
        onCancel?.(ended);
      } catch (error) {
        report(error, `onCancel of a call on worker pool "${this.name}" threw`);
      }
    };
    signal?.addEventListener("abort", cancel);
    this.#queue.add(call);
    this.#dispatch();
    try {
      return await untilAborted(call.outcome.promise, signal);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Gives workers what waits, as long as they have room. */
  #dispatch(): void {
    while (this.#queue.size + this.#takenBack.size > 0) {
      const worker = this.#findWorker();
      if (!worker) return;
      this.#give(worker, this.#nextCall());
    }
  }

  /** A free worker, or a new one, or one that has room behind the call that it runs. */
  #findWorker(): PoolWorker | undefined {
    const free = this.#idle.pop();
    if (free) return free;
    if (this.#mayStart) return this.#startWorker();
    for (const worker of this.#workers) if (worker.takesCalls) return worker;
  }

  /** Workers start two at a time, then as many as have started: trivial calls are done before all of them are there. */
  get #mayStart(): boolean {
    if (this.#isClosed || this.#workers.size >= this.#settings.workers) return false;
    let ready = 0;
    for (const { isReady } of this.#workers) if (isReady) ready++;
    return this.#workers.size - ready < Math.max(STARTS_AT_FIRST, ready);
  }

  /** A worker has started: others may, for calls that wait or lie ready behind one that runs. */
  #startMore(): void {
    this.#dispatch();
    for (const worker of [...this.#workers]) if (worker.load > 1 && this.#mayStart) this.#startWorker();
  }

  #nextCall(): PoolCall {
    const queue = this.#takenBack.size > 0 ? this.#takenBack : this.#queue;
    const [call] = queue;
    queue.delete(call);
    return call;
  }

  #give(worker: PoolWorker, call: PoolCall): void {
    try {
      const given = worker.give(call.request, call.onBegin);
      call.given = { worker, call: given };
      given.ended.then((end) => this.#settle(call, end));
    } catch (error) {
      call.outcome.reject(error);
      // Later, as it may go on with another call of this kind.
      queueMicrotask(() => this.#release(worker));
    }
  }

  #settle(call: PoolCall, end: CallEnd): void {
    if (end.kind === "returned") call.outcome.resolve(end.value);
    else if (end.kind === "failed") call.outcome.reject(end.error);
    else if (this.#isClosed) call.outcome.reject(this.#closedReason());
    else if (!call.isCancelled) {
      call.given = undefined;
      this.#takenBack.add(call);
      this.#dispatch();
    }
  }

  #closedReason(): StoppedError {
    return new StoppedError(`Cannot run: worker pool "${this.name}" was closed`);
  }

  #startWorker(): PoolWorker {
    const { name, graceMs, permissions } = this.#settings;
    const worker = new PoolWorker({
      name: `${name} ${++this.#started}`,
      graceMs,
      permissions,
      onFree: (worker) => this.#release(worker),
      onReady: () => this.#startMore(),
    });
    this.#workers.add(worker);
    this.#watch(worker);
    return worker;
  }

  /** Lets go of a worker that has ended. A call that runs on it hears of that by itself. */
  async #watch(worker: PoolWorker): Promise<void> {
    const failure = await worker.ended;
    const at = this.#idle.indexOf(worker);
    if (at >= 0) {
      this.#idle.splice(at, 1);
      // Of something that an earlier call has left behind. Nobody else would say so.
      if (failure && !this.#isClosed) report(failure);
    }
    await worker.close().catch(() => {});
    this.#replace(worker);
  }

  /** Gives a worker's place to a call that waits. */
  #replace(worker: PoolWorker): void {
    if (this.#workers.delete(worker)) this.#dispatch();
  }

  /** A worker has room: for calls that wait, or one that lies ready in another worker, or for later ones. */
  #release(worker: PoolWorker): void {
    if (!worker.isUsable) return this.#replace(worker);
    if (worker.load === 0 && !this.#idle.includes(worker)) this.#idle.push(worker);
    this.#dispatch();
    if (worker.load > 0) return;
    for (const other of this.#workers) if (other.load > 1 && other.withdraw()) return;
    if (this.#idle.length === this.#workers.size) this.#endIdleWorkersLater();
  }

  #endIdleWorkersLater(): void {
    const { idleMs } = this.#settings;
    if (this.#isClosed) return;
    this.#idleTimer = new Timer(idleMs, () => {
      // Each worker leaves the pool by itself when it has ended.
      for (const worker of this.#idle.splice(0)) worker.close().catch((error) => report(error));
    });
  }

  /** Tells the function; if it goes on for longer than the grace period, its worker is given up. */
  async #cancel(pooled: PoolCall): Promise<boolean> {
    pooled.isCancelled = true;
    if (!pooled.given) {
      if (!this.#queue.delete(pooled)) this.#takenBack.delete(pooled);
      return true;
    }
    const { worker, call } = pooled.given;
    if (!worker.cancel(call)) return true;
    if (await within(call.ended, this.#settings.graceMs)) return true;
    if (this.#isClosed) return false;
    this.#abandoned.add(worker);
    this.#replace(worker);
    // The canceller of the call knows that its function has not returned: handled.
    await worker.close().catch(() => {});
    this.#abandoned.delete(worker);
    return false;
  }

  /**
   * Ends all workers. Calls that wait or run reject with a `StoppedError`; functions that run are told. Closing twice is
   * the same as closing once.
   *
   * @throws {TaskError} If a function ignored that for longer than the grace period.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    this.#idleTimer?.cancel();
    for (const queue of [this.#queue, this.#takenBack]) {
      for (const call of queue) call.outcome.reject(this.#closedReason());
      queue.clear();
    }
    const given = [...this.#abandoned].map((worker) => worker.close().catch(() => {}));
    const endings = await Promise.allSettled([...this.#workers].map((worker) => worker.close()));
    await Promise.all(given);
    for (const ending of endings) if (ending.status === "rejected") throw ending.reason;
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
