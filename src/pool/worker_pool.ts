/** Calls of exported functions on a pool of workers. */

import { LifecycleError, StoppedError } from "../errors.ts";
import { checkRule, permissions as permissionsRule } from "../rules.ts";
import { LONGEST_TIMER_MS, within } from "../ring/within.ts";
import type { ExportTarget } from "../worker/export_target.ts";
import type { CallRequest } from "./calls/pool_protocol.ts";
import { type CallEnd, functionName, type GivenCall } from "./calls/given_call.ts";
import { PoolWorker } from "./calls/pool_worker.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";
import { untilAborted } from "../worker/until_aborted.ts";

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
}

type Settings = Required<Omit<WorkerPoolOptions, "permissions">> & Pick<WorkerPoolOptions, "permissions">;

/** A call of the pool: it waits for a worker, or has been given to one. */
interface PoolCall {
  readonly request: CallRequest;
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
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  /** Workers that are given up, but have not ended. */
  readonly #abandoned = new Set<PoolWorker>();
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /**
   * A pool without workers yet.
   *
   * @throws {TypeError} If an option is no number.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: WorkerPoolOptions) {
    const { name, workers = navigator.hardwareConcurrency, graceMs = 1000, idleMs = 5000, permissions } = options;
    this.#settings = { name, workers, graceMs, idleMs, permissions };
    this.#check({ workers }, 1);
    if (permissions !== undefined) {
      checkRule(`make worker pool "${name}"`, "permissions", permissionsRule, permissions);
    }
    this.#check({ graceMs, idleMs }, 0);
    if (!Number.isInteger(workers)) throw this.#refusal(RangeError, "workers must be an integer", workers);
  }

  #check(numbers: Readonly<Record<string, number>>, least: number): void {
    for (const [option, value] of Object.entries(numbers)) {
      if (typeof value !== "number") throw this.#refusal(TypeError, `${option} must be a number`, value);
      if (!(value >= least)) throw this.#refusal(RangeError, `${option} must be ${least} or more`, value);
    }
  }

  #refusal(kind: ErrorConstructor, rule: string, value: unknown): Error {
    return new kind(`Cannot make worker pool "${this.name}": ${rule}, received ${Deno.inspect(value)}`);
  }

  /** Its name, for messages. */
  get name(): string {
    return this.#settings.name;
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
   */
  async run(target: ExportTarget, args: readonly unknown[], options: PoolRunOptions = {}): Promise<unknown> {
    const { signal, context = false } = options, request: CallRequest = [target, context, ...args];
    if (this.#isClosed) {
      throw new LifecycleError(`Cannot run "${functionName(request)}": worker pool "${this.name}" is closed`);
    }
    signal?.throwIfAborted();
    clearTimeout(this.#idleTimer);
    const call: PoolCall = { request, outcome: Promise.withResolvers(), isCancelled: false, given: undefined };
    const cancel = () => this.#cancel(call);
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
    if (this.#workers.size < this.#settings.workers) return this.#startWorker();
    for (const worker of this.#workers) if (worker.takesCalls) return worker;
  }

  #nextCall(): PoolCall {
    const queue = this.#takenBack.size > 0 ? this.#takenBack : this.#queue, [call] = queue;
    queue.delete(call);
    return call;
  }

  #give(worker: PoolWorker, call: PoolCall): void {
    try {
      const given = worker.give(call.request);
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
      if (failure && !this.#isClosed) console.error(failure);
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
    if (this.#isClosed || idleMs > LONGEST_TIMER_MS) return;
    this.#idleTimer = setTimeout(() => {
      // They are watched: each leaves the pool when it has ended.
      for (const worker of this.#idle.splice(0)) worker.close().catch((error) => console.error(error));
    }, idleMs);
  }

  /** Tells the function; if it goes on for longer than the grace period, its worker is given up. */
  async #cancel(pooled: PoolCall): Promise<void> {
    pooled.isCancelled = true;
    if (!pooled.given) {
      if (!this.#queue.delete(pooled)) this.#takenBack.delete(pooled);
      return;
    }
    const { worker, call } = pooled.given;
    if (!worker.cancel(call)) return;
    if (await within(call.ended, this.#settings.graceMs) || this.#isClosed) return;
    this.#abandoned.add(worker);
    this.#replace(worker);
    // Whoever cancelled the call knows that it has not come to its end.
    await worker.close().catch(() => {});
    this.#abandoned.delete(worker);
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
    clearTimeout(this.#idleTimer);
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
