/** Which values come back from a structured clone just as they were, without any codec. */

import { types } from "node:util";
import { Buffer } from "node:buffer";
import { isLong, ownNames, whyNotPlain } from "./plain_values.ts";

/** A value to look at, and the way to it from the outermost. */
interface Place {
  readonly value: unknown;
  readonly parent?: Place;
  readonly key?: string | number;
}

/**
 * Why a structured clone of `value` would not be the same: because it holds a function, say, or an object of a class, which
 * would lose its methods. `null` if there is no reason.
 */
export function whyNotStorable(value: unknown): string | null {
  const seen = new Set<object>();
  const open: Place[] = [{ value }];
  for (let place = open.pop(); place; place = open.pop()) {
    const { value } = place;
    if (typeof value !== "object" || value === null) {
      if (typeof value === "function" || typeof value === "symbol") return tell(place, `a ${typeof value}`);
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    const reason = whyNotPlain(value) ?? cloneTrouble(value);
    if (reason !== null) return tell(place, reason);
    openAll(open, place, value);
  }
  return null;
}

/** Why a clone of a plain object would be another one. */
function cloneTrouble(value: object): string | null {
  if (Object.getPrototypeOf(value) === null) return "an object without a prototype";
  if (types.isRegExp(value) && value.lastIndex !== 0) return "a RegExp in the middle of a text";
  if (Buffer.isBuffer(value)) return "a Buffer";
  return types.isNativeError(value) ? errorTrouble(value) : null;
}

/** The names that a clone of an error keeps. */
const KEPT_OF_ERRORS = ["message", "cause"];

function errorTrouble(error: Error): string | null {
  const lost = ownNames(error).find((name) => !KEPT_OF_ERRORS.includes(name));
  return lost === undefined ? null : `an error with a property of its own, ${Deno.inspect(lost)}`;
}

function openAll(open: Place[], parent: Place, value: object): void {
  if (value instanceof Map) {
    for (const [key, item] of value) open.push({ value: key, parent, key: "(key)" }, { value: item, parent, key });
  } else if (value instanceof Set) {
    for (const item of value) open.push({ value: item, parent, key: "(item)" });
  } else if (!ArrayBuffer.isView(value)) {
    const keys = isLong(value as unknown[]) ? Object.keys(value) : ownNames(value);
    for (const key of keys) {
      const item = Reflect.get(value, key);
      // Most items are neither: this saves the time and the memory of a place each.
      if (typeof item !== "object" ? typeof item === "function" || typeof item === "symbol" : item !== null) {
        open.push({ value: item, parent, key: Array.isArray(value) ? indexOf(key) : key });
      }
    }
  }
}

/** A place in an array, as people write it. */
function indexOf(key: string): string | number {
  return String(Number(key)) === key ? Number(key) : key;
}

function tell(place: Place, what: string): string {
  const keys: string[] = [];
  for (let at: Place | undefined = place; at?.parent; at = at.parent) keys.push(`[${Deno.inspect(at.key)}]`);
  return keys.length === 0 ? `it is ${what}` : `its ${keys.reverse().join("")} is ${what}`;
}
