/** Takes what a node's function has returned apart into the node's outputs. */

import { quoteAll } from "../errors.ts";

const count = (many: number, what: string) => `${many} ${what}${many === 1 ? "" : "s"}`;

/**
 * The values of the `names` declared, in their order.
 *
 * @throws {TypeError} If there are more or fewer values than names, or others.
 */
export function splitOutputs(names: readonly string[], result: unknown): unknown[] {
  if (names.length === 0) return [];
  if (names.length === 1 && result !== undefined) return [result];
  const declared = `it declares ${count(names.length, "output")} (${quoteAll(names)})`;
  if (names.length === 1) {
    throw new TypeError(`${declared}, but returned 0 values (undefined)`);
  }
  if (Array.isArray(result)) {
    if (result.length === names.length) return result;
    throw new TypeError(`${declared}, but returned ${count(result.length, "value")}`);
  }
  if (typeof result !== "object" || result === null || Symbol.iterator in result || ArrayBuffer.isView(result)) {
    throw new TypeError(`${declared}, but returned neither an array nor an object, received ${Deno.inspect(result)}`);
  }
  const keys = Object.keys(result);
  if (keys.length !== names.length || !names.every((name) => Object.hasOwn(result, name))) {
    throw new TypeError(`${declared}, but returned ${count(keys.length, "value")} (${quoteAll(keys)})`);
  }
  return names.map((name) => Reflect.get(result, name));
}
