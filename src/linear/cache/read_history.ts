/** Makes the history of what a cache has kept of it. */

import type { HistoryEntry } from "../history.ts";
import { defineOnce } from "../run/run_results.ts";
import { OpenCache } from "./open_cache.ts";
import type { RunRecords, StoredValue } from "./run_records.ts";
import type { Codecs } from "./value_codec.ts";

type CodecsOf = (output: string) => Codecs;

/** The calls of a pipeline, the oldest first. Their values are read from the cache at `path` when they are asked for. */
export function readHistory(records: RunRecords, path: string, pipeline: string, codecsOf: CodecsOf): HistoryEntry[] {
  const read = (value: StoredValue) => readValue(path, pipeline, value, codecsOf);
  return records.calls().map(({ id, record }) => {
    const values = records.valuesOf(id);
    const of = (side: StoredValue["side"]) => lazily(values.filter((value) => value.side === side), read);
    const startedAt = new Date(record.startedAt as number);
    return { ...record, startedAt, inputs: of("inputs"), outputs: of("outputs") } as unknown as HistoryEntry;
  });
}

function lazily(values: readonly StoredValue[], read: (value: StoredValue) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const value of values) defineOnce(result, value.name, true, () => read(value));
  return result;
}

function readValue(path: string, pipeline: string, { name, value, shown }: StoredValue, codecsOf: CodecsOf): unknown {
  if (value === null) return shown;
  using cache = OpenCache.look(path, pipeline);
  if (!cache) throw new Error(`Cannot read "${name}" of the history of pipeline "${pipeline}": its cache is gone`);
  return cache.values.load(value, codecsOf(name));
}
