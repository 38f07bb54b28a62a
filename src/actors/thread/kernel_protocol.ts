/** What a runtime and the workers of its kernels tell each other. None of it is on the hot path. */

import type { ClockZero } from "../../ring/clock.ts";
import { type ErrorReport, isErrorReport } from "../../worker/error_report.ts";
import type { FailureReport } from "../message/failure.ts";
import type { RecordBytes } from "../message/sheet.ts";
import type { Leftovers } from "./local_post.ts";
import type { StationDescription } from "./station.ts";
import type { TakenRequest } from "./taken_table.ts";
import type { KernelUse } from "../kernel_link.ts";
import type { Backpressure, RingKernelSettings } from "../ring_kernel.ts";
import type { KernelMemoryDescription, MailboxDescription } from "./kernel_memory.ts";

/** A kernel, as others are told of it. */
export interface PeerDescription {
  readonly id: string;
  readonly memory: KernelMemoryDescription;
  readonly backpressure: Backpressure;
  /** The names of the types that it takes; `null` for all. */
  readonly types: readonly string[] | null;
}

/** Everything that a worker needs for its kernel. */
export interface KernelJob {
  readonly self: PeerDescription;
  /** The program's clock. */
  readonly zero: ClockZero;
  /** The module that defines the kernel, and its name there. */
  readonly module: string;
  readonly definition: string;
  /** Which of the kernel's workers this is, from 1. */
  readonly worker: number;
  /** The thread's number in queues. */
  readonly threadSlot: number;
  readonly params: unknown;
  /** Whether messages tell when they were sent, and processing is timed. */
  readonly isTimed: boolean;
  /** Whether there are more kernels than cores. */
  readonly oversubscribed: boolean;
  /** Of a kernel that shares its worker: what its last worker has left. */
  readonly left: readonly RecordBytes[];
  /** What ended the last worker, of a kernel that acknowledges its messages. */
  readonly lastFailure: FailureReport | null;
}

/** A kernel that a worker knows of has ended. */
export interface KernelGone {
  readonly id: string;
  readonly mailboxId: number;
}

/** A definition that another thread knows: of a kernel that a kernel launches. */
export interface ForeignDefinition {
  readonly id: string;
  readonly module: string;
  readonly input: readonly string[] | null;
  readonly output: readonly string[] | null;
  readonly settings: RingKernelSettings;
  readonly params: unknown;
}

/** What a kernel asks its runtime to do. */
export type RuntimeCall =
  | { readonly method: "explain"; readonly mailboxId: number }
  | {
    readonly method: "launch";
    readonly id: string;
    readonly kernel: ForeignDefinition | null;
    readonly options: { readonly params?: unknown; readonly timeoutMs?: number };
  }
  | { readonly method: "activate" | "reactivate" | "ended" | "stateOf"; readonly id: string }
  | { readonly method: "deactivate"; readonly id: string; readonly options: { readonly timeoutMs?: number } }
  | {
    readonly method: "terminate";
    readonly id: string;
    readonly options: { readonly timeoutMs?: number; readonly drain?: boolean };
  };

/** To the worker. */
export type ToKernel =
  | { readonly kind: "load"; readonly job: KernelJob }
  /** Call the kernel's function, again perhaps. */
  | { readonly kind: "run" }
  /** Another worker takes its place, or none: what is left of it must not be heard any more. */
  | {
    readonly kind: "drop";
    /** What those hear who wait for an answer to what it had taken. */
    readonly failure: FailureReport | null;
  }
  /** Its state has changed, or it must stop. Only kernels that share their worker are told: others see it. */
  | { readonly kind: "changed" }
  | { readonly kind: "peer"; readonly id: string; readonly peer: PeerDescription | null }
  | { readonly kind: "mailbox"; readonly id: number; readonly mailbox: MailboxDescription | null }
  | { readonly kind: "gone"; readonly gone: KernelGone }
  /** Nobody waits for the answer of a request any more. */
  | { readonly kind: "cancel"; readonly request: TakenRequest }
  | {
    readonly kind: "called";
    readonly call: number;
    readonly outcome: { readonly value: unknown } | { readonly error: ErrorReport };
  };

/** From the worker: how its kernel lives. */
export type KernelNews =
  /** The module is imported and the kernel found. */
  | { readonly kind: "loaded" }
  /** The function has returned, or unwound after the stop. */
  | { readonly kind: "returned" }
  /** The function has thrown. It can be called again. */
  | { readonly kind: "failed"; readonly incident: string; readonly error: ErrorReport; readonly hasReceived: boolean }
  /** Something was thrown outside the function, which goes on. */
  | { readonly kind: "noted"; readonly incident: string; readonly error: ErrorReport }
  /** The worker is of no use: it ends, or there is no function to call. */
  | {
    readonly kind: "broken";
    readonly incident: string;
    readonly error?: ErrorReport;
    /** Whether it is the worker that ends, with all of its kernels. */
    readonly isWorkers?: boolean;
  };

