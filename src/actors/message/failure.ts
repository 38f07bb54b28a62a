/** Failures of kernels, as threads tell each other of them. */

import { type ErrorReport, rebuildError, summarizeError } from "../../worker/error_report.ts";
import { KernelError, KernelStateError } from "../errors.ts";

/** A {@link KernelError} that can be posted. */
export interface FailureReport {
  /** The kernel's id. */
  readonly kernel: string;
  /** What became of it: `it threw RangeError: too many`. */
  readonly reason: string;
  /** What it threw. */
  readonly error?: ErrorReport;
}

/** A report of a deed, such as «threw». */
export function reportFailure(kernel: string, deed: string, error?: ErrorReport): FailureReport {
  return { kernel, reason: error ? `it ${deed} ${summarizeError(error)}` : `it ${deed}`, error };
}

/** The error behind a report. */
export function rebuildFailure({ kernel, reason, error }: FailureReport): KernelError {
  return new KernelError(kernel, reason, error ? { cause: rebuildError(error) } : {});
}

/** What those get who wait for an answer of a kernel that answers no more. */
export function goneError(kernel: string, failure: FailureReport | null): Error {
  if (failure) return rebuildFailure(failure);
  return new KernelStateError(`Cannot finish a request of kernel "${kernel}": it was terminated before it answered`);
}
