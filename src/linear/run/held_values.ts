/** The values in memory during a run, which are released after their last use. */

import { copyOf } from "../../storable.ts";
import type { PlannedStep } from "./linear_plan.ts";
import type { Source, Step } from "./linear_wiring.ts";

/** A value in memory. */
export interface Held {
  readonly value: unknown;
  /** Its fingerprint, in a run with a cache. */
  readonly id?: string;
  /** Whether nothing else in the pipeline refers to the value or its parts: its last user may have the value itself. */
  readonly isOwn: boolean;
}

/** The values in memory during a run. */
export class Values {
  /** What an earlier run has left in memory: it stays there. */
  readonly #kept: ReadonlyMap<string, Held>;
  readonly #load: (name: string) => unknown;
  readonly #held = new Map<string, Held>();
  /** How often a value will be taken. */
  readonly #uses = new Map<string, number>();
  /** Names that some node of the run takes, even if that does not run. */
  readonly #taken: ReadonlySet<string>;

  /** `load` reads what is not in memory. */
  constructor(steps: readonly PlannedStep[], kept: ReadonlyMap<string, Held>, load: (name: string) => unknown) {
    this.#kept = kept;
    this.#load = load;
    this.#taken = new Set(steps.flatMap(({ node }) => node.inputs));
    for (const { inputs } of steps.filter(({ status }) => status === "run")) {
      for (const { name } of inputs) this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    }
  }

  /** The value of an input, for the node function alone: the value itself at its last use, otherwise a copy. */
  take(source: Source): unknown {
    if ("value" in source) return copyOf(source.value);
    const kept = source.kind === "kept" ? this.#kept.get(source.name) : undefined;
    if (kept) return copyOf(kept.value);
    const held = this.#held.get(source.name) ?? { value: this.#load(source.name), isOwn: true };
    this.#held.set(source.name, held);
    return this.#use(source.name) && held.isOwn ? held.value : copyOf(held.value);
  }

  /** Counts one use, and releases the value if it was the last. */
  #use(name: string): boolean {
    const left = this.#uses.get(name)! - 1;
    this.#uses.set(name, left);
    if (left === 0) this.#held.delete(name);
    return left === 0;
  }

  /** A step turned out not to run: it takes nothing. */
  forgo({ inputs }: Step): void {
    for (const { name } of inputs) this.#use(name);
  }

  /** Keeps a new value for those who will take it, or as a result. What is on the disk is no result to keep here. */
  put(name: string, held: Held, isOnDisk: boolean): void {
    if (this.#uses.get(name) || !(isOnDisk || this.#taken.has(name))) this.#held.set(name, held);
  }

  /** What is in memory. */
  get held(): ReadonlyMap<string, Held> {
    return this.#held;
  }
}
