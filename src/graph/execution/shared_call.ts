/** Calls that several executions wait for together. */

import { untilAborted } from "../../worker/until_aborted.ts";
import type { NodeContext } from "../node_context.ts";

/** The signal of a shared call: it aborts when nobody waits for the call any more. */
export class SharedCall {
  readonly #controller = new AbortController();
  #waiting = 0;

  /** For the function that is called. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Waits for `outcome` until this waiter's own signal aborts. `work` is what the call's function does: the execution of the
   * last one who leaves before its end counts as unsettled until then.
   */
  async wait<Value>(
    outcome: Promise<Value>,
    { signal, waitUntil }: Pick<NodeContext, "signal" | "waitUntil">,
    work: () => Promise<unknown> | undefined = () => outcome,
  ): Promise<Value> {
    this.#waiting++;
    // If all waiters have aborted, nobody handles a later rejection: mark it as handled.
    outcome.catch(() => {});
    try {
      return await untilAborted(outcome, signal);
    } finally {
      if (--this.#waiting === 0 && signal.aborted) {
        const rest = work();
        if (rest) waitUntil(rest);
        this.#controller.abort(signal.reason);
      }
    }
  }
}
