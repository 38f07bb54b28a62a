/** Calls that several executions wait for together. */

import { untilAborted } from "../../worker/until_aborted.ts";

/** The signal of a shared call: it aborts when nobody waits for the call any more. */
export class SharedCall {
  readonly #controller = new AbortController();
  #waiting = 0;

  /** For the function that is called. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Waits for what the call comes to, until this waiter's own signal aborts. */
  async wait<Value>(outcome: Promise<Value>, signal: AbortSignal): Promise<Value> {
    this.#waiting++;
    // Whoever has gone leaves a rejection that nobody else handles.
    outcome.catch(() => {});
    try {
      return await untilAborted(outcome, signal);
    } finally {
      if (--this.#waiting === 0 && signal.aborted) this.#controller.abort(signal.reason);
    }
  }
}
