/** Whether functions can tell two values from one another, although their bytes differ. */

import { fingerprint } from "../../fingerprint.ts";

/**
 * Whether two values of plain data are equal in all that a function can see. V8 writes the number 1 in another way once 1.5 has
 * stood there, and an array in another way that was filled bit by bit.
 */
export function areAlike(one: unknown, other: unknown): boolean {
  return isTree(one) && isTree(other) && fingerprint(one) === fingerprint(other);
}

/** Whether a value is plain data in which no object is held twice: a function may change one part of it, and see another change. */
function isTree(value: unknown, seen = new Set<object>()): boolean {
  if (typeof value !== "object" || value === null) return true;
  const kind = Object.getPrototypeOf(value);
  if (kind !== Array.prototype && kind !== Object.prototype || seen.has(value)) return false;
  seen.add(value);
  return Object.keys(value).every((key) => isTree(Reflect.get(value, key), seen));
}
