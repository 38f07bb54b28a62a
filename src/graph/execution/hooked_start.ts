/** Starts executions with hooks that users do not see. */

import type { ExecutionHooks } from "./execution.ts";

let pending: ExecutionHooks | undefined;

/** The execution that `start` begins at once gets these hooks. */
export function startWith<Result>(hooks: ExecutionHooks, start: () => Result): Result {
  pending = hooks;
  try {
    return start();
  } finally {
    pending = undefined;
  }
}

/** The hooks of the execution that begins now. */
export function takeHooks(): ExecutionHooks | undefined {
  const hooks = pending;
  pending = undefined;
  return hooks;
}
