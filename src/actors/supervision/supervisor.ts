/** Keeps a kernel's function running in a worker, by the kernel's policy for errors. */

import { now } from "../../ring/clock.ts";
import { LONGEST_TIMER_MS } from "../../ring/within.ts";
import { type FailureReport, reportFailure } from "../message/failure.ts";
import type { Ending, StartedKernel, WorkerListener, WorkerOrder } from "./kernel_worker.ts";
import type { KernelJob, KernelQuestion, ToKernel } from "../thread/kernel_protocol.ts";
import type { RingKernelSettings } from "../ring_kernel.ts";
import { type ErrorReport, reportError } from "../../worker/error_report.ts";
import type { TakenRequest } from "../thread/taken_table.ts";
import { describeLimit, RestartPlan } from "../../worker/restart_policy.ts";

/** What a supervisor needs, and whom it tells. */
export interface SupervisorHooks {
  /** Starts the kernel's next worker, which is that of a number, from 1. */
  startWorker(worker: number, order: Omit<WorkerOrder, "job">): { started: StartedKernel; job: KernelJob };
  /** A worker has ended, and its number in queues is free. */
  returnThreadSlot(threadSlot: number): void;
  /** Tells a worker to stop, although the kernel goes on. */
  stopWorker(worker: number): void;
  /** Messages that the kernel has processed so far without an error. */
  succeeded(): number;
  /** The kernel's function is about to be called for the first time. */
  loaded(): void;
  /** The kernel has failed. */
  failed(failure: FailureReport): void;
  /** A call of the function has ended, and there will be another one. */
  callEnded(): void;
  /** What a worker had received is lost with it; there will be another one. */
  lost(failure: FailureReport, worker: StartedKernel | undefined): void;
  /** A failure that ends a kernel whose function is running still. */
  mustTerminate(failure: FailureReport): void;
  /** Answers what a worker asks its runtime. */
  onQuestion(question: KernelQuestion): void;
  /** There is no function to call any more: why, unless it has returned, or was stopped. */
  over(failure: FailureReport | null, taken: readonly TakenRequest[]): void;
}

type Policy = Pick<RingKernelSettings, "restart" | "permissions">;

/** Supervises the workers of one kernel, one after the other. */
export class Supervisor implements WorkerListener {
  readonly #id: string;
  readonly #policy: Policy;
  readonly #graceMs: number;
  readonly #hooks: SupervisorHooks;
  /** `null` if there are no restarts. */
  readonly #plan: RestartPlan | null;
  #worker: StartedKernel | undefined;
  /** The number in queues of the worker's thread, until it is given back. */
  #threadSlot: number | undefined;
  #workers = 0;
  /** When the run began that counts for the plan, and the messages that were processed without an error until then. */
  #begun = { at: 0, succeeded: 0 };
  #hasLoaded = false;
  #isStopping = false;
  #isOver = false;
  /** Waits before the function is called again, or before a worker that must stop is given up. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Why the worker has to make room for another one, while its function is running. */
  #replacedFor: FailureReport | undefined;

  /** `graceMs` is how long a worker that is replaced may take to stop. */
  constructor(id: string, policy: Policy, graceMs: number, hooks: SupervisorHooks) {
    this.#id = id;
    this.#policy = policy;
    this.#graceMs = graceMs;
    this.#hooks = hooks;
    this.#plan = policy.restart && new RestartPlan(policy.restart);
  }

