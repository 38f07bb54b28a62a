/** What a pipeline knows by name, to be looked at. */

/** Where an object is: a runtime constant, a result in memory, or in the cache on the disk. */
export type Placement = "runtime" | "memory" | "disk";

/**
 * The objects of a pipeline by name: runtime constants, and outputs in the cache and in memory: those of the last run of this
 * object, whatever other programs have put into the cache since; before its first run, those that a run would take from the
 * cache. `LinearPipeline.openRegistry()` opens one; close it, or declare it with `using`.
 *
 * Outputs that no node takes are results; those that a node has taken are released, unless there is a cache or the node that
 * makes them has `keep`.
 *
 * @example
 * ```ts
 * import { LinearPipeline, LinearNode } from "@ringmill/ringmill/linear";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const sum = new LinearNode({ name: "sum", fn: (values: number[]) => values.reduce((a, b) => a + b), inputs: ["values"],
 *   outputs: ["total"] });
 * const pipeline = new LinearPipeline({ name: "totals", nodes: [sum], runtime: { values: [1, 2, 3] }, quiet: true });
 * await pipeline.run();
 * using registry = pipeline.openRegistry();
 * equal(registry.get("total"), 6);
 * deepEqual(registry.placement, { values: "runtime", total: "memory" });
 * ```
 */
export interface Registry<Objects extends object = Record<string, unknown>> extends Disposable {
  /** Where each object is, by name. */
  readonly placement: Readonly<Record<string, Placement>>;
  /** The names of all objects. */
  readonly names: string[];
  /** Whether there is an object of that name. */
  has(name: string): boolean;
  /**
   * The object of that name: a copy, or itself where it cannot be copied.
   *
   * @throws {UnknownNameError} If there is none.
   * @throws {LifecycleError} If the registry is closed.
   * @throws {Error} If another program has removed it since the registry was opened, or it is damaged.
   */
  get<Name extends keyof Objects & string>(name: Name): Objects[Name];
  /**
   * The size of an object as it is, or would be, in the cache, in bytes; null if it cannot be stored there.
   *
   * @throws {UnknownNameError} If there is none of that name.
   * @throws {LifecycleError} If the registry is closed.
   */
  size(name: string): number | null;
  /** Lets the cache file go. Closing twice is the same as closing once. */
  close(): void;
  /** As {@link close}. */
  [Symbol.dispose](): void;
}
