/** Errors that are no failures once a task was told to stop: those that the stop itself has led to. */

import { StoppedError } from "../../errors.ts";

/** Libraries answer an aborted signal by an error of their own, which has this name. */
const ABORT = "AbortError";

/**
 * Whether an error comes from a stop: it is a {@link StoppedError} or an `AbortError`, or leads to nothing else by its
 * `cause`, its `errors`, or what it has suppressed.
 */
export function isUnwinding(error: unknown, seen: ReadonlySet<unknown> = new Set()): boolean {
  if (!isError(error) || seen.has(error)) return false;
  if (error instanceof StoppedError || error.name === "StoppedError" || error.name === ABORT) return true;
  const causes = causesOf(error);
  const known = new Set([...seen, error]);
  return causes.length > 0 && causes.every((cause) => isUnwinding(cause, known));
}

function isError(value: unknown): value is Error {
  return value instanceof Error || value instanceof DOMException;
}

function causesOf(error: Error): unknown[] {
  const { errors, error: disposing, suppressed } = error as AggregateError & SuppressedError;
  const several = Array.isArray(errors) ? errors : [];
  const both = error.name === "SuppressedError" ? [disposing, suppressed] : [];
  const cause = error.cause === undefined || error.cause === null ? [] : [error.cause];
  return [...several, ...both, ...cause];
}
