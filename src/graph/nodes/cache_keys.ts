/** Keys of cached nodes: what tells inputs apart, and nodes. */

import { fingerprint, FingerprintError } from "../../fingerprint.ts";
import { quoted } from "../checkpoints/step_names.ts";
import { exactText } from "../stores/stored_value.ts";
import type { CacheStore } from "../stores/cache_store.ts";

/** Texts that are their own key: short, and the same in all stores. */
const SHORT_TEXT = /^[\x20-\x7e]{0,100}$/;

/** Short inputs as they are, others by their fingerprint. */
export function wholeInput(input: unknown): string {
  if (typeof input === "string" && SHORT_TEXT.test(input)) return `"${input}`;
  if (typeof input === "number") return Object.is(input, -0) ? "-0" : String(input);
  if (typeof input === "boolean" || input == null) return String(input);
  return `#${fingerprint(input)}`;
}

/**
 * The key of a {@link CachedNode} to whose function the order of an object's keys does not matter: `{ a: 1, b: 2 }` and
 * `{ b: 2, a: 1 }` are equal then, at any depth.
 *
 * @throws {TypeError} If the input holds what cannot be told from others, such as a function or an object of a class.
 *
 * @example
 * ```ts
 * import { CachedNode, sortedKeys } from "@ringmill/ringmill/graph";
 * import { equal } from "node:assert/strict";
 *
 * equal(sortedKeys({ a: 1, b: [{ c: 2, d: 3 }] }), sortedKeys({ b: [{ d: 3, c: 2 }], a: 1 }));
 * new CachedNode("search", (query: { text: string; limit: number }) => query.text, { key: sortedKeys });
 * ```
 */
export function sortedKeys(input: unknown): string {
  return fingerprint(input, { sortKeys: true });
}

/** Says in the error of a key that cannot be made which option helps. */
export function keyOf(node: string, key: (input: never) => unknown, input: unknown): string {
  const action = `Cannot look into the cache of node "${node}"`;
  try {
    const text = key(input as never);
    if (typeof text === "string") return key === wholeInput ? text : `'${exactText(text)}`;
    throw new TypeError(`${action}: key() must return a text, received ${Deno.inspect(text)}`);
  } catch (error) {
    if (!(error instanceof FingerprintError)) throw error;
    throw new TypeError(`${action}: its input has no key, as ${error.reason}; set the option key`, { cause: error });
  }
}

/** What the keys of a node begin with. */
export function prefixOf(graph: string, node: string, namespace: string | undefined): string {
  return namespace === undefined ? `${quoted(graph)}/${quoted(node)}:` : `=${quoted(namespace)}:`;
}

/** A function, and its source. */
interface Claim {
  readonly work: unknown;
  readonly source: string;
}

/** By store and prefix: the function whose answers are kept there. */
const claims = new WeakMap<CacheStore, Map<string, Claim>>();

/** Whether the source of a function does not tell it from others: it is bound, or built in. */
export function isOpaque(work: unknown): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(work));
}

/** Whether a store may keep answers of a function under a prefix: not if it keeps those of another function there. */
export function claim(store: CacheStore, prefix: string, work: unknown): boolean {
  const source = Function.prototype.toString.call(work);
  const known = claims.get(store) ?? new Map<string, Claim>();
  claims.set(store, known);
  const other = known.get(prefix);
  if (other === undefined) known.set(prefix, { work, source });
  return other === undefined || other.work === work || other.source === source && !isOpaque(work);
}
