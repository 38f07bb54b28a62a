/** What tests of actors share. */

import { KernelError } from "@ringmill/ringmill/actors";
import { ok } from "node:assert/strict";

/** The longest that anything in a test may take. Nothing is expected to. */
export const PATIENTLY = { timeoutMs: 10_000 };

/** Waits until something is the case. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    ok(performance.now() < deadline, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The error that a promise rejects with, which must be a `KernelError`. */
export async function kernelErrorOf(promise: Promise<unknown>): Promise<KernelError> {
  const error = await promise.then(() => undefined, (error) => error);
  ok(error instanceof KernelError, `expected a KernelError, received ${error}`);
  return error;
}
