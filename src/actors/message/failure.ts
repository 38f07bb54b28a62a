/** Failures of requests, as threads tell each other of them. */

import { type ErrorReport, rebuildError, summarizeError } from "../../worker/error_report.ts";
import { KernelError, KernelStateError, MessageError, QueueFullError, RefusedAnswerError } from "../errors.ts";

/**
 * Why a request has no answer: the kernel failed or was terminated; its queue had no room; it was refused; or it is done, but
 * its answer could not be sent.
 */
export type FailureKind = "failed" | "terminated" | "dropped" | "refused" | "unanswered";

/** An error that can be posted. */
export interface FailureReport {
  /** The default is that the kernel failed. */
  readonly kind?: FailureKind;
  /** The kernel's id. */
  readonly kernel: string;
  /** What became of it: `it threw RangeError: too many`; or the whole text of the error. */
  readonly reason: string;
  /** What it threw. */
  readonly error?: ErrorReport;
}

/** A report of an incident, such as «threw». */
export function reportFailure(kernel: string, incident: string, error?: ErrorReport): FailureReport {
  return { kernel, reason: error ? `it ${incident} ${summarizeError(error)}` : `it ${incident}`, error };
}

/** A kernel has ended before it answered. */
export function reportTermination(kernel: string): FailureReport {
  const reason = `Cannot finish a request of kernel "${kernel}": it was terminated before it answered`;
  return { kind: "terminated", kernel, reason };
}

/** A queue has dropped the request. */
export function reportDrop(kernel: string): FailureReport {
  const reason = `Cannot finish a request of kernel "${kernel}": its queue was full and dropped it, by "dropOldest"`;
  return { kind: "dropped", kernel, reason };
}

/** The error of a kernel that has failed. */
export function rebuildKernelError({ kernel, reason, error }: FailureReport): KernelError {
  return new KernelError(kernel, reason, error ? { cause: rebuildError(error) } : {});
}

/** The error behind a report. */
export function rebuildFailure(failure: FailureReport): Error {
  switch (failure.kind) {
    case "terminated":
      return new KernelStateError(failure.reason);
    case "dropped":
      return new QueueFullError(failure.reason);
    case "refused":
      return new MessageError(failure.reason, { kernel: failure.kernel });
    case "unanswered":
      return new RefusedAnswerError(failure.reason, { kernel: failure.kernel });
    default:
      return rebuildKernelError(failure);
  }
}

/** Characters of what is left of a failure that is too long. */
const SHORT_REASON = 200;
const SHORT_KERNEL = 16;

/** A report, and ever shorter ones. */
export function* shortenFailure(failure: FailureReport): Generator<FailureReport> {
  const { kind, kernel, reason } = failure;
  yield failure;
  yield { kind, kernel, reason: reason.slice(0, SHORT_REASON) };
  yield { kind, kernel: kernel.slice(0, SHORT_KERNEL), reason: "it failed" };
}
