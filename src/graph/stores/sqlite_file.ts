/** SQLite files that several programs and threads may use at a time, without blocking anybody for long. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** How long opening waits for another program that holds the file, in milliseconds. */
const OPENING_MS = 10_000;
/** How long it sleeps in between, at most. */
const NAP_MS = 5;

/** Whether somebody else holds the file. Not all errors of SQLite have a code here. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database (table |schema )?is locked/.test(error.message);
}

/** For moments: SQLite itself would sleep ever longer, and be overtaken by whoever comes then. */
function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** How long to sleep between two tries, in milliseconds. */
export function nap(): number {
  return 1 + Math.random() * NAP_MS;
}

/** Tries again while somebody else holds the file, for so many milliseconds. Nothing else of this thread runs meanwhile. */
export function patiently<Result>(waitMs: number, work: () => Result): Result {
  const until = performance.now() + waitMs;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
      sleepSync(nap());
    }
  }
}

/** Does all of some work, or nothing of it. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Tables and triggers. The one of this name is made last. */
export interface Schema {
  readonly text: string;
  readonly last: string;
}

/** The versions of tables, which end in them. */
export function versionsOf(database: DatabaseSync, table: RegExp): number[] {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return names.flatMap(({ name }) => table.exec(String(name))?.slice(1) ?? []).map(Number);
}

/** Makes what is not there yet. What is there needs nobody else to let go of the file. */
export function makeTables(database: DatabaseSync, { text, last }: Schema): void {
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(last)) return;
  inTransaction(database, () => database.exec(text));
}

/**
 * Opens a file, with a write-ahead log and the tables of `schema`, once `check` has looked at it. Accesses do not wait for
 * other programs.
 *
 * @throws {Error} If it cannot be opened, or `check` throws: with the path, which SQLite does not always tell.
 */
export function openDatabase(path: string, schema: Schema, check: (database: DatabaseSync) => void): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    const opened = database = new DatabaseSync(path, { timeout: 0 });
    patiently(OPENING_MS, () => {
      check(opened);
      prepare(opened, schema);
    });
    return opened;
  } catch (error) {
    database?.close();
    throw new Error(`Cannot open SQLite store "${path}": ${reasonOf(error as Error, path)}`, { cause: error });
  }
}

/** SQLite does not say that it is the folder which is not there. */
function reasonOf({ message }: Error, path: string): string {
  const folder = dirname(path);
  return /^unable to open/.test(message) && !existsSync(folder) ? `there is no folder "${folder}"` : message;
}

function prepare(database: DatabaseSync, schema: Schema): void {
  const [mode] = database.prepare("PRAGMA journal_mode").all();
  if (mode.journal_mode === "delete") database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  makeTables(database, schema);
}
