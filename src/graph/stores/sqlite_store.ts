/** Cached outputs in an SQLite file. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { whyNewer } from "../../format_version.ts";
import { checkOptions } from "../../rules.ts";
import { SQLITE_STORE_RULES } from "../option_rules.ts";
import type { CacheEntry, CacheStore } from "./cache_store.ts";
import type { CheckpointStore, ClaimedRun, ClaimOptions } from "./checkpoint_store.ts";
import { FileQueue } from "./file_queue.ts";
import { inTransaction, openDatabase, type Schema, versionsOf } from "./sqlite_file.ts";
import { SqliteRuns } from "./sqlite_runs.ts";
import { decodeValue, encodeValue, exactText, lifetimeMs } from "./stored_value.ts";
import { warn } from "../../notices.ts";

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
   * How long to wait while another program writes to the file, in milliseconds, up to 60,000. This program goes on meanwhile.
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
const SCHEMA: Schema = {
  last: `${TABLE}_removed`,
  text: `
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
`,
};

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
  const versions = versionsOf(database, TABLES);
  const why = whyNewer(Math.max(VERSION, ...versions), VERSION);
  if (why !== null) throw new Error(why);
  const older = versions.filter((version) => version < VERSION);
  if (older.length === 0 || versions.includes(VERSION)) return;
  const table = `ringmill_cache_${older[0]}`;
  warn(`SQLite store "${path}": what an older Ringmill has kept, in table ${table}, is put aside and not read`);
}

/**
 * Keeps outputs in an SQLite file, for later runs of the program and for other programs on the machine. Values are copied
 * by structured cloning; what that would change is refused. Needs the permissions to read and write the file.
 *
 * While another program writes to the file, methods return promises, which reject after `busyTimeoutMs`. A `CachedNode` does
 * without the store then. Runs of graphs are kept in it, too, which `max` does not count (option `checkpoint`).
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
export class SqliteStore implements CacheStore, CheckpointStore, Disposable {
  readonly #database: DatabaseSync;
  readonly #namespace: string;
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;
  readonly #max: number;
  readonly #queue: FileQueue;
  readonly #runs: SqliteRuns;
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
    this.#queue = new FileQueue(busyTimeoutMs);
    const database = this.#database = openDatabase(path, SCHEMA, (opened) => checkTables(path, opened));
    this.#statements = Object.fromEntries(
      Object.entries(STATEMENTS).map(([name, text]) => [name, database.prepare(text)]),
    ) as Record<keyof typeof STATEMENTS, StatementSync>;
    this.#runs = new SqliteRuns(database, { path, namespace: this.#namespace, queue: this.#queue });
  }

  /** The entry of a key. What is damaged, or was not written by a store, counts as missing. */
  get(key: string): CacheEntry | undefined | Promise<CacheEntry | undefined> {
    return this.#queue.read(() => this.#get(key));
  }

  #get(key: string): CacheEntry | undefined {
    const exact = exactText(key);
    const row = this.#statements.get.get(this.#namespace, exact, Date.now());
    if (!row) return undefined;
    if (this.#max !== Infinity) this.#touch(exact);
    return decodeValue(key, row.value);
  }

  /** Notes a use of an entry, unless another program holds the file: a use is not worth a wait. */
  #touch(key: string): void {
    try {
      this.#statements.touch.run(this.#namespace, key);
    } catch {
      // The entry's last use stays as old as it was.
    }
  }

  /**
   * Keeps a value.
   *
   * @throws {TypeError} If it would come back as another one.
   */
  set(key: string, value: unknown, ttlMs: number): void | Promise<void> {
    const bytes = encodeValue(key, value);
    const lifetime = lifetimeMs(ttlMs);
    const expires = lifetime === undefined ? null : Date.now() + lifetime;
    const exact = exactText(key);
    return this.#queue.do(() => this.#set(exact, bytes, expires));
  }

  #set(key: string, bytes: Uint8Array, expires: number | null): void {
    const { set, expire, count, trim } = this.#statements;
    inTransaction(this.#database, () => {
      expire.run(this.#namespace, Date.now());
      set.run(this.#namespace, key, bytes, expires);
      if (this.#max === Infinity) return;
      const surplus = Number(count.get(this.#namespace)!.entries) - this.#max;
      if (surplus > 0) trim.run(this.#namespace, surplus);
    });
  }

  /** Forgets a key. */
  delete(key: string): void | Promise<void> {
    return this.#queue.do(() => void this.#statements.delete.run(this.#namespace, exactText(key)));
  }

  /** Forgets keys of this store's namespace with this beginning; without one, all in it. */
  clear(prefix = ""): void | Promise<void> {
    return this.#queue.do(() => void this.#statements.clear.run(this.#namespace, prefix));
  }

  /** Claims a run: see {@link CheckpointStore}. */
  claimRun(
    graph: string,
    runId: string,
    options: ClaimOptions,
  ): ClaimedRun | undefined | Promise<ClaimedRun | undefined> {
    return this.#runs.claimRun(graph, runId, options);
  }

  /** What is kept of a run: see {@link CheckpointStore}. */
  readRun(
    graph: string,
    runId: string,
  ): ReadonlyMap<string, Uint8Array> | undefined | Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    return this.#runs.readRun(graph, runId);
  }

  /** Forgets a run: see {@link CheckpointStore}. */
  deleteRun(graph: string, runId: string): boolean | Promise<boolean> {
    return this.#runs.deleteRun(graph, runId);
  }

  /** Closes the file, after what waits for other programs. Closing twice changes nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.finish();
    this.#runs.close();
    this.#database.close();
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
