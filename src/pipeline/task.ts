/** A task, as it is declared. */

import type { ActivationMode } from "../worker/protocol.ts";
import type { TaskPermissions } from "../worker/task_worker.ts";
import type { ModuleReference, TaskFunction } from "./wiring.ts";

/** What runs a task: its function when the pipeline starts, its function on an event, or nothing. */
export type ControlMode = "plain" | ActivationMode | "terminator";

/** One binding. */
export interface DeclaredBinding {
  /** The function's name for it. */
  readonly local: string;
  /** The name of the stream or event. */
  readonly target: string;
}

/** A declared task. */
export interface TaskDeclaration {
  readonly name: string;
  readonly mode: ControlMode;
  /** Missing for a terminator. */
  readonly fn?: TaskFunction;
  readonly module?: ModuleReference;
  readonly reads: readonly DeclaredBinding[];
  readonly writes: readonly DeclaredBinding[];
  /** Without the control event. */
  readonly events: readonly DeclaredBinding[];
  /** The control event of a switchable or toggleable task. */
  readonly gate?: DeclaredBinding;
  readonly params?: unknown;
  readonly permissions?: TaskPermissions;
  readonly description?: string;
}
