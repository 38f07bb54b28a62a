/**
 * The errors that callers may want to catch. Wrong kinds and ranges of values are `TypeError` and `RangeError`.
 *
 * @module
 */

/**
 * Thrown, once a pipeline was told to stop, by every call on a binding that looks for a frame, for room or for an
 * activation, or signals one. Let it pass: it unwinds the task, and the host takes it as a normal end.
 *
 * @example
 * ```ts
 * import { StoppedError } from "@ringmill/ringmill";
 * import { assert } from "node:console";
 *
 * assert(new StoppedError("the pipeline was stopped") instanceof Error);
 * ```
 */
export class StoppedError extends Error {
  /** The class. */
  override readonly name = "StoppedError";
}

/**
 * A pipeline is declared wrongly: a duplicate name, a bad binding, a topology that cannot run.
 *
 * @example
 * ```ts
 * import { DeclarationError, Pipeline } from "@ringmill/ringmill";
 * import { throws } from "node:assert/strict";
 *
 * const pipe = new Pipeline("radar");
 * pipe.addEvent("armed");
 * throws(() => pipe.addEvent("armed"), DeclarationError);
 * ```
 */
export class DeclarationError extends Error {
  /** The class. */
  override readonly name = "DeclarationError";
}

/**
 * A method was called at the wrong time: compiled or started twice, used after `close()`.
 *
 * @example
 * ```ts
 * import { LifecycleError, Pipeline } from "@ringmill/ringmill";
 * import { rejects } from "node:assert/strict";
 *
 * const pipe = new Pipeline("radar");
 * await pipe.close();
 * await rejects(() => pipe.start(), LifecycleError);
 * ```
 */
export class LifecycleError extends Error {
  /** The class. */
  override readonly name = "LifecycleError";
}

/**
 * A name that the pipeline does not know.
 *
 * @example
 * ```ts
 * import { Pipeline, UnknownNameError } from "@ringmill/ringmill";
 * import { throws } from "node:assert/strict";
 *
 * throws(() => new Pipeline("radar").openReader("echoes"), UnknownNameError);
 * ```
 */
export class UnknownNameError extends Error {
  /** The class. */
  override readonly name = "UnknownNameError";
}

/** Options of a {@link TaskError}. */
export interface TaskErrorOptions {
  /** What the task threw. */
  cause?: unknown;
}

/**
 * A task failed: it threw, rejected, could not be imported, or ignored the stop. `cause` is its own error, rebuilt with
 * class name, message, stack and cause.
 *
 * @example
 * ```ts
 * import { TaskError } from "@ringmill/ringmill";
 * import { equal } from "node:assert/strict";
 *
 * const error = new TaskError("sink", "it threw RangeError: too loud", { cause: new RangeError("too loud") });
 * equal(error.message, 'Task "sink" failed: it threw RangeError: too loud');
 * ```
 */
export class TaskError extends Error {
  /** The class. */
  override readonly name = "TaskError";
  /** The task's name. */
  readonly task: string;
  /** What became of the task, without its name. */
  readonly reason: string;
  /** The failures of other tasks in the same run, in the order in which they arrived. */
  readonly others: readonly TaskError[];

  /** The first failure of a run, with those of `others`. */
  constructor(task: string, reason: string, options: TaskErrorOptions = {}, others: readonly TaskError[] = []) {
    const more = others.map((error) => `; task "${error.task}": ${error.reason}`).join("");
    super(`Task "${task}" failed: ${reason}${more}`, options);
    this.task = task;
    this.reason = reason;
    this.others = others;
  }
}
