/** How far the frames of a ring have come: written, and taken on by whoever reads them, or sends them to other machines. */

import type { RingDescription } from "./description.ts";
import { consumedBytes, publishedBytes } from "./ring_figures.ts";
import { type RunTable, runTableOf } from "./run_table.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** One ring on the way of frames through a program. */
export class RingFlow {
  readonly #memory: SharedMemory;
  readonly #ring: RingDescription;
  readonly #runs: RunTable | undefined;
  readonly #stride: number;

  constructor(memory: SharedMemory, ring: RingDescription) {
    this.#memory = memory;
    this.#ring = ring;
    this.#runs = runTableOf(memory, ring);
    this.#stride = ring.frame?.stride ?? 1;
  }

  /** Frames that were written. */
  get written(): number {
    return publishedBytes(this.#memory, this.#ring) / this.#stride;
  }

  /** Frames that are safe elsewhere: consumed by all readers here, and stored where they go to other machines. */
  get passed(): number {
    const consumed = consumedBytes(this.#memory, this.#ring) / this.#stride;
    return this.#runs?.isBegunByOthers ? Math.min(consumed, this.#runs.stored) : consumed;
  }
}