  /** Workers that were started after the first. */
  get restarts(): number {
    return Math.max(this.#workers - 1, 0);
  }

  /** Starts a worker. */
  start(): void {
    const { started, job } = this.#hooks.startWorker(++this.#workers, {
      permissions: this.#policy.permissions,
      listener: this,
    });
    this.#threadSlot = job.threadSlot;
    this.#worker = started;
  }

  /** Posts to the worker. */
  post(message: ToKernel): void {
    this.#worker?.post(message);
  }

  loaded(): void {
    if (!this.#hasLoaded) this.#hooks.loaded();
    this.#hasLoaded = true;
    this.#begin();
  }

  #begin(): void {
    this.#begun = { at: now(), succeeded: this.#hooks.succeeded() };
    this.#run();
  }

  #run(): void {
    this.post({ kind: "run" });
  }

  onQuestion(question: KernelQuestion): void {
    this.#hooks.onQuestion(question);
  }

  ended(ending: Ending | null): void {
    if (ending) this.#fail(ending);
    else if (this.#replacedFor) this.#replace(this.#replacedFor);
    else this.#end(null);
  }

  #fail(ending: Ending): void {
    const failure = reportFailure(this.#id, ending.incident, ending.error);
    this.#hooks.failed(failure);
    const canGoOn = !this.#isStopping && this.#hasLoaded;
    const isInPlace = this.#isInPlace(ending);
    if (canGoOn) this.#hooks.callEnded();
    // A call that has received something was none in vain: the run goes on.
    if (canGoOn && isInPlace && ending.hasReceived) return this.#run();
    const delay = canGoOn ? this.#nextDelay() : null;
    if (delay === null) return this.#end(canGoOn ? this.#atLimit(failure) : failure);
    if (isInPlace) return this.#later(delay, () => this.#begin());
    if (ending.isDead) this.#hooks.lost(failure, this.#worker);
    this.#retire(failure);
    this.#later(delay, () => this.#startAgain());
  }

  #startAgain(): void {
    try {
      this.start();
    } catch (error) {
      const failure = reportFailure(this.#id, "could not be started again:", reportError(error));
      this.#hooks.failed(failure);
      this.#end(failure);
    }
  }

  #isInPlace({ isDead }: Ending): boolean {
    return !isDead && this.#policy.restart?.worker === "same";
  }

  /** How long to wait before the function is called again; `null` for ever. */
  #nextDelay(): number | null {
    const { at, succeeded } = this.#begun;
    return this.#plan && this.#plan.next(now() - at, this.#hooks.succeeded() > succeeded);
  }

  /** There was a plan, and it allows no more. */
  #atLimit(failure: FailureReport): FailureReport {
    if (!this.#policy.restart) return failure;
    return { ...failure, reason: `${failure.reason}, ${describeLimit(this.#policy.restart)}` };
  }

  #later(ms: number, work: () => void): void {
    if (ms === 0) return work();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      work();
    }, Math.min(ms, LONGEST_TIMER_MS));
  }

  noteFailure(incident: string, error: ErrorReport): void {
    const failure = reportFailure(this.#id, incident, error);
    const { restart } = this.#policy;
    this.#hooks.failed(failure);
    if (this.#isStopping || this.#replacedFor || restart?.worker === "same") return;
    if (restart === null) return this.#hooks.mustTerminate(failure);
    this.#replacedFor = failure;
    this.#hooks.stopWorker(this.#workers);
    // Its number in queues stays taken: the thread may live on.
    this.#later(this.#graceMs, () => {
      this.#threadSlot = undefined;
      this.#replace(failure);
    });
  }

  /** Another worker takes the place of one whose function was running when something else has failed. */
  #replace(failure: FailureReport): void {
    clearTimeout(this.#timer);
    this.#replacedFor = undefined;
    const delay = this.#isStopping ? null : this.#nextDelay();
    if (delay === null) return this.#end(this.#isStopping ? failure : this.#atLimit(failure));
    this.#hooks.callEnded();
    this.#hooks.lost(failure, this.#worker);
    this.#retire(failure);
    this.#later(delay, () => this.#startAgain());
  }

  #retire(failure: FailureReport | null): void {
    this.#worker?.terminate(failure);
    this.#worker = undefined;
    if (this.#threadSlot !== undefined) this.#hooks.returnThreadSlot(this.#threadSlot);
    this.#threadSlot = undefined;
  }

  #end(failure: FailureReport | null, isGivenUp = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    const taken = this.#worker?.taken(isGivenUp) ?? [];
    this.#retire(failure);
    this.#hooks.over(failure, taken);
  }

  /** The kernel was told to stop: its function is waited for, if it is running. */
  stop(): void {
    this.#isStopping = true;
    const isIdle = this.#timer !== undefined && !this.#replacedFor;
    if (isIdle || !this.#hasLoaded) this.#end(null);
  }

  /** Gives up on a worker that ignores the stop. Its number in queues stays taken: the thread may live on. */
  abandon(failure: FailureReport): void {
    this.#threadSlot = undefined;
    this.#end(failure, true);
  }
}
