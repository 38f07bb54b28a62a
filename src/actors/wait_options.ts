/** Options of calls that wait. */

import { WAIT_RULES, type WaitOptions } from "../ring/waiting.ts";
import { checkOptions } from "../rules.ts";

/** How long a call waits. */
export interface Wait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const FOR_EVER: Wait = { timeoutMs: Infinity, signal: undefined };

/**
 * How long a call waits by its options.
 *
 * @throws {TypeError} If one of them is of the wrong kind, or unknown.
 * @throws {RangeError} If the time is negative.
 * @throws {unknown} If the signal has aborted: its reason.
 */
export function waitOf(action: string, options: WaitOptions | undefined): Wait {
  if (options === undefined) return FOR_EVER;
  checkOptions(action, options, WAIT_RULES);
  const { timeoutMs = Infinity, signal } = options;
  signal?.throwIfAborted();
  return { timeoutMs, signal };
}

/** A signal that aborts with either of two. */
export function eitherSignal(own: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([own, other]) : own;
}
