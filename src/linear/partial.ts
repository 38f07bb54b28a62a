/** Functions with bound values and a name of their own. */

import { callback, checkName, checkRule, object } from "../rules.ts";
import { copyOf } from "./cache/copy_value.ts";

/** Any function. */
// deno-lint-ignore ban-types
export type AnyFunction = Function;

/** What a function made by {@link namedPartial} consists of. */
export interface Partial {
  readonly fn: AnyFunction;
  readonly bound: Readonly<Record<string, unknown>>;
}

const partials = new WeakMap<AnyFunction, Partial>();

/**
 * Adapts a generic function into one with a name of its own, so that it can be the function of several nodes: `bound` is
 * passed as its last argument, after the node's inputs.
 *
 * The bound values count for the cache: a node runs again when one of them has changed.
 *
 * @throws {TypeError} If `name` is no text, or `bound` no object.
 *
 * @example
 * ```ts
 * import { namedPartial } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * function write(rows: number[], { table, schema }: { table: string; schema: string }) {
 *   return `${rows.length} rows to ${schema}.${table}`;
 * }
 *
 * const writeMetrics = namedPartial(write, "write_metrics", { table: "metrics", schema: "ml" });
 * equal(writeMetrics.name, "write_metrics");
 * equal(writeMetrics([1, 2]), "2 rows to ml.metrics");
 * ```
 */
export function namedPartial<Inputs extends unknown[], Bound extends object, Result>(
  fn: (...args: [...Inputs, Bound]) => Result,
  name: string,
  bound: Bound,
): (...inputs: Inputs) => Result {
  checkName("bind values to a function", name);
  checkRule(`bind values for "${name}"`, "the function", callback, fn);
  checkRule(`bind values for "${name}"`, "the values", object, bound);
  const own = copyOf(bound);
  const partial = (...inputs: Inputs) => fn(...inputs, copyOf(own));
  Object.defineProperty(partial, "name", { value: name });
  partials.set(partial, { fn, bound: own as Partial["bound"] });
  return partial;
}

/** What `fn` consists of, if {@link namedPartial} made it. */
export function partialOf(fn: AnyFunction): Partial | undefined {
  return partials.get(fn);
}
