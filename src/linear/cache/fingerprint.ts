/** Fingerprints of what nodes work with: runtime constants may be live objects of any kind, and functions count, too. */

import { fingerprint as strictFingerprint } from "../../fingerprint.ts";
import { partialOf } from "../partial.ts";

/**
 * The fingerprint of a value. Functions count by their source text, objects of a class by its name and by `toJSON()` or
 * what they show; what they hide does not count.
 */
export function fingerprint(value: unknown): string {
  return strictFingerprint(value, { standIn });
}

function standIn(value: unknown): unknown {
  if (typeof value === "symbol") return ["symbol", String(value)];
  if (typeof value !== "function") return shown(value as object);
  const partial = partialOf(value);
  if (partial) return ["partial", partial.fn, partial.bound];
  return ["function", value.name, Function.prototype.toString.call(value)];
}

function shown(value: object): unknown {
  const kind = attempt(() => Object.getPrototypeOf(value)?.constructor?.name);
  const toJSON = attempt(() => Reflect.get(value, "toJSON"));
  if (typeof toJSON === "function") return ["json", kind, attempt(() => toJSON.call(value))];
  const keys = attempt(() => Object.keys(value)) as string[] ?? [];
  return ["object", kind, keys.map((key) => [key, attempt(() => Reflect.get(value, key))])];
}

/** What cannot be read counts as nothing. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
