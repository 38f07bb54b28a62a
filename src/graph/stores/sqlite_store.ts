/** Cached outputs in an SQLite file. */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { deserialize, serialize } from "node:v8";
import type { CacheEntry, CacheStore } from "./cache_store.ts";
import { checkCount } from "../node_options.ts";

/** Options of an {@link SqliteStore}. */
export interface SqliteStoreOptions {
  /** The file, which is made if need be; or `:memory:`. */
  path: string;
  /**
   * Keeps the entries of several stores in one file apart.
   *
   * @default {"cache"}
   */
  namespace?: string;
  /**
   * The most entries; then the one that was not used for longest is dropped.
   *
   * @default {Infinity}
   */
  max?: number;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS ringmill_cache (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    expires REAL,
    used INTEGER NOT NULL,
    PRIMARY KEY (namespace, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ringmill_cache_used ON ringmill_cache (namespace, used);
`;

/** The number of the next use. */
const NEXT_USE = "(SELECT coalesce(max(used), 0) + 1 FROM ringmill_cache WHERE namespace = ?1)";

/**
 * Keeps outputs in an SQLite file, for later runs of the program and for other programs on the machine. Values are copied
 * by structured cloning. Needs the permissions to read and write the file.
 *
 * @example
 * ```ts
 * import { SqliteStore } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * using store = new SqliteStore({ path: ":memory:" });
 * store.set("answer", new Map([["life", 42]]), Infinity);
 * deepEqual(store.get("answer"), { value: new Map([["life", 42]]) });
 * ```
 */
export class SqliteStore implements CacheStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #namespace: string;
  readonly #statements: Readonly<Record<"get" | "touch" | "set" | "trim" | "delete" | "clear", StatementSync>>;
  readonly #max: number;
  #isClosed = false;

  /**
   * Opens the file.
   *
   * @throws {Error} If it cannot be opened.
   * @throws {RangeError} If `max` is less than 1.
   */
  constructor(options: SqliteStoreOptions) {
    const { path, namespace = "cache", max = Infinity } = options;
    checkCount("Cannot make an SQLite store", "max", max, 1, false);
    const database = this.#database = new DatabaseSync(path);
    database.exec(SCHEMA);
    this.#namespace = namespace;
    this.#max = max;
    const own = "namespace = ?1";
    this.#statements = {
      get: database.prepare(
        `SELECT value FROM ringmill_cache WHERE ${own} AND key = ?2 AND (expires IS NULL OR expires > ?3)`,
      ),
      touch: database.prepare(`UPDATE ringmill_cache SET used = ${NEXT_USE} WHERE ${own} AND key = ?2`),
      set: database.prepare(`INSERT OR REPLACE INTO ringmill_cache VALUES (?1, ?2, ?3, ?4, ${NEXT_USE})`),
      trim: database.prepare(
        `DELETE FROM ringmill_cache WHERE ${own} AND key NOT IN
          (SELECT key FROM ringmill_cache WHERE ${own} ORDER BY used DESC LIMIT ?2)`,
      ),
      delete: database.prepare(`DELETE FROM ringmill_cache WHERE ${own} AND key = ?2`),
      clear: database.prepare(`DELETE FROM ringmill_cache WHERE ${own}`),
    };
  }

  /** The entry of a key. */
  get(key: string): CacheEntry | undefined {
    const row = this.#statements.get.get(this.#namespace, key, Date.now());
    if (!row) return undefined;
    if (this.#max !== Infinity) this.#statements.touch.run(this.#namespace, key);
    return { value: deserialize(row.value as Uint8Array) };
  }

  /**
   * Keeps a value.
   *
   * @throws {Error} If it cannot be cloned.
   */
  set(key: string, value: unknown, ttlMs: number): void {
    const expires = ttlMs === Infinity ? null : Date.now() + ttlMs;
    this.#statements.set.run(this.#namespace, key, serialize(value), expires);
    if (this.#max !== Infinity) this.#statements.trim.run(this.#namespace, this.#max);
  }

  /** Forgets a key. */
  delete(key: string): void {
    this.#statements.delete.run(this.#namespace, key);
  }

  /** Forgets everything in this store's namespace. */
  clear(): void {
    this.#statements.clear.run(this.#namespace);
  }

  /** Closes the file. Closing twice changes nothing. */
  close(): void {
    if (!this.#isClosed) this.#database.close();
    this.#isClosed = true;
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
