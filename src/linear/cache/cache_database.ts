/** The database of a cache file: opened, looked through, put aside if it is damaged. */

import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  DatabaseSync,
  type SQLInputValue,
  type SQLOutputValue,
  type StatementResultingChanges,
  type StatementSync,
} from "node:sqlite";
import { whyNewer } from "../../format_version.ts";
import { APPLICATION_ID, FORMAT, SCHEMA } from "./schema.ts";
import { troubleOf } from "./sqlite_trouble.ts";
import { ValueFiles } from "./value_files.ts";
import { BLOCKING_MS } from "./waiting_for_lock.ts";
import { warn } from "../../notices.ts";

/** A log that is longer is cut once it is written back. */
const LOG_BYTES = 1 << 22;

/** The file is a cache of an older program. */
class OutdatedError extends Error {}

/** The file is damaged: it is of no use any more. */
export class DamagedError extends Error {}

/** What {@link SCHEMA} declares, once it is needed. */
let expectedTables: string | undefined;

function tablesOfSchema(): string {
  using database = new DatabaseSync(":memory:");
  database.exec(SCHEMA);
  return tablesOf(database);
}

function tablesOf(database: DatabaseSync): string {
  return JSON.stringify(
    database.prepare("select type, name, tbl_name, sql from sqlite_schema where name not like 'sqlite_%' order by name")
      .all(),
  );
}

/** A prepared statement, which says so if the file is damaged. */
class CacheStatement {
  readonly #statement: StatementSync;

  /** Wraps a statement. */
  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  /** The first row. */
  get(...params: SQLInputValue[]): Record<string, SQLOutputValue> | undefined {
    return guarded(() => this.#statement.get(...params));
  }

  /** All rows. */
  all(...params: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    return guarded(() => this.#statement.all(...params));
  }

  /** Changes something. */
  run(...params: SQLInputValue[]): StatementResultingChanges {
    return guarded(() => this.#statement.run(...params));
  }
}

function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (troubleOf(error) !== "damaged") throw error;
    throw new DamagedError((error as Error).message, { cause: error });
  }
}

/** An open database. */
export class CacheDatabase implements Disposable {
  /** Where it is. */
  readonly path: string;
  /** Whether it can be looked at only. */
  readonly isReadOnly: boolean;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, CacheStatement>();

  private constructor(path: string, database: DatabaseSync, isReadOnly: boolean) {
    this.path = path;
    this.#database = database;
    this.isReadOnly = isReadOnly;
  }

  /**
   * Opens the file for writing, and makes it and its folder if need be. A damaged file, and one of an older program, is
   * put aside with a warning. One that cannot be written is opened to be looked at.
   *
   * @throws {Error} If it is something else, or locked.
   */
  static open(path: string): CacheDatabase {
    try {
      return CacheDatabase.#openForWriting(path);
    } catch (error) {
      if (error instanceof OutdatedError || isDamagedCache(path, error)) {
        putAside(path, error as Error);
        return CacheDatabase.#openForWriting(path);
      }
      const existing = isUnwritable(path, error) ? CacheDatabase.openExisting(path) : null;
      if (!existing) throw cannotOpen(path, error);
      warn(`Cannot write cache "${path}": new values stay in memory (${(error as Error).message})`);
      return existing;
    }
  }

  static #openForWriting(path: string): CacheDatabase {
    Deno.mkdirSync(dirname(path), { recursive: true });
    return CacheDatabase.#checked(path, new DatabaseSync(path, { timeout: BLOCKING_MS }), false)!;
  }

  /**
   * Opens a file that exists, to look at it. `null` if there is none, or nothing of use in it.
   *
   * @throws {Error} If it is something else, or locked.
   */
  static openExisting(path: string): CacheDatabase | null {
    try {
      if (!existsSync(path)) return null;
      return CacheDatabase.#checked(path, openToLook(path), true);
    } catch (error) {
      if (error instanceof OutdatedError || isDamagedCache(path, error)) return null;
      throw cannotOpen(path, error);
    }
  }

