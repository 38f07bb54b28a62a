/** A task's worker, seen from the thread that started it. */

import { DeclarationError, TaskError } from "../../errors.ts";
import { clockZero } from "../../ring/clock.ts";
import { rebuildError, summarizeError } from "../../worker/error_report.ts";
import type { TaskState } from "../metrics.ts";
import type { TaskFailure, TaskLife } from "../task_group.ts";
import { HostedWorker } from "../../worker/hosted_worker.ts";
import type { TaskPermissions } from "../../worker/permitted_worker.ts";
import { type HostMessage, isTaskMessage, type Remains, type TaskJob, type TaskMessage } from "./task_protocol.ts";
import { TASK_HOST } from "./task_host.ts";

/** Starts the worker of a task at once; `run()` then calls the task's function. */
export class TaskWorker implements TaskLife {
  /** The task's name. */
  readonly name: string;
  /** Resolves when the module is imported and the function found, or the task has ended. */
  readonly loaded: Promise<void>;
  /** Resolves when the task's function is called, or the task has ended: to whether it was called. */
  readonly begun: Promise<boolean>;
  /** Resolves when the task has ended. Never rejects. */
  readonly ended: Promise<TaskFailure>;
  /** Hears that the task wants everything to stop, or has closed a reader. */
  onRequest: ((kind: "stop" | "left") => void) | undefined;
  /** What it has left when it failed, if it could tell. */
  remains: Remains | undefined;
  readonly #worker: HostedWorker<HostMessage, TaskMessage>;
  #state: TaskState = "waiting";
  #isLoaded = false;
  #wasRun = false;
  #isDiscarded = false;
  readonly #loaded: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #begun: PromiseWithResolvers<boolean> = Promise.withResolvers();
  readonly #ended: PromiseWithResolvers<TaskFailure> = Promise.withResolvers();

  /** Starts a worker that imports the task's module. */
  constructor(job: TaskJob, pipeline: string, permissions?: TaskPermissions) {
    this.name = job.task;
    this.loaded = this.#loaded.promise;
    this.begun = this.#begun.promise;
    this.ended = this.#ended.promise;
    const options = { name: `${pipeline}/${job.task}`, permissions, module: job.target.module };
    this.#worker = new HostedWorker(TASK_HOST, options, {
      isMessage: isTaskMessage,
      heard: (message) => this.#hear(message),
      broke: (deed) => this.#fail(deed),
    });
    this.#worker.post({ kind: "load", job, clock: clockZero() });
  }

  /** Where the task is in its life. One that is blocked is «running». */
  get state(): TaskState {
    return this.#state;
  }

  get mayWork(): boolean {
    return this.#state === "running";
  }

  #hear(message: TaskMessage): void {
    switch (message.kind) {
      case "loaded":
        this.#isLoaded = true;
        this.#loaded.resolve();
        return this.#isDiscarded ? this.#end(null) : undefined;
      case "started":
        this.#state = "running";
        return this.#begun.resolve(true);
      case "stop":
      case "left":
        return this.onRequest?.(message.kind);
      case "ended":
        return this.#end(null);
      case "refused":
        return this.#end(new DeclarationError(`Cannot run task "${this.name}": ${message.reason}`));
      case "failed": {
        const { deed, error } = message;
        this.remains = message.remains;
        if (!error) return this.#fail(deed);
        return this.#fail(`${deed} ${summarizeError(error)}`, { cause: rebuildError(error) });
      }
    }
  }

  #fail(deed: string, options: { cause?: unknown } = {}): void {
    this.#end(new TaskError(this.name, `it ${deed}`, options));
  }

  /** Only the first end counts. */
  #end(failure: TaskFailure): void {
    if (this.#state === "waiting" || this.#state === "running") this.#state = failure ? "failed" : "ended";
    this.#worker.terminate();
    this.#ended.resolve(failure);
    this.#loaded.resolve();
    this.#begun.resolve(false);
  }

  /** Calls the task's function. Resolves when the call has begun, or the task has ended. */
  async run(): Promise<void> {
    this.#wasRun = true;
    this.#worker.post({ kind: "run" });
    await this.begun;
  }

  /** Ends the worker of a task that has not been run, as soon as it has imported its module. */
  discard(): void {
    this.#isDiscarded = !this.#wasRun;
    if (this.#isDiscarded && this.#isLoaded) this.#end(null);
  }

  /** Ends the worker at once, and the task as if it had returned. */
  terminate(): void {
    this.#end(null);
  }

  /** Gives up on a task that ignored the stop. A thread in an endless loop lives on: nothing can end it. */
  abandon(graceMs: number): void {
    const doing = this.#isLoaded ? "ignored the stop for" : "was still importing its module, after the stop, for";
    this.#fail(`${doing} ${graceMs} ms`);
  }

  /** Fails a task that does not get on. Its thread lives on if it is in an endless loop. */
  giveUp(deed: string): void {
    this.#fail(deed);
  }
}
