/** What a runtime and the workers of its kernels tell each other. None of it is on the hot path. */

import { type ErrorReport, isErrorReport } from "../../worker/error_report.ts";
import type { FailureReport } from "../message/failure.ts";
import type { KernelMemoryDescription, MailboxDescription } from "./kernel_memory.ts";
import type { KernelUse } from "../kernel_link.ts";
import type { Backpressure } from "../ring_kernel.ts";

/** Workers whose name begins so are hosts of kernels. */
export const KERNEL_WORKER_PREFIX = "ringmill kernel: ";

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
  /** The module that defines the kernel, and its name there. */
  readonly module: string;
  readonly definition: string;
  /** Which of the kernel's workers this is, from 1. */
  readonly worker: number;
  /** The thread's number in queues. */
  readonly party: number;
  readonly params: unknown;
  /** Whether messages tell when they were sent, and processing is timed. */
  readonly isTimed: boolean;
  /** Whether there are more kernels than cores. */
  readonly isCrowded: boolean;
}

/** What threads are told when a kernel answers no more what it was asked. */
export interface KernelGone {
  readonly id: string;
  /** The number of its mailbox. */
  readonly number: number;
  /** How it has failed; `null` if it was terminated. */
  readonly failure: FailureReport | null;
  /** Whether there is a new worker, or will be: only requests are lost. */
  readonly goesOn: boolean;
}

/** To the worker. */
export type ToKernel =
  | { readonly kind: "load"; readonly job: KernelJob }
  /** Call the kernel's function, again perhaps. */
  | { readonly kind: "run" }
  | { readonly kind: "peer"; readonly id: string; readonly peer: PeerDescription | null }
  | { readonly kind: "mailbox"; readonly number: number; readonly mailbox: MailboxDescription | null }
  | { readonly kind: "gone"; readonly gone: KernelGone };

/** From the worker. */
export type FromKernel =
  /** The module is imported and the kernel found. */
  | { readonly kind: "loaded" }
  /** The function has returned, or unwound after the stop. */
  | { readonly kind: "returned" }
  /** The function has thrown. It can be called again. */
  | { readonly kind: "failed"; readonly deed: string; readonly error: ErrorReport; readonly hasReceived: boolean }
  /** Something was thrown outside the function, which goes on. */
  | { readonly kind: "noted"; readonly deed: string; readonly error: ErrorReport }
  /** The worker is of no use: it ends, or there is no function to call. */
  | { readonly kind: "broken"; readonly deed: string; readonly error?: ErrorReport }
  | { readonly kind: "find"; readonly id: string }
  /** The kernel has used another one in a way for the first time. */
  | { readonly kind: "used"; readonly id: string; readonly by: KernelUse }
  | { readonly kind: "find mailbox"; readonly number: number };

/** How a worker posts: the kernel may post messages too. */
export interface KernelEnvelope {
  readonly ringmill: FromKernel;
}

/** Whether a value is a message from a worker: a kernel may post anything. */
export function isFromKernel(value: unknown): value is FromKernel {
  const { kind, deed, error, hasReceived, id, by, number } = Object(value) as Record<string, unknown>;
  switch (kind) {
    case "loaded":
    case "returned":
      return true;
    case "failed":
      return typeof deed === "string" && isErrorReport(error) && typeof hasReceived === "boolean";
    case "noted":
      return typeof deed === "string" && isErrorReport(error);
    case "broken":
      return typeof deed === "string" && (error === undefined || isErrorReport(error));
    case "find":
      return typeof id === "string";
    case "used":
      return typeof id === "string" && typeof by === "string";
    default:
      return kind === "find mailbox" && Number.isSafeInteger(number);
  }
}
