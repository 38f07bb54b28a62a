/** What a task function gets besides its bindings. */

import { StoppedError } from "../errors.ts";
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
export interface TaskContext<Params = unknown> {
  /** The task's name. */
  readonly name: string;
  /** The constants that the task was declared with; `undefined` if with none. */
  readonly params: Params;
  /** Whether the pipeline was told to stop. */
  readonly stopped: boolean;
  /** Aborts, with a {@link StoppedError}, when the pipeline is told to stop. For async tasks. */
  readonly signal: AbortSignal;
  /**
   * Blocks the worker for `ms`, 0 to `Infinity`.
   *
   * @throws {StoppedError} As soon as the pipeline is told to stop.
   */
  sleep(ms: number): void;
}

/** The context of one task in its worker. */
export class WorkerTaskContext implements TaskContext {
  readonly name: string;
  readonly params: unknown;
  readonly #memory: SharedMemory;
  readonly #observer: WaitObserver;
  #controller: AbortController | undefined;

  /** `observer` hears when the thread sleeps. */
  constructor(name: string, params: unknown, memory: SharedMemory, observer: WaitObserver) {
    this.name = name;
    this.params = params;
    this.#memory = memory;
    this.#observer = observer;
  }

  get stopped(): boolean {
    return this.#memory.stopped;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = this.#controller = new AbortController();
      this.#memory.whenStopped().then(() => controller.abort(this.#stoppedError()));
    }
    return this.#controller.signal;
  }

  /** A field, as task functions take it out of their context. */
  readonly sleep = (ms: number): void => {
    checkTimeout(ms, `sleep in task "${this.name}"`);
    this.#observer.begins(true);
    const isStopped = this.#memory.sleep(ms);
    this.#observer.ends();
    if (isStopped) throw this.#stoppedError();
  };

  #stoppedError(): StoppedError {
    return new StoppedError(`Task "${this.name}" was stopped`);
  }
}
