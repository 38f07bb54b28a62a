/** What the main thread and a task's worker tell each other. None of it is on the hot path. */

import type { BindingDescription, BindingOf } from "../ring/description.ts";
import type { SharedMemoryHandle } from "../ring/shared_memory.ts";
import type { ErrorReport } from "./error_report.ts";

/** Workers whose name begins so are hosts of ours. */
export const WORKER_NAME_PREFIX = "ringmill: ";

/** Which function of which module a task runs. */
export interface ExportTarget {
  /** Absolute URL. */
  readonly module: string;
  /** The export, where it is known. */
  readonly exportName?: string;
  /** The function's own name and source text, by which to find the export where it is not. */
  readonly likeness?: { readonly name: string; readonly source: string };
}

/** `switchable` runs again and again while the event is open, `toggleable` once per activation, which it takes. */
export type ActivationMode = "switchable" | "toggleable";

/** When an event-driven task runs. */
export interface Activation {
  readonly mode: ActivationMode;
  readonly gate: BindingOf<"event">;
}

/** Everything that a worker needs for its task. */
export interface TaskJob {
  readonly task: string;
  readonly memory: SharedMemoryHandle;
  /** Address of the task's record. */
  readonly record: number;
  readonly target: ExportTarget;
  readonly bindings: Readonly<Record<string, BindingDescription>>;
  readonly params: unknown;
  /** Whether there are more tasks than cores. */
  readonly isCrowded: boolean;
  readonly activation?: Activation;
}

/** To the worker. */
export type HostMessage = { readonly kind: "load"; readonly job: TaskJob } | { readonly kind: "run" };

/** How a worker posts: the task may post messages too. */
export interface TaskEnvelope {
  readonly ringmill: TaskMessage;
}

/** From the worker. */
export type TaskMessage =
  /** The module is imported and the function found. */
  | { readonly kind: "loaded" }
  /** The module is imported, but the function is not among its exports. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The function is about to be called. */
  | { readonly kind: "started" }
  /** The function has returned, or unwound after the stop. */
  | { readonly kind: "ended" }
  /** `deed` says what happened, such as «threw»; the error follows it. */
  | { readonly kind: "failed"; readonly deed: string; readonly error?: ErrorReport };
