/** Which nodes a run is to be about. */

import * as rules from "../rules.ts";

/** Options of `LinearPipeline.explain()`. */
export interface LinearPlanOptions {
  /** The name of the first node to run; what it takes from nodes before must be there already. */
  from?: string;
  /** The name of the last node to run. */
  to?: string;
  /**
   * Whether to run nodes whose outputs are in the cache: all of them, or those of the names given.
   *
   * @default false
   */
  force?: boolean | string | readonly string[];
  /**
   * Whether to go on after a run that failed or was killed: what had run is not run again, nodes without outputs included, unless
   * what it was called with has changed since. What a run with `from` or `to` leaves out is left for the next run that goes on. After
   * a run that succeeded, it is a run like any other.
   *
   * @default false
   */
  resume?: boolean;
}

/** Options of `LinearPipeline.run()`. */
export interface LinearRunOptions extends LinearPlanOptions {
  /** Stops the run before its next node, and nodes that take `signalInput()`. */
  signal?: AbortSignal;
}

/** Options of {@link LinearPlanOptions}. */
export const LINEAR_PLAN_RULES = {
  from: rules.name,
  to: rules.name,
  force: rules.either(rules.boolean, rules.either(rules.name, rules.arrayOf(rules.name, "an array of names"))),
  resume: rules.boolean,
};

/** Options of {@link LinearRunOptions}. */
export const LINEAR_RUN_RULES = { ...LINEAR_PLAN_RULES, signal: rules.signal };
