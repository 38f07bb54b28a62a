/** Work on a cache apart from runs. */

import { existsSync } from "node:fs";
import { CacheDatabase } from "./cache_database.ts";
import { type CacheLimits, clear, evict, type Evicted, removeUnneeded, sweepFiles } from "./evict.ts";
import { RunRecords } from "./run_records.ts";
import { ValueFiles } from "./value_files.ts";
import { whenFree } from "./waiting_for_lock.ts";

async function maintain<Result>(path: string, work: (database: CacheDatabase) => Result): Promise<Result | null> {
  if (!existsSync(path)) return null;
  using database = await whenFree(path, () => CacheDatabase.open(path));
  if (database.isReadOnly) throw new Error(`Cannot change cache "${path}": it cannot be written`);
  return await whenFree(path, () => work(database));
}

/** Removes what is over the limits, and files that belong to nothing; `null` if there is no cache. */
export async function pruneCache(path: string, limits: CacheLimits): Promise<Evicted | null> {
  return await maintain(path, (database) => {
    const evicted = evict(database, limits);
    sweepFiles(database);
    database.shrink();
    return evicted;
  });
}

/** Removes all values and all history. */
export async function clearCache(path: string): Promise<void> {
  await maintain(path, clear);
}

/** Removes the history of one pipeline. */
export async function clearHistoryIn(path: string, pipeline: string): Promise<void> {
  await maintain(path, (database) => {
    const removed = database.transact(() => {
      new RunRecords(database, pipeline).clear();
      return removeUnneeded(database);
    });
    for (const id of removed) new ValueFiles(path).remove(id);
    database.shrink();
  });
}
