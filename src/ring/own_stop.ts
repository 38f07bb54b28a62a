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

/**
 * A task's own stop, as its thread sees it: looked at when a writer refreshes what it knows of its readers, and in waits.
 *
 * In a drain a task is told once, so that it can write what is left in `finally`. An async task may have several parts: each
 * that waits already is told, and each other when it writes. What the told part does itself is known by the turn of the event
 * loop: the one in which it was told, and those in which calls that it has begun there resolve.
 */
export class OwnStop {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #at: number;
  readonly #listeners: (() => void)[] = [];
  /** The writers that need not hear of a drain any more. */
  readonly #heard = new Set<object>();
  /** How often it was seen of events that nobody is left to signal them. */
  readonly #ends = new Map<object, number>();
  #wasTold = false;
  #isUnwinding = false;
  #whenTold: Promise<void> | undefined;

  /** The stop whose word lies at an address. */
  constructor({ words }: SharedMemory, address: number) {
    this.#words = words;
    this.#at = address / 4;
  }

  /** What the task was told; 0 while it goes on. */
  get kind(): OwnStopKind | 0 {
    return Atomics.load(this.#words, this.#at) as OwnStopKind | 0;
  }

  /** Whether a part of the task has heard of it. */
  get wasTold(): boolean {
    return this.#wasTold;
  }

  /** Has a writer look for what it must hear when a part of the task is the first to be told of a drain. */
  listen(look: () => void): void {
    this.#listeners.push(look);
  }

  /** Whether a call that begins now must unwind. */
  reachesCall(): boolean {
    const { kind } = this;
    if (kind !== OWN_STOP.drained) return kind !== 0;
    return !this.#wasTold && this.#tell();
  }

  /**
   * Whether a call that waits must unwind. `wasTold`: whether the task was told before the call has begun; otherwise it belongs
   * to a part that has not heard of it.
   */
  reachesWait(wasTold: boolean): boolean {
    return wasTold ? this.reachesCall() : this.notice();
  }

  /** Whether a writer must hear of the stop. */
  concerns(writer: object): boolean {
    const { kind } = this;
    return kind === OWN_STOP.drained ? !this.#heard.has(writer) : kind !== 0;
  }

  /** Whether a call on a writer that is {@link concerns concerned} must unwind. */
  reachesWriter(writer: object): boolean {
    if (this.kind === OWN_STOP.drained) {
      if (this.#isUnwinding) return false;
      this.#heard.add(writer);
    }
    return this.#tell();
  }

  /** A part of the task sees that it was told, or a call of it throws. */
  #tell(): true {
    const isFirst = !this.#wasTold;
    this.#wasTold = true;
    this.unwind();
    if (isFirst && this.kind === OWN_STOP.drained) this.#listeners.forEach((look) => look());
    return true;
  }

  /** Whether the task was told: who asks has heard of it. */
  notice(): boolean {
    return this.kind !== 0 && this.#tell();
  }

  /**
   * Whether a wait for an event must unwind of which nobody is left to signal it: a drain closes those of the program. Who
   * sees that may end by it, and has heard then; who waits again has not.
   */
  reachesEnd(event: object): boolean {
    if (this.kind !== OWN_STOP.drained) return false;
    const seen = this.#ends.get(event) ?? 0;
    this.#ends.set(event, seen + 1);
    return seen < 2 && this.#tell() && seen === 1;
  }

  /** A part that was told by a call on this writer may go on with it. */
  hears(writer: object): void {
    this.#heard.add(writer);
  }

  /** Whether a part that was told has the turn. */
  get isUnwinding(): boolean {
    return this.#isUnwinding;
  }

  /** A part that was told has this turn: it is, or a call goes on that it has begun since. */
  unwind(): void {
    if (this.#isUnwinding) return;
    this.#isUnwinding = true;
    setTimeout(() => this.#isUnwinding = false);
  }

  /** Resolves once the task is told. Does not keep the program from exiting. */
  whenTold(): Promise<void> {
    return this.#whenTold ??= this.#untilTold();
  }

  async #untilTold(): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#words, this.#at, 0);
    if (async) await value;
  }
}
