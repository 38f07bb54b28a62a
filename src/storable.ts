/** Which values come back from a structured clone just as they were, without any codec. */

import { types } from "node:util";
import { Buffer } from "node:buffer";
import { findTrouble } from "./find_trouble.ts";
import { ownNames, whyNotPlain } from "./plain_values.ts";

/**
 * Why a structured clone of `value` would not be the same: because it holds a function, say, or an object of a class, which
 * would lose its methods. `null` if there is no reason.
 */
export function whyNotStorable(value: unknown): string | null {
  return findTrouble(value, (object) => whyNotPlain(object) ?? cloneTrouble(object));
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
