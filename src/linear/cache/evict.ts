/** Keeps a cache from growing for ever. */

import type { CacheDatabase } from "./cache_database.ts";
import { ValueFiles } from "./value_files.ts";

/** How much is kept. */
export interface CacheLimits {
  /** The bytes of all values. */
  readonly maxBytes: number;
  /** How long a value is kept that no run uses, in milliseconds. */
  readonly maxUnusedMs: number;
}

/** What was removed, and what is left. */
export interface Evicted {
  readonly values: number;
  readonly bytes: number;
  readonly keptBytes: number;
}

/** What may go, the least recently used first: values that outputs had, and those of the history. */
const CANDIDATES = `
  select 'entry' as kind, seq as id, value, used_at as at from entries
  union all
  select 'call' as kind, call_values.rowid as id, value, coalesce(json_extract(record, '$.startedAt'), 0) as at
    from call_values join calls on calls.id = call where value is not null
  order by at`;

const IS_NEEDED = `exists (select 1 from entries where entries.value = stored.id and is_stored = 1)
  or exists (select 1 from call_values where call_values.value = stored.id)`;

/** Removes what is over the limits, the least recently used first. */
export function evict(database: CacheDatabase, { maxBytes, maxUnusedMs }: CacheLimits): Evicted {
  const before = bytesIn(database);
  const oldest = Date.now() - maxUnusedMs;
  const isOld = database.sql("select 1 from entries where used_at < ? limit 1").get(oldest) !== undefined;
  if (before <= maxBytes && !isOld) return { values: 0, bytes: 0, keptBytes: before };
  const removed = database.transact(() => {
    database.sql("delete from entries where used_at < ?").run(oldest);
    if (before > maxBytes) removeUntil(database, maxBytes);
    return removeUnneeded(database);
  });
  for (const id of removed) new ValueFiles(database.path).remove(id);
  database.shrink();
  const keptBytes = bytesIn(database);
  return { values: removed.length, bytes: before - keptBytes, keptBytes };
}

function bytesIn(database: CacheDatabase): number {
  return database.sql("select coalesce(sum(bytes), 0) as bytes from stored").get()!.bytes as number;
}

function removeUntil(database: CacheDatabase, maxBytes: number): void {
  let bytes = database.sql(`select coalesce(sum(bytes), 0) as bytes from stored where ${IS_NEEDED}`).get()!
    .bytes as number;
  for (const { kind, id, value } of database.sql(CANDIDATES).all()) {
    if (bytes <= maxBytes) return;
    const table = kind === "entry" ? "delete from entries where seq = ?" : "delete from call_values where rowid = ?";
    database.sql(table).run(id as number);
    const freed = database.sql(`select bytes from stored where id = ? and not (${IS_NEEDED})`).get(value as string);
    bytes -= (freed?.bytes as number | undefined) ?? 0;
  }
}

/** Removes values that nothing refers to; returns the names of their files. */
export function removeUnneeded(database: CacheDatabase): string[] {
  const rows = database.sql(`delete from stored where not (${IS_NEEDED}) returning id`).all();
  return rows.map(({ id }) => id as string);
}

/** Removes files that belong to no value. */
export function sweepFiles(database: CacheDatabase): void {
  const isNeeded = database.sql("select 1 from stored where id = ?");
  new ValueFiles(database.path).sweep((id) => isNeeded.get(id) !== undefined);
}

/** Removes everything. */
export function clear(database: CacheDatabase): void {
  database.transact(() => {
    for (const table of ["call_values", "calls", "runs", "entries", "stored", "files"]) {
      database.sql(`delete from ${table}`).run();
    }
  });
  new ValueFiles(database.path).clear();
  database.shrink();
}
