/** Errors of a runtime, as the kernels get them that have asked it for something. */

import { LifecycleError, StoppedError } from "../errors.ts";
import { type ErrorReport, rebuildError } from "../worker/error_report.ts";
import {
  KernelError,
  KernelExistsError,
  KernelNotFoundError,
  KernelStateError,
  MessageError,
  QueueFullError,
  QueueTimeoutError,
} from "./errors.ts";

const CLASSES = [
  KernelExistsError,
  KernelNotFoundError,
  KernelStateError,
  LifecycleError,
  MessageError,
  QueueFullError,
  QueueTimeoutError,
  StoppedError,
];

/** Rebuilds an error as an instance of its class, where that is one of ours. */
export function rebuildKnownError(report: ErrorReport): unknown {
  const error = rebuildError(report);
  if (!(error instanceof Error)) return error;
  const { kernel, reason } = report.properties;
  if (report.name === "KernelError" && typeof kernel === "string" && typeof reason === "string") {
    return new KernelError(kernel, reason, error.cause === undefined ? {} : { cause: error.cause });
  }
  const Class = CLASSES.find(({ name }) => name === report.name);
  return Class ? new Class(error.message, error.cause === undefined ? {} : { cause: error.cause }) : error;
}
