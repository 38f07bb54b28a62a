/** A task that goes on in a new worker when it has failed: on the same memory, where the one before has stopped. */

import { TaskError } from "../../errors.ts";
import { cut } from "../../safe_text.ts";
import { now } from "../../ring/clock.ts";
import { within } from "../../ring/within.ts";
import { reportError, summarizeError } from "../../worker/error_report.ts";
import { describeLimit, RestartPlan } from "../../worker/restart_policy.ts";
import type { DeadFrames } from "../dead_frames.ts";
import type { TaskState } from "../metrics.ts";
import type { CompleteRestart } from "../restart.ts";
import type { TaskFailure, TaskLife } from "../task_group.ts";
import type { Remains } from "../task/task_protocol.ts";
import type { TaskWorker } from "../task/task_worker.ts";
import { FailedFrames, type Hand } from "./failed_frames.ts";
import type { ReaderHand } from "./reader_hand.ts";

/** What became of a task's failures so far. */
export interface SupervisionFigures {
  readonly restarts: number;
  readonly skippedFrames: number;
  readonly deadLetters: number;
  /** The message of the last error, if there was one. */
  readonly lastError: string | null;
}

/** What there is to say of a task that is not supervised. */
export const UNSUPERVISED: SupervisionFigures = { restarts: 0, skippedFrames: 0, deadLetters: 0, lastError: null };

/** What a supervised task needs. */
export interface Supervision {
  /** Starts a worker, after one that has left `before`; the first one is number 0. */
  readonly start: (restarts: number, before?: Remains) => TaskWorker;
  readonly restart: CompleteRestart;
  readonly hands: ReadonlyMap<string, ReaderHand>;
  readonly deadLetters: DeadFrames;
  /** Makes the task's record one of a task that waits for nothing. */
  readonly resetRecord: () => void;
}

/** Has one worker after the other. */
export class SupervisedTask implements TaskLife {
  readonly name: string;
  readonly loaded: Promise<void>;
  readonly begun: Promise<boolean>;
  readonly ended: Promise<TaskFailure>;
  readonly #supervision: Supervision;
  readonly #plan: RestartPlan;
  readonly #failedFrames: FailedFrames;
  readonly #ended: PromiseWithResolvers<TaskFailure> = Promise.withResolvers();
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #worker: TaskWorker;
  #isStopping = false;
  /** Whether it alone was told to stop: its worker sees that, unless it fails before. */
  #isLeaving = false;
  #isWaiting = false;
  /** What has become of it in the end. */
  #outcome: TaskFailure | undefined;
  #onRequest: TaskLife["onRequest"];
  #figures = UNSUPERVISED;
  onRestart: ((failure: TaskError, restarts: number) => void) | undefined;

  /** Starts the first worker at once. */
  constructor(supervision: Supervision) {
    this.#supervision = supervision;
    this.#plan = new RestartPlan(supervision.restart);
    this.#failedFrames = new FailedFrames(supervision.hands);
    this.#worker = supervision.start(0);
    this.name = this.#worker.name;
    this.loaded = this.#worker.loaded;
    this.begun = this.#worker.begun;
    this.ended = this.#ended.promise;
    this.#follow();
  }

  /** What became of its failures. */
  get figures(): SupervisionFigures {
    return this.#figures;
  }

  get state(): TaskState {
    if (this.#outcome !== undefined) return this.#outcome ? "failed" : "ended";
    // A worker that has failed is not the end of the task before that is decided.
    return this.#isWaiting || this.#worker.state === "failed" ? "restarting" : this.#worker.state;
  }

  /** A new worker whose module is never imported hangs, too. */
  get mayWork(): boolean {
    return !this.#isWaiting && (this.#worker.mayWork || this.#figures.restarts > 0 && this.#worker.state === "waiting");
  }

  get onRequest(): TaskLife["onRequest"] {
    return this.#onRequest;
  }

  set onRequest(listener: TaskLife["onRequest"]) {
    this.#onRequest = listener;
    this.#worker.onRequest = listener;
  }

  async #follow(): Promise<void> {
    this.#outcome = await this.#untilEnd();
    this.#ended.resolve(this.#outcome);
  }

