/** What the main thread and a task's worker tell each other. None of it is on the hot path. */

import type { BindingDescription, BindingOf, FrameDescription, RingDescription } from "../../ring/description.ts";
import type { ClockZero } from "../../ring/clock.ts";
import type { SharedMemoryHandle } from "../../ring/shared_memory.ts";
import { type ErrorReport, isErrorReport } from "../../worker/error_report.ts";
import type { ExportTarget } from "../../worker/export_target.ts";
import type { ActivationMode } from "../specs.ts";
import type { BytesInHand } from "../supervision/reader_hand.ts";

/** When an event-driven task runs. */
export interface Activation {
  readonly mode: ActivationMode;
  readonly gate: BindingOf<"event">;
  /** Whether the run before has failed in a call, for which its activation was taken. */
  readonly isOwed: boolean;
}

/** Everything that a worker needs for its task. */
export interface TaskJob {
  readonly task: string;
  readonly memory: SharedMemoryHandle;
  /** Address of the task's record. */
  readonly record: number;
  /** Address of its thread's doorbell. */
  readonly doorbell: number;
  readonly target: ExportTarget;
  readonly bindings: Readonly<Record<string, BindingDescription>>;
  readonly params: unknown;
  /** Address of the word that tells it alone to stop. */
  readonly stopWord: number;
  /** How often it was started again; `null` for a task whose first failure is its last. */
  readonly restarts: number | null;
  /** What outlives its worker. */
  readonly state?: TaskStateSlot;
  /** Whether there are more tasks than cores. */
  readonly oversubscribed: boolean;
  /** The rings that its work goes into and that other machines read. */
  readonly feeds?: readonly RingDescription[];
  /** Those, and the rings before them that its work passes, in that order. */
  readonly onTheWay?: readonly RingDescription[];
  readonly activation?: Activation;
}

/** An array, or those of columns, in the shared memory that outlives the task's worker. */
export interface TaskStateSlot extends Pick<FrameDescription, "shape" | "dtype"> {
  readonly address: number;
}

/** To the worker. */
export type HostMessage = { readonly kind: "load"; readonly job: TaskJob; readonly clock: ClockZero } | {
  readonly kind: "run";
};

/** From the worker. */
export type TaskMessage =
  /** The module is imported and the function found. */
  | { readonly kind: "loaded" }
  /** The module is imported, but the function is not among its exports. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The function is about to be called. */
  | { readonly kind: "started" }
  /** The task wants the whole pipeline to stop. */
  | { readonly kind: "stop" }
  /** The task has closed a reader before its end. */
  | { readonly kind: "left" }
  /** The function has returned, or unwound after the stop. */
  | { readonly kind: "ended" }
  /** `deed` says what happened, such as «threw»; the error follows it. */
  | {
    readonly kind: "failed";
    readonly deed: string;
    readonly error?: ErrorReport;
    /** What a successor must know, of a task that may have one. */
    readonly remains?: Remains;
  };

/** What a failed run has left. */
export interface Remains {
  /** The bytes that its readers had in hand. */
  readonly inHand: BytesInHand;
  /** Whether it failed in a call for which an activation was taken. */
  readonly isActivated: boolean;
  /** Whether it had heard that it alone is to stop. */
  readonly wasTold: boolean;
}

/** Messages that say nothing but what they are. */
const PLAIN_KINDS: readonly unknown[] = ["loaded", "started", "stop", "left", "ended"] satisfies TaskMessage["kind"][];

/** Whether a value is a message from a worker: a task may post anything. */
export function isTaskMessage(value: unknown): value is TaskMessage {
  const { kind, reason, deed, error, remains } = Object(value) as Record<string, unknown>;
  if (kind === "refused") return typeof reason === "string";
  if (kind === "failed") {
    return typeof deed === "string" && (error === undefined || isErrorReport(error)) &&
      (remains === undefined || isRemains(remains));
  }
  return PLAIN_KINDS.includes(kind);
}

function isRemains(value: unknown): boolean {
  const { inHand, isActivated, wasTold } = Object(value) as Record<string, unknown>;
  if (typeof isActivated !== "boolean" || typeof wasTold !== "boolean") return false;
  const counts = Object.values(Object(inHand));
  return typeof inHand === "object" && inHand !== null && counts.every((count) => Number.isSafeInteger(count));
}
