/** What runs have done, so that one that goes on does not do it again. */

/** Calls of nodes, by the fingerprints of what they were called with. */
export class DoneCalls {
  readonly #keys = new Map<string, Set<string>>();

  /** The calls of nodes, with their keys. */
  constructor(calls: Iterable<readonly [node: string, key: string]> = []) {
    for (const [node, key] of calls) this.add(node, key);
  }

  /** Notes a call. */
  add(node: string, key: string): void {
    const keys = this.#keys.get(node);
    if (keys) keys.add(key);
    else this.#keys.set(node, new Set([key]));
  }

  /** Whether the node was called at all. */
  has(node: string): boolean {
    return this.#keys.has(node);
  }

  /** Whether the node was called with just that. */
  hasCall(node: string, key: string): boolean {
    return this.#keys.get(node)?.has(key) === true;
  }

  /** All calls. */
  *[Symbol.iterator](): Iterator<readonly [node: string, key: string]> {
    for (const [node, keys] of this.#keys) for (const key of keys) yield [node, key];
  }
}

/** What a run that goes on need not do again, as memory and cache know it; `null` if the last run has come to its end. */
export function unfinishedCalls(...known: readonly (Iterable<readonly [string, string]> | null)[]): DoneCalls | null {
  const unfinished = known.filter((calls) => calls !== null);
  return unfinished.length === 0 ? null : new DoneCalls(unfinished.flatMap((calls) => [...calls]));
}
