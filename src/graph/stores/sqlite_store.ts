/** Cached outputs in an SQLite file. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { whyNewer } from "../../format_version.ts";
import { checkOptions } from "../../rules.ts";
import { SQLITE_STORE_RULES } from "../option_rules.ts";
import type { CacheEntry, CacheStore } from "./cache_store.ts";
import { isBusy, openDatabase, patiently } from "./sqlite_file.ts";
import { decodeValue, encodeValue, exactText, lifetimeMs } from "./stored_value.ts";

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
  /**
   * How long to wait while another program writes to the file, in milliseconds, up to 60,000. Nothing else of this program runs
   * meanwhile; so the next accesses do not wait at all, until one succeeds.
   *
   * @default {2000}
   */
  busyTimeoutMs?: number;
}

/** The version of the tables, which is part of their names. */
const VERSION = 2;
const TABLE = `ringmill_cache_${VERSION}`;
const TABLES = /^ringmill_cache_(\d+)$/;

/** Entries that have expired are removed this many at a time, whenever one is kept. */
const MOST_EXPIRED = 16;

/** Triggers count the entries: to count them each time would take longer the more there are. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    expires REAL,
    used INTEGER NOT NULL,
    PRIMARY KEY (namespace, key)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ${TABLE}_used ON ${TABLE} (namespace, used);
  CREATE INDEX IF NOT EXISTS ${TABLE}_expires ON ${TABLE} (namespace, expires) WHERE expires IS NOT NULL;
  CREATE TABLE IF NOT EXISTS ${TABLE}_counts (namespace TEXT PRIMARY KEY, entries INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS ${TABLE}_added AFTER INSERT ON ${TABLE} BEGIN
    INSERT INTO ${TABLE}_counts VALUES (new.namespace, 1)
      ON CONFLICT DO UPDATE SET entries = entries + 1;
  END;
  CREATE TRIGGER IF NOT EXISTS ${TABLE}_removed AFTER DELETE ON ${TABLE} BEGIN
    UPDATE ${TABLE}_counts SET entries = entries - 1 WHERE namespace = old.namespace;
  END;
`;

const OWN = "namespace = ?1";
/** The number of the next use. */
const NEXT_USE = `(SELECT coalesce(max(used), 0) + 1 FROM ${TABLE} WHERE ${OWN})`;

const STATEMENTS = {
  get: `SELECT value FROM ${TABLE} WHERE ${OWN} AND key = ?2 AND (expires IS NULL OR expires > ?3)`,
  touch: `UPDATE ${TABLE} SET used = ${NEXT_USE} WHERE ${OWN} AND key = ?2`,
  set: `INSERT INTO ${TABLE} VALUES (?1, ?2, ?3, ?4, ${NEXT_USE})
    ON CONFLICT DO UPDATE SET value = excluded.value, expires = excluded.expires, used = excluded.used`,
  expire: `DELETE FROM ${TABLE} WHERE ${OWN} AND key IN
    (SELECT key FROM ${TABLE} WHERE ${OWN} AND expires <= ?2 ORDER BY expires LIMIT ${MOST_EXPIRED})`,
  count: `SELECT entries FROM ${TABLE}_counts WHERE ${OWN}`,
  trim: `DELETE FROM ${TABLE} WHERE ${OWN} AND key IN
    (SELECT key FROM ${TABLE} WHERE ${OWN} ORDER BY used LIMIT ?2)`,
  delete: `DELETE FROM ${TABLE} WHERE ${OWN} AND key = ?2`,
  clear: `DELETE FROM ${TABLE} WHERE ${OWN} AND substr(key, 1, length(?2)) = ?2`,
};