  static #checked(path: string, database: DatabaseSync, isReadOnly: boolean): CacheDatabase | null {
    const opened = new CacheDatabase(path, database, isReadOnly);
    let isOfUse = false;
    try {
      opened.#checkFormat();
      if (!isReadOnly) opened.#prepare();
      const hasTables = opened.#hasTables;
      if (hasTables) opened.#checkTables();
      isOfUse = hasTables;
    } finally {
      if (!isOfUse) opened[Symbol.dispose]();
    }
    return isOfUse ? opened : null;
  }

  get #hasTables(): boolean {
    return this.#database.prepare("select 1 from sqlite_schema where name = 'entries'").get() !== undefined;
  }

  /** A table whose declaration is damaged could be opened, and neither read nor written. */
  #checkTables(): void {
    if (tablesOf(this.#database) !== (expectedTables ??= tablesOfSchema())) {
      throw new DamagedError("its schema is malformed");
    }
  }

  #checkFormat(): void {
    const id = this.#pragma("application_id");
    const format = this.#pragma("user_version") as number;
    const isEmpty = this.#database.prepare("select 1 from sqlite_schema").get() === undefined;
    if (id !== APPLICATION_ID && !(isEmpty && id === 0)) throw new Error("it is a database of something else");
    const why = whyNewer(format, FORMAT, "format");
    if (why !== null) throw new Error(why);
    if (format !== FORMAT && format !== 0) throw new OutdatedError(`it has format ${format}, expected ${FORMAT}`);
  }

  /** What is lost in a power cut is made anew, so that nothing has to wait for the disk. */
  #prepare(): void {
    this.#database.exec(`pragma synchronous = off; pragma journal_size_limit = ${LOG_BYTES}`);
    if (this.#hasTables && this.#pragma("journal_mode") === "wal") return;
    // The header comes first: a program that is killed meanwhile leaves a file of which one can tell what it is.
    this.#database.exec(`pragma auto_vacuum = incremental; pragma application_id = ${APPLICATION_ID};
      pragma user_version = ${FORMAT}; pragma journal_mode = wal`);
    this.transact(() => this.#hasTables || this.#database.exec(SCHEMA));
  }

  #pragma(name: string): unknown {
    return this.#database.prepare(`pragma ${name}`).get()![name];
  }

  /** A statement, prepared once. */
  sql(text: string): CacheStatement {
    const known = this.#statements.get(text);
    if (known) return known;
    const statement = guarded(() => new CacheStatement(this.#database.prepare(text)));
    this.#statements.set(text, statement);
    return statement;
  }

  /** Does `work` wholly or not at all. */
  transact<Result>(work: () => Result): Result {
    // Immediate: two deferred transactions that both read first would deadlock on upgrading.
    this.sql("begin immediate").run();
    try {
      const result = work();
      this.sql("commit").run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  /** Gives free pages and the log back to the disk, as far as no other program is reading. */
  shrink(): void {
    try {
      // One row for each page: exec() would stop after the first.
      this.#database.prepare("pragma incremental_vacuum").all();
      this.#database.prepare("pragma wal_checkpoint(truncate)").all();
    } catch {
      // Another program is at work, or the disk is full: the next time will do.
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }
}

/** A connection that may write removes the log when it is closed; one that may not is the second choice. */
function openToLook(path: string): DatabaseSync {
  const database = openIfWritable(path) ?? new DatabaseSync(path, { readOnly: true, timeout: BLOCKING_MS });
  try {
    database.prepare("select 1 from sqlite_schema").get();
    return database;
  } catch (error) {
    database.close();
    // A read-only folder allows no write-ahead log; if there is none, the file alone is the database.
    if (!isUnwritable(path, error) || hasLog(path)) throw error;
    return new DatabaseSync(`${pathToFileURL(path).href}?immutable=1`, { readOnly: true });
  }
}

function openIfWritable(path: string): DatabaseSync | undefined {
  try {
    const database = new DatabaseSync(path, { timeout: BLOCKING_MS });
    // In a read-only folder the first query fails, not the opening.
    database.prepare("select 1 from sqlite_schema").get();
    return database;
  } catch (error) {
    if (isUnwritable(path, error)) return undefined;
    throw error;
  }
}

function cannotOpen(path: string, cause: unknown): Error {
  const { message } = cause as Error;
  const remedy = troubleOf(cause) === "foreign"
    ? "; delete it, or choose another cachePath"
    : isForWantOfRoom(path, cause)
    ? ": its disk is full"
    : "";
  return new Error(`Cannot open cache "${path}": ${message}${remedy}`, { cause });
}

/** Whether the file at `path` is one of our own that cannot be read. */
function isDamagedCache(path: string, error: unknown): boolean {
  const isDamaged = error instanceof DamagedError || troubleOf(error) === "damaged";
  return isDamaged && applicationOf(path) === APPLICATION_ID && !isForWantOfRoom(path, error);
}

function isUnwritable(path: string, error: unknown): boolean {
  return troubleOf(error) === "unwritable" || isForWantOfRoom(path, error);
}

/** Whether a write-ahead log has something that the database has not. */
function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Bytes of what SQLite makes beside a database when it opens it. */
const ROOM_BYTES = 1 << 16;

/** SQLite calls it an I/O error, too, where a disk is full. */
function isForWantOfRoom(path: string, error: unknown): boolean {
  if (!/disk I\/O error|disk is full/.test((error as Error).message)) return false;
  const probe = join(dirname(path), `.ringmill-${crypto.randomUUID()}`);
  try {
    Deno.writeFileSync(probe, new Uint8Array(ROOM_BYTES), { createNew: true });
    return false;
  } catch (trouble) {
    return troubleOf(trouble) === "full";
  } finally {
    removeIfThere(probe);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made.
  }
}

/** The application that the header of a database names. */
function applicationOf(path: string): number | undefined {
  const header = new Uint8Array(100);
  try {
    using file = Deno.openSync(path);
    if (file.readSync(header) !== header.length) return undefined;
  } catch {
    return undefined;
  }
  return new DataView(header.buffer).getInt32(68);
}

/** Renames a file that is of no use, with a warning. The last one that was put aside is replaced. */
export function putAside(path: string, reason: Error): void {
  const aside = `${path}.${reason instanceof OutdatedError ? "old" : "damaged"}`;
  for (const ending of ["", "-wal", "-shm"]) {
    if (existsSync(path + ending)) Deno.renameSync(path + ending, aside + ending);
  }
  new ValueFiles(path).clear();
  warn(`Cache "${path}" is put aside as "${aside}", and everything is made anew: ${reason.message}`);
}
