/** When a kernel that has failed is called again. */

import type { RestartOptions } from "../ring_kernel.ts";

/** Counts failures in a row. */
export class RestartPlan {
  readonly #options: Readonly<Required<Omit<RestartOptions, "worker">>> | null;
  #inARow = 0;
  #latest = -Infinity;

  constructor(options: Readonly<Required<Omit<RestartOptions, "worker">>> | null) {
    this.#options = options;
  }

  /** The kernel has failed at a time, in milliseconds: how long to wait before it is called again; `null` for ever. */
  next(time: number): number | null {
    if (!this.#options) return null;
    const { backoffMs, maxBackoffMs, limit, resetMs } = this.#options;
    if (time - this.#latest >= resetMs) this.#inARow = 0;
    this.#latest = time;
    if (this.#inARow >= limit) return null;
    return Math.min(backoffMs * 2 ** this.#inARow++, maxBackoffMs);
  }

  /** Failures so far are none in a row with later ones. */
  reset(): void {
    this.#inARow = 0;
  }
}
