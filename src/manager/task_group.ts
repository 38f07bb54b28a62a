/** The workers of one manager: loaded together, stopped together, and waited for. */

import { DeclarationError, TaskError } from "../errors.ts";
import { within } from "../ring/within.ts";
import type { TaskState } from "./metrics.ts";

/** Why a task failed; `null` if it did not. */
export type TaskFailure = TaskError | DeclarationError | null;

/** What a group tells its manager. */
export interface TaskGroupEvents {
  /** The tasks must stop: wake them. Called once. */
  stopping(): void;
  /** A task has ended. */
  ended(task: string): void;
  /** A task has closed a reader before its end. */
  left?(): void;
}

/** The life of one task, for those who follow it. */
export interface TaskProgress {
  readonly name: string;
  /** Resolves when its function is called, or it has ended: to whether it was called. */
  readonly begun: Promise<boolean>;
  /** Resolves when it has ended: to why it failed, if it did. */
  readonly ended: Promise<TaskFailure>;
  /** Hears each restart, before it: after which failure, and how many there were with it. Never called if there are none. */
  onRestart?: ((failure: TaskError, restarts: number) => void) | undefined;
}

/** The life of one task, for its group. */
export interface TaskLife extends TaskProgress {
  /** Resolves when its module is imported and the function found, or it has ended. */
  readonly loaded: Promise<void>;
  /** Where it is in its life. */
  readonly state: TaskState;
  /** Whether it is to get on with its work: its function was called, or its new worker is being started. */
  readonly mayWork: boolean;
  /** Hears that the task wants everything to stop, or has closed a reader. */
  onRequest: ((kind: "stop" | "left") => void) | undefined;
  /** Calls the task's function. Resolves when the call has begun, or the task has ended. */
  run(): Promise<void>;
  /** Everything stops: ends the worker of a task that has not been run. */
  discard(): void;
  /** Ends the worker at once, and the task as if it had returned. */
  terminate(): void;
  /** Gives up on a task that ignored the stop. */
  abandon(graceMs: number): void;
  /** Fails a task that does not get on. `deed` says what it did. */
  giveUp(deed: string): void;
  /** The task alone was told to stop: one that is to be started again need not be. */
  leave?(): void;
}

/** Any number of tasks. If one fails, all are stopped. */
export class TaskGroup {
  /** Resolves when all tasks have ended. */
  readonly allEnded: Promise<void>;
  readonly #workers: ReadonlyMap<string, TaskLife>;
  readonly #graceMs: number;
  readonly #events: TaskGroupEvents;
  readonly #running: Set<TaskLife>;
  readonly #failures: (TaskError | DeclarationError)[] = [];
  #isStopping = false;
  #isReported = false;

  constructor(workers: readonly TaskLife[], graceMs: number, events: TaskGroupEvents) {
    this.#workers = new Map(workers.map((worker) => [worker.name, worker]));
    this.#running = new Set(workers);
    this.#graceMs = graceMs;
    this.#events = events;
    for (const worker of workers) {
      worker.onRequest = (kind) => kind === "stop" ? this.stop() : this.#events.left?.();
    }
    this.allEnded = Promise.all(workers.map((worker) => this.#follow(worker))).then(() => {});
  }

  async #follow(worker: TaskLife): Promise<void> {
    const failure = await worker.ended;
    this.#running.delete(worker);
    if (failure) {
      this.#failures.push(failure);
      this.stop();
    }
    // After the stop: nobody may see the streams of a failed task end.
    this.#events.ended(worker.name);
  }

  /** Resolves when all modules are imported and all functions found, or that has failed. */
  async load(): Promise<void> {
    await Promise.all([...this.#workers.values()].map(({ loaded }) => loaded));
    if (this.#isStopping) await this.allEnded;
  }

  /** Starts the tasks in the given order, each when the one before has begun. */
  async run(order: Iterable<string>): Promise<void> {
    for (const name of order) {
      if (this.#isStopping) return;
      await this.#workers.get(name)?.run();
    }
  }

  /** Asks all tasks to stop, and gives up on those that have not after the grace period. */
  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#events.stopping();
    for (const worker of this.#running) worker.discard();
    this.#abandonAfterGrace();
  }

  async #abandonAfterGrace(): Promise<void> {
    if (await within(this.allEnded, this.#graceMs)) return;
    for (const worker of this.#running) worker.abandon(this.#graceMs);
  }

  /** The tasks, for those who follow them. */
  get progress(): Iterable<TaskProgress> {
    return this.#workers.values();
  }

  /** Fails a task that does not get on, and with it the others. */
  giveUp(task: string, deed: string): void {
    this.#workers.get(task)!.giveUp(deed);
  }

  /** A task alone was told to stop. */
  leave(task: string): void {
    this.#workers.get(task)!.leave?.();
  }

  /** Whether a task is to get on with its work. */
  mayWork(task: string): boolean {
    return this.#workers.get(task)!.mayWork;
  }

  /** Where a task is in its life. */
  stateOf(task: string): TaskState {
    return this.#workers.get(task)!.state;
  }

  /** Whether the tasks were told to stop. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Whether some task has failed. */
  get hasFailed(): boolean {
    return this.#failures.length > 0;
  }

  /** Whether a failure was handed out to be thrown. */
  get isReported(): boolean {
    return this.#isReported;
  }

  /** What to throw: the first failure, which knows of the others. It counts as reported then. */
  takeFailure(): TaskError | DeclarationError {
    this.#isReported = true;
    const declaration = this.#failures.find((failure) => failure instanceof DeclarationError);
    if (declaration) return declaration;
    const [first, ...others] = this.#failures as TaskError[];
    return new TaskError(first.task, first.reason, { cause: first.cause }, others);
  }
}
