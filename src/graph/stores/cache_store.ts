/** Where cached outputs are kept. */

import { LRUCache } from "lru-cache";
import { checkCount } from "../node_options.ts";

/** An output that is kept. `undefined` and `null` are values like others. */
export interface CacheEntry {
  /** The output. */
  readonly value: unknown;
}

/** Keeps outputs by key. Methods may be sync or async. */
export interface CacheStore {
  /** What was kept last for a key, or `undefined` if nothing was, or if it has expired. */
  get(key: string): CacheEntry | undefined | PromiseLike<CacheEntry | undefined>;
  /** Keeps a value for `ttlMs`, or without bound. */
  set(key: string, value: unknown, ttlMs: number): void | PromiseLike<void>;
  /** Forgets what is kept for a key. */
  delete(key: string): void | PromiseLike<void>;
  /** Forgets everything that this store has kept. */
  clear(): void | PromiseLike<void>;
  /** Lets go of what the store itself has opened. */
  close?(): void | PromiseLike<void>;
}

/** Options of a {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /**
   * The most entries; then the one that was not used for longest is dropped.
   *
   * @default {1000}
   */
  max?: number;
}

/**
 * Keeps outputs in memory, as they are, and drops the least recently used.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "@ringmill/ringmill/graph";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const store = new MemoryStore({ max: 2 });
 * for (const key of ["a", "b", "c"]) store.set(key, key.toUpperCase(), Infinity);
 * equal(store.get("a"), undefined);
 * deepEqual(store.get("c"), { value: "C" });
 * ```
 */
export class MemoryStore implements CacheStore {
  readonly #entries: LRUCache<string, CacheEntry>;

  /**
   * An empty store.
   *
   * @throws {RangeError} If `max` is less than 1.
   */
  constructor(options: MemoryStoreOptions = {}) {
    const { max = 1000 } = options;
    checkCount("Cannot make a memory store", "max", max, 1);
    this.#entries = new LRUCache({ max });
  }

  /** The entry of a key. */
  get(key: string): CacheEntry | undefined {
    return this.#entries.get(key);
  }

  /** Keeps a value. */
  set(key: string, value: unknown, ttlMs: number): void {
    // To the cache, 0 means without bound.
    this.#entries.set(key, { value }, { ttl: ttlMs === Infinity ? 0 : Math.max(1, Math.ceil(ttlMs)) });
  }

  /** Forgets a key. */
  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }
}
