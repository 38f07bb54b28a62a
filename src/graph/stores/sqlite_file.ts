/** SQLite files that several programs and threads may use at a time, without blocking anybody for long. */

import { DatabaseSync } from "node:sqlite";

/** How long opening waits for another program that holds the file, in milliseconds. */
const OPENING_MS = 10_000;
/** How long it sleeps in between, at most. */
const NAP_MS = 5;

const SQLITE_BUSY = 5, SQLITE_LOCKED = 6;

function isBusy(error: unknown): boolean {
  const code = error instanceof Error ? Reflect.get(error, "errcode") : undefined;
  return typeof code === "number" && [SQLITE_BUSY, SQLITE_LOCKED].includes(code & 0xff);
}

/** For the few moments of opening, in which there is no event loop to go back to. */
function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Tries again as long as somebody else holds the file. */
function patiently<Result>(work: () => Result): Result {
  const until = performance.now() + OPENING_MS;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      sleepSync(1 + Math.random() * NAP_MS);
    }
  }
}

/** Opens a file, with a write-ahead log and the tables of `schema`. Accesses wait for other programs for `busyTimeoutMs`. */
export function openDatabase(path: string, schema: string, busyTimeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: OPENING_MS });
  try {
    patiently(() => {
      const [mode] = database.prepare("PRAGMA journal_mode").all();
      if (mode.journal_mode === "delete") database.exec("PRAGMA journal_mode = WAL");
      database.exec(`PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; ${schema} COMMIT`);
    });
    database.exec(`PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
