/** Waits for other programs that have locked a cache file, without blocking the thread. */

import { setTimeout as sleep } from "node:timers/promises";
import { troubleOf } from "./sqlite_trouble.ts";
import { warn } from "../../notices.ts";

/** How long SQLite itself waits, which blocks the thread, in milliseconds. */
export const BLOCKING_MS = 30;
/** How long until a line says what the program is waiting for. */
const SAY_AFTER_MS = 1000;
/** How long until it gives up. */
const MOST_MS = 60_000;

/**
 * Does `work` as soon as no other program has locked the file: at once, if none has.
 *
 * @throws {Error} If the file is locked for a minute.
 * @throws The reason of the signal, if that is aborted meanwhile.
 */
export async function whenFree<Result>(path: string, work: () => Result, signal?: AbortSignal): Promise<Result> {
  const start = performance.now();
  let isSaid = false;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const waited = performance.now() - start;
      if (troubleOf(error) !== "busy") throw error;
      if (waited > MOST_MS) throw new LockedError(`Cannot use cache "${path}": another program keeps it locked`);
      if (!isSaid && waited > SAY_AFTER_MS) {
        warn(`Waiting for cache "${path}", which another program has locked`);
      }
      isSaid ||= waited > SAY_AFTER_MS;
    }
    // Two programs that wait for each other would otherwise try at the same moments.
    await sleep(5 + 15 * Math.random(), undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

/** Another program has had the file locked for a minute. */
class LockedError extends Error {}