  async #untilEnd(): Promise<TaskFailure> {
    for (;;) {
      const begunAt = now();
      const before = this.#positions();
      const failure = await this.#worker.ended;
      if (!failure) return null;
      const hasBegun = await this.#worker.begun;
      const { remains } = this.#worker;
      if (!hasBegun || this.#isStopping || remains?.wasTold || !(failure instanceof TaskError)) return failure;
      this.#figures = { ...this.#figures, lastError: cut(failure.message) };
      const gotOn = before.length === 0 || String(before) !== String(this.#positions());
      this.#isWaiting = true;
      const reason = await this.#prepare(failure, now() - begunAt, gotOn);
      this.#isWaiting = false;
      if (this.#isStopping) return null;
      if (reason !== null) return withReason(failure, reason);
      if (this.#isLeaving) return null;
      const refusal = await this.#startAgain(failure);
      if (refusal !== null) return refusal;
    }
  }

  #positions(): number[] {
    return Array.from(this.#supervision.hands.values(), ({ position }) => position);
  }

  /** Deals with the frame in hand, and waits for the restart. Returns why there is none, or `null`. */
  async #prepare(failure: TaskError, ranMs: number, gotOn: boolean): Promise<string | null> {
    const hand = this.#failedFrames.count(this.#worker.remains?.inHand);
    const { attempts, then } = this.#supervision.restart.onFailedFrame;
    const isOver = hand.attempts >= attempts;
    if (isOver && then === "fail") return `${this.#failedFrames.describe(hand)}, at attempt ${hand.attempts}`;
    const waitMs = this.#plan.next(ranMs, gotOn);
    if (waitMs === null) {
      const inHand = hand.attempts > 0 ? `, ${this.#failedFrames.describe(hand)}` : "";
      return `${describeLimit(this.#supervision.restart)}${inHand}`;
    }
    if (isOver) await this.#letGo(hand, failure, then === "deadLetters");
    if (!this.#isLeaving) await within(this.#stopped.promise, waitMs);
    return null;
  }

  /** Consumes the frames in hand. */
  async #letGo({ bytes, attempts }: Hand, failure: TaskError, asDeadLetters: boolean): Promise<void> {
    for (const [local, count] of Object.entries(bytes)) {
      const hand = this.#supervision.hands.get(local)!;
      const copies = hand.copies(count);
      if (asDeadLetters) await this.#bury(hand, copies, attempts, failure);
      if (this.#isStopping) return;
      hand.skip(count);
      if (!asDeadLetters) {
        this.#figures = { ...this.#figures, skippedFrames: this.#figures.skippedFrames + copies.length };
      }
    }
  }

  async #bury(
    { stream }: ReaderHand,
    copies: ReturnType<ReaderHand["copies"]>,
    attempts: number,
    { cause }: TaskError,
  ): Promise<void> {
    for (const { frame, data } of copies) {
      const letter = { task: this.name, stream, frame, attempts, error: cause, data };
      if (!await this.#supervision.deadLetters.add(letter, this.#stopped.promise)) return;
      this.#figures = { ...this.#figures, deadLetters: this.#figures.deadLetters + 1 };
    }
  }

  /** Returns why no worker could be started, or `null`. */
  async #startAgain(failure: TaskError): Promise<TaskError | null> {
    this.#supervision.resetRecord();
    const restarts = this.#figures.restarts + 1;
    this.#figures = { ...this.#figures, restarts };
    this.onRestart?.(failure, restarts);
    try {
      this.#worker = this.#supervision.start(restarts, this.#worker.remains);
    } catch (cause) {
      const summary = summarizeError(reportError(cause));
      return new TaskError(this.name, `its worker could not be started again: ${summary}`, { cause });
    }
    this.#worker.onRequest = this.#onRequest;
    await this.#worker.loaded;
    if (!this.#isStopping) await this.#worker.run();
    return null;
  }

  async run(): Promise<void> {
    await this.#worker.run();
  }

  leave(): void {
    this.#isLeaving = true;
    if (this.#isWaiting) this.#stopped.resolve();
  }

  discard(): void {
    this.#isStopping = true;
    this.#stopped.resolve();
    this.#worker.discard();
  }

  terminate(): void {
    this.#isStopping = true;
    this.#stopped.resolve();
    this.#worker.terminate();
  }

  abandon(graceMs: number): void {
    this.#worker.abandon(graceMs);
  }

  giveUp(deed: string): void {
    this.#isStopping = true;
    this.#stopped.resolve();
    this.#worker.giveUp(deed);
  }
}

function withReason({ task, reason, cause }: TaskError, why: string): TaskError {
  return new TaskError(task, `${reason} (${why})`, { cause });
}
