/** Merges what two pipelines know by name. */

import { DeclarationError } from "../../errors.ts";
import { fingerprint } from "../cache/fingerprint.ts";

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const kind = Object.getPrototypeOf(value);
  return kind === Object.prototype || kind === null;
}

/**
 * Both objects in one. Plain objects in them are merged in turn.
 *
 * @throws {DeclarationError} If they have different values for one name. `action` says what that prevents.
 */
export function merge(action: string, way: string, one: unknown, other: unknown): unknown {
  if (one === undefined || other === undefined || one === other) return one ?? other;
  if (!isPlain(one) || !isPlain(other)) {
    if (fingerprint(one) === fingerprint(other)) return one;
    throw new DeclarationError(`Cannot ${action}: they have different values of ${way}`);
  }
  const merged = { ...one };
  for (const [key, value] of Object.entries(other)) {
    merged[key] = Object.hasOwn(one, key) ? merge(action, `${way}.${key}`, one[key], value) : value;
  }
  return merged;
}
