/** A task, as it is declared. */

import type { FrameType } from "../ring/dtypes.ts";
import type { TaskRestart } from "../manager/restart.ts";
import type { TaskStateOptions } from "../manager/specs.ts";
import type { AbandonedPolicy, ActivationMode } from "../manager/specs.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";
import type { ModuleReference, TaskFunction } from "./wiring.ts";

/** What runs a task: its function when the pipeline starts, its function on an event, or nothing. */
export type ControlMode = "plain" | ActivationMode | "terminator";

/** One binding. */
export interface DeclaredBinding {
  /** The function's name for it. */
  readonly local: string;
  /** The name of the stream or event. */
  readonly target: string;
  /** Whether a reader wants the newest frame only, and never holds its writer back. */
  readonly latest?: boolean;
}

/** A declared task. */
export interface TaskDeclaration {
  /** Unique within the pipeline. */
  readonly name: string;
  /** What runs it. */
  readonly mode: ControlMode;
  /** Missing for a terminator, and in a reconstructed pipeline. */
  readonly fn?: TaskFunction;
  /** The name of the function's export, in a reconstructed pipeline: nothing is imported before it is compiled. */
  readonly exportName?: string;
  /** The module that exports the function, where it is not the pipeline's own. */
  readonly module?: ModuleReference;
  /** The streams that it reads. */
  readonly reads: readonly DeclaredBinding[];
  /** The streams that it writes. */
  readonly writes: readonly DeclaredBinding[];
  /** The events that it is given, without the control event. */
  readonly events: readonly DeclaredBinding[];
  /** The control event of a switchable or toggleable task. */
  readonly gate?: DeclaredBinding;
  /** What becomes of it when nobody reads any more what it writes: `"stop"` if missing. */
  readonly onAbandoned?: AbandonedPolicy;
  /** A copy of the constants for its context. */
  readonly params?: unknown;
  /** Its worker's permissions, where they are not the program's. */
  readonly permissions?: TaskPermissions;
  /** Has it go on in a new worker when it has failed. */
  readonly restart?: TaskRestart;
  /** An array that outlives its worker. */
  readonly state?: TaskStateOptions<FrameType>;
  /** It fails when it gets nothing done for so many milliseconds although frames wait for it. */
  readonly stallTimeoutMs?: number;
  /** The label of the machine that it runs on. */
  readonly machine?: string;
  /** For people. */
  readonly description?: string;
}