/** From the worker: what it asks its runtime. */
export type KernelQuestion =
  | { readonly kind: "find"; readonly id: string }
  /** The kernel has used another one in a way for the first time. */
  | { readonly kind: "used"; readonly id: string; readonly by: KernelUse }
  | { readonly kind: "find mailbox"; readonly id: number }
  /** Nobody waits any more for the answer of a request that the kernel of a mailbox was sent. */
  | { readonly kind: "cancel"; readonly mailboxId: number; readonly request: TakenRequest }
  /** A message was tried as often as it may be. */
  | {
    readonly kind: "dead letter";
    readonly record: Uint8Array<ArrayBuffer>;
    readonly attempts: number;
    readonly error: ErrorReport | null;
  }
  | { readonly kind: "call"; readonly call: number; readonly what: RuntimeCall };

/** From the worker. */
export type FromKernel = KernelNews | KernelQuestion;

/** How a worker posts: one message, or several in their order. */
export type FromHost = FromHostOne | readonly FromHostOne[];

/** From a worker: what is of one of its kernels, or of itself. */
export type FromHostOne = FromHostKernel | FromHostItself;

/** How a worker posts what is of a kernel. */
export interface FromHostKernel {
  /** Which of the worker's kernels it is, as {@link ToHost} has it. */
  readonly from: number;
  readonly message: FromKernel;
}

/** How a runtime posts to a worker: one message, or several in their order. */
export type ToHost = ToHostOne | readonly ToHostOne[];

/** To a worker: for one of its kernels, or itself. */
export type ToHostOne = { readonly to: number; readonly message: ToKernel } | { readonly host: ToSharedHost };

/** To a worker that kernels share. */
export type ToSharedHost =
  | {
    readonly kind: "begin";
    readonly station: StationDescription;
    readonly threadSlot: number;
    readonly table: SharedArrayBuffer;
  }
  | Extract<ToKernel, { kind: "peer" | "mailbox" | "gone" }>
  /** A kernel has ended for good, by the id of its mailbox. */
  | { readonly kind: "ended"; readonly kernel: number; readonly failure: FailureReport | null }
  /** Nobody knows of the kernels of a memory any more. */
  | { readonly kind: "forget"; readonly block: number }
  /** Is it held up? */
  | { readonly kind: "ping" };

/** From a worker that kernels share. */
export type FromSharedHost =
  | { readonly kind: "find"; readonly id: string }
  | { readonly kind: "find mailbox"; readonly id: number }
  /** A message has come for a kernel that is not here, by the id of its mailbox. */
  | { readonly kind: "whose"; readonly kernel: number }
  /** It ends: what it has not taken. */
  | { readonly kind: "left"; readonly left: Leftovers }
  | { readonly kind: "pong" };

/** What comes from a worker that kernels share, itself. */
export interface FromHostItself {
  readonly host: FromSharedHost;
}

/** Whether a value is a message from a worker: a kernel may post anything. */
export function isFromHost(value: unknown): value is FromHost {
  return Array.isArray(value) ? value.every(isFromHostOne) : isFromHostOne(value);
}

/** The same of one message. */
export function isFromHostOne(value: unknown): value is FromHostOne {
  const { from, message, host } = Object(value) as Record<string, unknown>;
  return host === undefined ? Number.isSafeInteger(from) && isFromKernel(message) : isFromSharedHost(Object(host));
}

function isFromSharedHost({ kind, id, kernel, left }: Record<string, unknown>): boolean {
  switch (kind) {
    case "find":
      return typeof id === "string";
    case "find mailbox":
      return Number.isSafeInteger(id);
    case "whose":
      return Number.isSafeInteger(kernel);
    case "left":
      return Array.isArray(left) && left.every((one) => Array.isArray(one) && Number.isSafeInteger(one[0]));
    default:
      return kind === "pong";
  }
}

function isFromKernel(value: unknown): value is FromKernel {
  const { kind, incident, error, hasReceived } = Object(value) as Record<string, unknown>;
  switch (kind) {
    case "loaded":
    case "returned":
      return true;
    case "failed":
      return typeof incident === "string" && isErrorReport(error) && typeof hasReceived === "boolean";
    case "noted":
      return typeof incident === "string" && isErrorReport(error);
    case "broken":
      return typeof incident === "string" && (error === undefined || isErrorReport(error));
    default:
      return isQuestion(Object(value));
  }
}

function isQuestion({ kind, id, by, mailboxId, request, record, error, call, what }: Record<string, unknown>): boolean {
  switch (kind) {
    case "find":
      return typeof id === "string";
    case "used":
      return typeof id === "string" && typeof by === "string";
    case "find mailbox":
      return Number.isSafeInteger(id);
    case "cancel":
      return Number.isSafeInteger(mailboxId) && typeof request === "object" && request !== null;
    case "dead letter":
      return record instanceof Uint8Array && (error === null || isErrorReport(error));
    default:
      return kind === "call" && Number.isSafeInteger(call) && typeof Object(what).method === "string";
  }
}
