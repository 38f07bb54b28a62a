/** The stop of one task alone: that a drain has reached it, or that nobody reads what it writes any more. */

import type { SharedMemory } from "./shared_memory.ts";

/** Why a task alone is told to stop. */
export const OWN_STOP = { drained: 1, abandoned: 2 } as const;
/** A value of {@link OWN_STOP}. */
export type OwnStopKind = typeof OWN_STOP[keyof typeof OWN_STOP];

/** Tells the task whose stop word lies at `address`. */
export function tellTask({ words }: SharedMemory, address: number, kind: OwnStopKind): void {
  Atomics.store(words, address / 4, kind);
  Atomics.notify(words, address / 4);
}

/** A task's own stop, as its thread sees it: looked at when a writer refreshes what it knows of its readers, and in waits. */
export class OwnStop {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #at: number;
  readonly #told = new Set<object>();

  /** The stop whose word lies at an address. */
  constructor({ words }: SharedMemory, address: number) {
    this.#words = words;
    this.#at = address / 4;
  }

  /** What the task was told; 0 while it goes on. */
  get kind(): OwnStopKind | 0 {
    return Atomics.load(this.#words, this.#at) as OwnStopKind | 0;
  }

  /**
   * Whether a call on `party` must unwind. In a drain it must once only, so that the task can write what is left in
   * `finally`; other parts of an async task hear of it when they write.
   */
  reaches(party: object, isWriting = false): boolean {
    const { kind } = this;
    if (kind !== OWN_STOP.drained) return kind !== 0;
    if (this.#told.has(party) || this.#told.size > 0 && !isWriting) return false;
    this.#told.add(party);
    return true;
  }

  /** Resolves once the task is told. Does not keep the program from exiting. */
  async whenTold(): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#words, this.#at, 0);
    if (async) await value;
  }
}
