/** What a task function gets besides its bindings. */

import type { DType, FrameOf } from "../ring/dtypes.ts";
import { settleOwed } from "../ring/owed_frames.ts";
import type { OwnStop } from "../ring/own_stop.ts";
import { checkRule, duration } from "../rules.ts";
import type { SharedMemory } from "../ring/shared_memory.ts";
import { checkTimeout, type WaitObserver } from "../ring/waiting.ts";

/**
 * The second argument of a task function.
 *
 * @example
 * ```ts
 * import type { TaskContext, Writer } from "@ringmill/ringmill";
 *
 * export function clock({ ticks }: { ticks: Writer<"float64"> }, context: TaskContext<{ periodMs: number }>) {
 *   for (let n = 0;; n++) {
 *     ticks.write(Float64Array.of(n));
 *     context.sleep(context.params.periodMs);
 *   }
 * }
 * ```
 */
export interface TaskContext<Params = unknown, State = FrameOf<DType> | undefined> {
  /** The task's name. */
  readonly name: string;
  /** The constants that the task was declared with; `undefined` if with none. */
  readonly params: Params;
  /**
   * An array in the shared memory that outlives the task's worker, for a task that was declared with `state`. All 0 when the
   * pipeline starts; a restart finds it as the failed run has left it.
   */
  readonly state: State;
  /** How often the task was started again after a failure. */
  readonly restarts: number;
  /** Whether this run goes on where a failed one has stopped. */
  readonly resumed: boolean;
  /** Whether the pipeline was told to stop, or this task alone: by a drain, or since nobody reads what it writes. */
  readonly stopped: boolean;
  /** Aborts, with a `StoppedError`, when the task is told to stop. For async tasks. */
  readonly signal: AbortSignal;
  /**
   * Blocks the worker for `ms`, 0 to `Infinity`.
   *
   * @throws {StoppedError} As soon as the task is told to stop.
   */
  sleep(ms: number): void;
  /**
   * Tells how late the task is with what it does by the clock, in milliseconds, 0 or more: `latenessMs` in metrics. A replay
   * does so with each frame.
   */
  tellLateness(ms: number): void;
  /** Stops the whole pipeline, as `Pipeline.stop()` does: the next call of this task on a binding throws. */
  stop(): void;
}

/** What a context is made of. */
export interface TaskContextParts {
  readonly name: string;
  readonly params: unknown;
  readonly state: FrameOf<DType> | undefined;
  readonly restarts: number;
  readonly memory: SharedMemory;
  readonly ownStop: OwnStop;
  /** Hears when the thread sleeps. */
  readonly observer: WaitObserver;
  /** Hears how late the task is. */
  readonly onLateness: (ms: number) => void;
  /** Makes what a stop throws. */
  readonly stopReason: () => Error;
  /** Tells the program that everything is to stop. */
  readonly onStop: () => void;
}

/** The context of one task in its worker. Its functions are fields: task functions take them out of it. */
export class WorkerTaskContext implements TaskContext {
  readonly name: string;
  readonly params: unknown;
  readonly state: FrameOf<DType> | undefined;
  readonly restarts: number;
  readonly #parts: TaskContextParts;
  #controller: AbortController | undefined;

  constructor(parts: TaskContextParts) {
    this.name = parts.name;
    this.params = parts.params;
    this.state = parts.state;
    this.restarts = parts.restarts;
    this.#parts = parts;
  }

  get resumed(): boolean {
    return this.restarts > 0;
  }

  get stopped(): boolean {
    const { memory, ownStop } = this.#parts;
    return memory.stopped || ownStop.kind !== 0;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = this.#controller = new AbortController();
      const { memory, ownStop, stopReason } = this.#parts;
      Promise.race([memory.whenStopped(), ownStop.whenTold()]).then(() => controller.abort(stopReason()));
    }
    return this.#controller.signal;
  }

  readonly sleep = (ms: number): void => {
    checkTimeout(ms, `sleep in task "${this.name}"`);
    settleOwed();
    const { observer, stopReason } = this.#parts;
    observer.begins(true);
    const isStopped = this.#sleep(ms);
    observer.ends();
    if (isStopped) throw stopReason();
  };

  /** Whether a stop has ended the sleep. A task that a drain has reached may sleep on once it was told. */
  #sleep(ms: number): boolean {
    const { memory, ownStop } = this.#parts;
    const deadline = performance.now() + ms;
    for (let left = ms; left > 0; left = deadline - performance.now()) {
      if (ownStop.reaches(this)) return true;
      if (memory.sleep(left) && memory.stopped) return true;
    }
    return memory.stopped || ownStop.reaches(this);
  }

  readonly tellLateness = (ms: number): void => {
    checkRule(`tell the lateness of task "${this.name}"`, "ms", duration, ms);
    this.#parts.onLateness(ms);
  };

  readonly stop = (): void => {
    this.#parts.memory.stop([]);
    this.#parts.onStop();
  };
}
