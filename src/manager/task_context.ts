/** What a task function gets besides its bindings. */

import type { FrameOf, FrameType } from "../ring/dtypes.ts";
import { settleOwed } from "../ring/owed_frames.ts";
import type { RingFlow } from "../ring/ring_flow.ts";
import type { Run, RunTable } from "../ring/run_table.ts";
import type { OwnStop } from "../ring/own_stop.ts";
import { checkRule, duration } from "../rules.ts";
import type { SharedMemory } from "../ring/shared_memory.ts";
import { checkTimeout, SLICE_MS, type WaitObserver } from "../ring/waiting.ts";

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
export interface TaskContext<Params = unknown, State = FrameOf<FrameType> | undefined> {
  /** The task's name. */
  readonly name: string;
  /** The constants that the task was declared with; `undefined` if with none. */
  readonly params: Params;
  /**
   * An array, or an object of one for each column, in the shared memory that outlives the task's worker, for a task that was
   * declared with `state`. All 0 when the
   * pipeline starts; a restart finds it as the failed run has left it.
   */
  readonly state: State;
  /** How often the task was started again after a failure. */
  readonly restarts: number;
  /** Whether this run goes on where a failed one has stopped. */
  readonly resumed: boolean;
  /**
   * Which run of the writing program it is, where the task's streams cross machines: of the frame in hand if it reads such a
   * stream (`null` before the first), otherwise of what its work goes into, for which it waits. Later runs have larger numbers.
   * `null` where nothing crosses.
   */
  readonly epoch: number | null;
  /**
   * The number of the first frame that other machines have not had, for a task whose work goes to them with
   * `onNewRun: "resume"`: of several such streams the least. 0 otherwise, and in the first run. Waits until it is known.
   *
   * @throws {StoppedError} If the task is told to stop meanwhile.
   */
  readonly resumeFrom: number;
  /**
   * Whether the pipeline was told to stop, or this task alone: by a drain, or since nobody reads what it writes. A task that
   * finds `true` in a drain has heard of it: what it then writes arrives.
   */
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

/** How often it is looked whether a run has begun. */
const LOOK_MS = 10;

/** What a context is made of. */
export interface TaskContextParts {
  readonly name: string;
  readonly params: unknown;
  readonly state: FrameOf<FrameType> | undefined;
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
  /** The rings that its work passes on its way to other machines. */
  readonly flows: readonly RingFlow[];
  /** The runs of what its work goes into and other machines read. */
  readonly feeds: readonly RunTable[];
  /** What it reads. */
  readonly readers: readonly { readonly runs: RunTable | undefined; readonly epoch: number | null }[];
}

const flows = new WeakMap<TaskContext, readonly RingFlow[]>();

/** The rings that a task's work passes on its way to other machines, in that order. */
export function flowsOf(context: TaskContext): readonly RingFlow[] {
  return flows.get(context) ?? [];
}

const memories = new WeakMap<TaskContext, SharedMemory>();

/** Whether the whole pipeline was told to stop, and not the task alone. */
export function isPipelineStopped(context: TaskContext): boolean {
  return memories.get(context)?.stopped ?? false;
}

/** The context of one task in its worker. Its functions are fields: task functions take them out of it. */
export class WorkerTaskContext implements TaskContext {
  readonly name: string;
  readonly params: unknown;
  readonly state: FrameOf<FrameType> | undefined;
  readonly restarts: number;
  readonly #parts: TaskContextParts;
  #controller: AbortController | undefined;

  constructor(parts: TaskContextParts) {
    this.name = parts.name;
    this.params = parts.params;
    this.state = parts.state;
    this.restarts = parts.restarts;
    this.#parts = parts;
    flows.set(this, parts.flows);
    memories.set(this, parts.memory);
  }

  get epoch(): number | null {
    const reader = this.#parts.readers.find(({ runs }) => runs);
    return reader ? reader.epoch : this.#firstRuns()[0]?.epoch ?? null;
  }

  get resumeFrom(): number {
    const numbers = this.#firstRuns().map(({ number }) => number);
    return numbers.length === 0 ? 0 : Math.min(...numbers);
  }

  /** The runs that this program has begun, as soon as it has. */
  #firstRuns(): Run[] {
    const { feeds } = this.#parts;
    while (feeds.some((runs) => runs.find(0) === null)) this.sleep(LOOK_MS);
    return feeds.map((runs) => runs.find(0)!);
  }

  get resumed(): boolean {
    return this.restarts > 0;
  }

  get stopped(): boolean {
    const { memory, ownStop } = this.#parts;
    return memory.stopped || ownStop.notice();
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = this.#controller = new AbortController();
      const { memory, ownStop, stopReason } = this.#parts;
      Promise.race([memory.whenStopped(), ownStop.whenTold()]).then(() => {
        ownStop.notice();
        controller.abort(stopReason());
      });
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
      if (ownStop.reachesCall()) return true;
      // In slices: it may be told right before it sleeps.
      if (memory.sleep(Math.min(left, SLICE_MS)) && memory.stopped) return true;
    }
    return memory.stopped || ownStop.reachesCall();
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