/** Refuses the tables of a newer version, and says once which of an older one are of no use any more. */
function checkTables(path: string, database: DatabaseSync): void {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const versions = names.flatMap(({ name }) => TABLES.exec(String(name))?.slice(1) ?? []).map(Number);
  const why = whyNewer(Math.max(VERSION, ...versions), VERSION);
  if (why !== null) throw new Error(`Cannot open SQLite store ${path}: ${why}`);
  const older = versions.filter((version) => version < VERSION);
  if (older.length === 0 || versions.includes(VERSION)) return;
  const table = `ringmill_cache_${older[0]}`;
  console.warn(`SQLite store ${path}: what an older Ringmill has kept, in table ${table}, is put aside and not read`);
}

/**
 * Keeps outputs in an SQLite file, for later runs of the program and for other programs on the machine. Values are copied
 * by structured cloning; what that would change is refused. Needs the permissions to read and write the file.
 *
 * Methods throw if another program holds the file for longer than `busyTimeoutMs`. A `CachedNode` does without the store then.
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
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;
  readonly #max: number;
  readonly #busyTimeoutMs: number;
  /** Whether the last access has waited in vain. */
  #wasBusy = false;
  #isClosed = false;

  /**
   * Opens the file.
   *
   * @throws {Error} If it cannot be opened, or a newer Ringmill has made it.
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: SqliteStoreOptions) {
    checkOptions("make an SQLite store", options, SQLITE_STORE_RULES);
    const { path, namespace = "cache", max = Infinity, busyTimeoutMs = 2000 } = options;
    if (path === undefined) throw new TypeError("Cannot make an SQLite store: it needs a path");
    this.#namespace = exactText(namespace);
    this.#max = max;
    this.#busyTimeoutMs = busyTimeoutMs;
    const database = this.#database = openDatabase(path, SCHEMA, (opened) => checkTables(path, opened));
    this.#statements = Object.fromEntries(
      Object.entries(STATEMENTS).map(([name, text]) => [name, database.prepare(text)]),
    ) as Record<keyof typeof STATEMENTS, StatementSync>;
  }

  #access<Result>(work: () => Result): Result {
    try {
      const result = patiently(this.#wasBusy ? 0 : this.#busyTimeoutMs, work);
      this.#wasBusy = false;
      return result;
    } catch (error) {
      this.#wasBusy ||= isBusy(error);
      throw error;
    }
  }

  /** The entry of a key. What is damaged, or was not written by a store, counts as missing. */
  get(key: string): CacheEntry | undefined {
    return this.#access(() => this.#get(key));
  }

  #get(key: string): CacheEntry | undefined {
    const exact = exactText(key);
    const row = this.#statements.get.get(this.#namespace, exact, Date.now());
    if (!row) return undefined;
    if (this.#max !== Infinity) this.#touch(exact);
    return decodeValue(key, row.value);
  }

  /** That an entry was used counts little against the time of a program that holds the file. */
  #touch(key: string): void {
    try {
      this.#statements.touch.run(this.#namespace, key);
    } catch {
      // It stays as old as it was.
    }
  }

  /**
   * Keeps a value.
   *
   * @throws {TypeError} If it would come back as another one.
   */
  set(key: string, value: unknown, ttlMs: number): void {
    const bytes = encodeValue(key, value);
    const lifetime = lifetimeMs(ttlMs);
    const expires = lifetime === undefined ? null : Date.now() + lifetime;
    this.#access(() => this.#set(exactText(key), bytes, expires));
  }

  #set(key: string, bytes: Uint8Array, expires: number | null): void {
    const { set, expire, count, trim } = this.#statements;
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      expire.run(this.#namespace, Date.now());
      set.run(this.#namespace, key, bytes, expires);
      if (this.#max !== Infinity) {
        const surplus = Number(count.get(this.#namespace)!.entries) - this.#max;
        if (surplus > 0) trim.run(this.#namespace, surplus);
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Forgets a key. */
  delete(key: string): void {
    this.#access(() => this.#statements.delete.run(this.#namespace, exactText(key)));
  }

  /** Forgets keys of this store's namespace with this beginning; without one, all in it. */
  clear(prefix = ""): void {
    this.#access(() => this.#statements.clear.run(this.#namespace, prefix));
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
