/** Where cached outputs are kept. */

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

/** An entry, and the time on the clock of this thread at which it expires. */
interface TimedEntry extends CacheEntry {
  readonly expiresAt: number;
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
  /** Entries, the one that was not used for longest first. */
  readonly #entries = new Map<string, TimedEntry>();
  readonly #max: number;

  /**
   * An empty store.
   *
   * @throws {RangeError} If `max` is less than 1.
   */
  constructor(options: MemoryStoreOptions = {}) {
    const { max = 1000 } = options;
    checkCount("Cannot make a memory store", "max", max, 1);
    this.#max = max;
  }

  /** The entry of a key. */
  get(key: string): CacheEntry | undefined {
    const found = this.#entries.get(key);
    if (!found) return undefined;
    this.#entries.delete(key);
    if (found.expiresAt !== Infinity && performance.now() >= found.expiresAt) return undefined;
    this.#entries.set(key, found);
    return { value: found.value };
  }

  /** Keeps a value. */
  set(key: string, value: unknown, ttlMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresAt: ttlMs === Infinity ? Infinity : performance.now() + ttlMs });
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!);
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
