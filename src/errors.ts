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

/** Where in a file a {@link PipelineFileError} was found. */
export interface PipelineFilePlace {
  /** The line, from 1, where it is known. */
  line?: number;
  /** The table: `streams[0]` is the first `[[streams]]`. Missing for the top level, and for bad TOML. */
  table?: string;
  /** The field of that table. */
  field?: string;
}

/**
 * A file is not a pipeline that `Pipeline.reconstruct()` can make: it is no TOML, of an unknown version, has a missing, an
 * unknown or a wrong field, or names a module that is not allowed.
 *
 * @example
 * ```ts
 * import { Pipeline, PipelineFileError } from "@ringmill/ringmill";
 * import { equal, rejects } from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, 'format_version = 1\nname = "radar"\n[[streams]]\nnmae = "echoes"\n');
 * await rejects(() => Pipeline.reconstruct(path), (error) => {
 *   if (!(error instanceof PipelineFileError)) return false;
 *   equal(error.message, `Cannot reconstruct ${path}:4: streams[0] has the unknown field "nmae"; did you mean "name"?`);
 *   return error.line === 4 && error.table === "streams[0]" && error.field === "nmae";
 * });
 * ```
 */
export class PipelineFileError extends Error {
  /** The class. */
  override readonly name = "PipelineFileError";
  /** The file. */
  readonly file: string;
  /** What is wrong, without file and line. */
  readonly reason: string;
  /** The line, from 1, where it is known. */
  readonly line: number | undefined;
  /** The table: `streams[0]` is the first `[[streams]]`. Missing for the top level, and for bad TOML. */
  readonly table: string | undefined;
  /** The field of that table. */
  readonly field: string | undefined;

  /** An error in `file`. */
  constructor(file: string, reason: string, place: PipelineFilePlace = {}, options: ErrorOptions = {}) {
    super(`Cannot reconstruct ${file}${place.line === undefined ? "" : `:${place.line}`}: ${reason}`, options);
    this.file = file;
    this.reason = reason;
    this.line = place.line;
    this.table = place.table;
    this.field = place.field;
  }
}
