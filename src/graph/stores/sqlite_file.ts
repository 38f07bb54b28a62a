/** SQLite files that several programs and threads may use at a time, without blocking anybody for long. */

import { DatabaseSync } from "node:sqlite";
import { pause } from "../../timers.ts";

/** How long opening waits for another program that holds the file, in milliseconds. */
const OPENING_MS = 10_000;
/** How often an access that finds the file locked looks again, in milliseconds. */
const LOOK_MS = 5;

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
      sleepSync(1 + Math.random() * LOOK_MS);
    }
  }
}

/** Opens a file, with a write-ahead log and the tables of `schema`. */
export function openDatabase(path: string, schema: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: OPENING_MS });
  try {
    patiently(() => {
      const [mode] = database.prepare("PRAGMA journal_mode").all();
      if (mode.journal_mode === "delete") database.exec("PRAGMA journal_mode = WAL");
      database.exec(`PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; ${schema} COMMIT`);
    });
    // From now on, the event loop goes on while somebody else holds the file.
    database.exec("PRAGMA busy_timeout = 0");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Does `work`, at once if it can; while somebody else holds the file, later, for as long as `busyTimeoutMs`. */
export function whenFree<Result>(busyTimeoutMs: number, work: () => Result): Result | Promise<Result> {
  const until = performance.now() + busyTimeoutMs;
  const retry = async (): Promise<Result> => {
    await pause(LOOK_MS, new AbortController().signal);
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
      return await retry();
    }
  };
  try {
    return work();
  } catch (error) {
    if (!isBusy(error) || busyTimeoutMs === 0) throw error;
    return retry();
  }
}
