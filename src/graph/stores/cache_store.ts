/** Where cached outputs are kept. */

import { checkOptions } from "../../rules.ts";
import { whyNotStorable } from "../../storable.ts";
import { MEMORY_STORE_RULES } from "../option_rules.ts";
import type { CheckpointStore, ClaimedRun, ClaimOptions } from "./checkpoint_store.ts";
import { MemoryRuns } from "./memory_runs.ts";
import { whyReadOnce } from "./read_once.ts";
import { lifetimeMs } from "./stored_value.ts";

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
  /** Forgets all that this store has kept for keys with this beginning; without one, everything. */
  clear(prefix?: string): void | PromiseLike<void>;
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
  /**
   * Whether values are copied when they are kept and given out, by structured cloning: what is changed afterwards is not changed
   * in the store. What a copy would lose is refused.
   *
   * @default {false}
   */
  copies?: boolean;
}

/**
 * Keeps outputs in memory, as they are, and drops the least recently used. What is changed afterwards is changed in the store,
 * too, unless the option `copies` is set. Refuses what can be read once only, such as a `Response` or an iterator.
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
export class MemoryStore implements CacheStore, CheckpointStore {
  /** Entries, the one that was not used for longest first. */
  readonly #entries = new Map<string, TimedEntry>();
  readonly #max: number;
  readonly #copies: boolean;
  readonly #runs = new MemoryRuns();

  /**
   * An empty store.
   *
   * @throws {RangeError} If `max` is less than 1.
   */
  constructor(options: MemoryStoreOptions = {}) {
    checkOptions("make a memory store", options, MEMORY_STORE_RULES);
    this.#max = options.max ?? 1000;
    this.#copies = options.copies ?? false;
  }

  /** The entry of a key. */
  get(key: string): CacheEntry | undefined {
    const found = this.#entries.get(key);
    if (!found) return undefined;
    this.#entries.delete(key);
    if (found.expiresAt !== Infinity && performance.now() >= found.expiresAt) return undefined;
    this.#entries.set(key, found);
    return { value: this.#copies ? structuredClone(found.value) : found.value };
  }

  /**
   * Keeps a value.
   *
   * @throws {TypeError} If it can be read once only, or would come back as another one by the option `copies`.
   */
  set(key: string, value: unknown, ttlMs: number): void {
    this.#check(key, value);
    const lifetime = lifetimeMs(ttlMs) ?? Infinity;
    this.#entries.delete(key);
    this.#entries.set(key, {
      value: this.#copies ? structuredClone(value) : value,
      expiresAt: performance.now() + lifetime,
    });
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value!);
  }

  #check(key: string, value: unknown): void {
    const lost = this.#copies ? whyNotStorable(value) : null;
    if (lost !== null) throw new TypeError(`Cannot store a copy of the value of "${key}": ${lost}`);
    const reason = whyReadOnce(value);
    if (reason === null) return;
    throw new TypeError(`Cannot store the value of "${key}": ${reason}, which can be read once only`);
  }

  /** Forgets a key. */
  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Forgets keys with this beginning; without one, everything. */
  clear(prefix = ""): void {
    for (const key of [...this.#entries.keys()]) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  /** Claims a run, which is kept until the program ends: see {@link CheckpointStore}. */
  claimRun(graph: string, runId: string, options: ClaimOptions): ClaimedRun | undefined {
    return this.#runs.claimRun(graph, runId, options);
  }

  /** What is kept of a run: see {@link CheckpointStore}. */
  readRun(graph: string, runId: string): ReadonlyMap<string, Uint8Array> | undefined {
    return this.#runs.readRun(graph, runId);
  }

  /** Forgets a run: see {@link CheckpointStore}. */
  deleteRun(graph: string, runId: string): boolean {
    return this.#runs.deleteRun(graph, runId);
  }
}
