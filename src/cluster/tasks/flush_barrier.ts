/**
 * What was consumed of a stream is safe only when what was made of it is: a barrier goes through the rings behind it, one after
 * the other in the order of the tasks. Each ring must pass on all that had been written to it when the barrier came there.
 */

import type { RingFlow } from "../../ring/ring_flow.ts";

/** A barrier that begins anew whenever it has come through. */
export class FlushBarrier {
  readonly #flows: readonly RingFlow[];
  /** What was consumed when the barrier began; the ring that it is at, and what that must pass on. */
  #consumed = 0;
  #at: number;
  #target = 0;

  constructor(flows: readonly RingFlow[]) {
    this.#flows = flows;
    this.#at = flows.length;
  }

  /** How much of what is consumed now is safe: tasks write what they make of a frame before they take the next one. */
  safe(consumed: number): number {
    if (this.#flows.length === 0) return consumed;
    if (this.#at === this.#flows.length) this.#begin(consumed);
    while (this.#at < this.#flows.length && this.#flows[this.#at].passed >= this.#target) this.#enter(this.#at + 1);
    if (this.#at === this.#flows.length) this.#safe = this.#consumed;
    return this.#safe;
  }

  #safe = 0;

  #begin(consumed: number): void {
    this.#consumed = consumed;
    this.#enter(0);
  }

  #enter(at: number): void {
    this.#at = at;
    this.#target = this.#flows[at]?.written ?? 0;
  }
}
