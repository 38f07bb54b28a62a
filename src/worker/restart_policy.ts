/** When what has failed is started again: the options of tasks and kernels, and the plan that follows from them. */

import * as rules from "../rules.ts";

/** How often, and how soon, what has failed is started again. */
export interface RestartPolicy {
  /**
   * How many times in a row, 1 or more, or `Infinity`.
   *
   * @default {5}
   */
  limit?: number;
  /**
   * Milliseconds before the first restart; twice as long before each further one in a row.
   *
   * @default {100}
   */
  backoffMs?: number;
  /**
   * The longest such wait, in milliseconds.
   *
   * @default {10000}
   */
  maxBackoffMs?: number;
  /**
   * A run that lasts longer than this, in milliseconds, and gets something done ends the row: a task that has consumed a
   * frame or reads none, a kernel that has processed a message without an error.
   *
   * @default {60000}
   */
  resetMs?: number;
}

/** What each option of a policy must be. */
export const RESTART_RULES = {
  limit: rules.countOrInfinity(1),
  backoffMs: rules.duration,
  maxBackoffMs: rules.duration,
  resetMs: rules.duration,
} satisfies { readonly [Option in keyof RestartPolicy]: rules.Rule };

/** A policy with nothing left out. */
export type CompletePolicy = Readonly<Required<RestartPolicy>>;

/** Fills the defaults in. */
export function completePolicy(policy: RestartPolicy): CompletePolicy {
  const { limit = 5, backoffMs = 100, maxBackoffMs = 10_000, resetMs = 60_000 } = policy;
  return { limit, backoffMs, maxBackoffMs, resetMs };
}

/** Why what has failed is not started again. */
export function describeLimit({ limit }: CompletePolicy): string {
  return `after ${limit} ${limit === 1 ? "restart" : "restarts"} in a row`;
}

/** Counts restarts in a row. */
export class RestartPlan {
  readonly #policy: CompletePolicy;
  #inARow = 0;

  constructor(policy: CompletePolicy) {
    this.#policy = policy;
  }

  /**
   * A run has failed that lasted for `ranMs` and has got something done, or not: how long to wait before the next one, in
   * milliseconds; `null` if there is to be none.
   */
  next(ranMs: number, gotOn: boolean): number | null {
    const { backoffMs, maxBackoffMs, limit, resetMs } = this.#policy;
    if (gotOn && ranMs > resetMs) this.#inARow = 0;
    if (this.#inARow >= limit) return null;
    return Math.min(backoffMs * 2 ** this.#inARow++, maxBackoffMs);
  }
}
