/** Fingerprints of what nodes take and are, for the cache. */

import { types } from "node:util";
import { fingerprint, FingerprintError } from "../../fingerprint.ts";
import { classNameOf } from "../../plain_values.ts";
import { type AnyFunction, partialOf } from "../partial.ts";
import { BUILT_IN_CODECS, type CodecTable, type NamedCodec } from "./codec_table.ts";

/** The fingerprint of a value, or the reason why it has none. */
export type Identity = { readonly id: string } | { readonly obstacle: string };

function identify(value: unknown, standIn: (value: unknown) => unknown): Identity {
  try {
    return { id: fingerprint(value, { standIn }) };
  } catch (error) {
    // A codec, toJSON() or a getter may throw anything.
    return { obstacle: error instanceof FingerprintError ? error.reason : `it cannot be read: ${String(error)}` };
  }
}

/** What stands for an object of a class: what its codec, or its own `toJSON()`, makes of it. */
function dataOf(value: unknown, codecs: CodecTable): unknown {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return undefined;
  const kind = Object.getPrototypeOf(value);
  const codec = kind === null ? undefined : codecs.of(kind);
  if (codec) return hasMore(value, codec) ? undefined : ["codec", codec.name, codec.encode(value)];
  // One that is inherited does not know what a subclass adds, nor do those of built-in classes know of added properties.
  const owner = Object.hasOwn(value, "toJSON") ? value : kind;
  if (owner === null || kind === Date.prototype || !Object.hasOwn(owner, "toJSON")) return undefined;
  const toJSON = Reflect.get(value, "toJSON");
  return typeof toJSON === "function" ? ["json", classNameOf(value), toJSON.call(value)] : undefined;
}

/** Whether an object of a built-in class has properties of which the codec does not know. */
function hasMore(value: object, codec: NamedCodec): boolean {
  return BUILT_IN_CODECS.named(codec.name) === codec && !ArrayBuffer.isView(value) && Object.keys(value).length > 0;
}

/** The identity of a constant. What hides anything of which it depends, like a function, has none. */
export function identityOf(value: unknown, codecs: CodecTable = BUILT_IN_CODECS): Identity {
  return identify(value, (part) => dataOf(part, codecs));
}

/** The identity of a function, or of anything that holds functions: these count by their source texts. */
export function sourceIdentityOf(value: unknown): Identity {
  return identify(value, (part) => typeof part === "function" ? sourceOf(part) : dataOf(part, BUILT_IN_CODECS));
}

function sourceOf(fn: AnyFunction): unknown {
  const partial = partialOf(fn);
  if (partial) return ["partial", partial.fn, partial.bound];
  const source = Function.prototype.toString.call(fn);
  return source.includes("[native code]") ? undefined : ["function", fn.name, source];
}
