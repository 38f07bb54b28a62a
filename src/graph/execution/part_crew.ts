/** The parts of a call that are worked on at a time. */

import { Interruption } from "../checkpoints/run_log.ts";
import type { LinkedSignal } from "./linked_signal.ts";
import type { PartsHold } from "./parts_hold.ts";

/** Works on parts, so many at a time. The first failure cancels the rest, which is waited for. */
export class PartCrew {
  readonly #most: number;
  readonly #linked: LinkedSignal;
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #freed: PromiseWithResolvers<void> | undefined;

  constructor(most: number, linked: LinkedSignal) {
    this.#most = most;
    this.#linked = linked;
  }

  get isFull(): boolean {
    return this.#running >= this.#most;
  }

  /** Begins a part, which is waited for by {@link untilDone}. */
  async begin(work: () => Promise<void>): Promise<void> {
    this.#running++;
    try {
      await work();
    } catch (error) {
      this.fail(error);
    }
    this.#running--;
    this.#freed?.resolve();
  }

  /** Cancels the rest. The first failure is that of all, unless a part waits for an answer: that is none, and comes first. */
  fail(error: unknown): void {
    const { signal } = this.#linked;
    const isAsking = error instanceof Interruption;
    if (!this.#failure || isAsking && !(this.#failure.error instanceof Interruption)) {
      this.#failure = { error: signal.aborted && !isAsking ? signal.reason : error };
    }
    this.#linked.abort(error);
  }

  async #whenFreed(): Promise<void> {
    this.#freed = Promise.withResolvers();
    await this.#freed.promise;
  }

  /** Waits for room as a part waits in a queue: what is under way may have to go without what comes. */
  async untilRoom(parting: PartsHold): Promise<void> {
    const release = parting.hold(() => {});
    while (this.isFull) await this.#whenFreed();
    release();
  }

  /** Waits for all parts, and rejects if one has failed. */
  async untilDone(): Promise<void> {
    while (this.#running > 0) await this.#whenFreed();
    if (this.#failure) throw this.#failure.error;
  }
}
