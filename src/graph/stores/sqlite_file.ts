/** SQLite files that several programs and threads may use at a time, without blocking anybody for long. */

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

/** Tries again while somebody else holds the file, for so many milliseconds. Nothing else of this thread runs meanwhile. */
export function patiently<Result>(waitMs: number, work: () => Result): Result {
  const until = performance.now() + waitMs;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
      sleepSync(1 + Math.random() * NAP_MS);
    }
  }
}

/**
 * Opens a file, with a write-ahead log and the tables of `schema`, once `check` has looked at it. Accesses do not wait for
 * other programs.
 */
export function openDatabase(path: string, schema: string, check: (database: DatabaseSync) => void): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    patiently(OPENING_MS, () => {
      check(database);
      const [mode] = database.prepare("PRAGMA journal_mode").all();
      if (mode.journal_mode === "delete") database.exec("PRAGMA journal_mode = WAL");
      database.exec(`PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; ${schema} COMMIT`);
    });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
