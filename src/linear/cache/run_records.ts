/** The history in a cache: runs, the calls of each, and the values that some of them keep. */

import type { CacheDatabase } from "./cache_database.ts";
import type { Encoded } from "./value_codec.ts";
import { MOST_CALLS } from "./schema.ts";

/** How a run ended. One that leaves nodes out may do a part of what is unfinished. */
export type RunEnd = "succeeded" | "part" | "failed";

/** A value of the history: stored, or as a text that shows it. */
export type KeptValue = { readonly encoded: Encoded } | { readonly id: string } | { readonly shown: string };

/** The values of a call, by name. */
export interface KeptValues {
  readonly inputs: Readonly<Record<string, KeptValue>>;
  readonly outputs: Readonly<Record<string, KeptValue>>;
}

/** A call to remember. */
export interface NewCall {
  readonly node: string;
  /** The fingerprint of what it was made from. */
  readonly key: string;
  /** Its figures. */
  readonly record: object;
  readonly values?: KeptValues | null;
}

/** A call that was remembered. */
export interface StoredCall {
  readonly id: number;
  readonly record: Record<string, unknown>;
}

/** A value of a call that was remembered. */
export interface StoredValue {
  readonly side: "inputs" | "outputs";
  readonly name: string;
  readonly value: string | null;
  readonly shown: string | null;
}

const lastRun = (condition: string) => `(select coalesce(max(id), 0) from runs where pipeline = ?1 and ${condition})`;

/** The first of the runs that have not come to their end together: the last that began anew, or the one behind a success. */
const FIRST_UNFINISHED = `max(${lastRun("is_resumed = 0")}, ${lastRun("state = 'succeeded'")} + 1)`;

/** The record of a call that is kept for what goes on from there, and is no part of the history any more. */
const FORGOTTEN = "";

/** The history in an open cache. */
export class RunRecords {
  readonly #database: CacheDatabase;
  readonly #pipeline: string;

  /** Opens the records of one pipeline. */
  constructor(database: CacheDatabase, pipeline: string) {
    this.#database = database;
    this.#pipeline = pipeline;
  }

  /** Notes that a run begins, anew or with what earlier ones have left; returns its number. */
  begin(isResumed: boolean): number {
    return this.#database
      .sql("insert into runs (pipeline, started_at, state, is_resumed) values (?, ?, 'running', ?)")
      .run(this.#pipeline, Date.now(), isResumed ? 1 : 0).lastInsertRowid as number;
  }

  /** Notes how a run ended, and forgets the oldest calls. */
  end(run: number, state: RunEnd): void {
    this.#database.sql("update runs set state = ? where id = ?").run(state, run);
    this.#database.sql("delete from calls where id <= (select max(id) from calls) - ?").run(MOST_CALLS);
    this.#database.sql("delete from runs where id <= (select max(id) from runs) - ?").run(MOST_CALLS);
  }

  /** Adds a call, in a transaction. */
  add(run: number, { node, key, record, values }: NewCall, addValue: (encoded: Encoded) => void): void {
    const { lastInsertRowid: call } = this.#database
      .sql("insert into calls (run, pipeline, node, key, record) values (?, ?, ?, ?, ?)")
      .run(run, this.#pipeline, node, key, JSON.stringify(record));
    for (const side of ["inputs", "outputs"] as const) {
      for (const [name, kept] of Object.entries(values?.[side] ?? {})) {
        if ("encoded" in kept) addValue(kept.encoded);
        const id = "encoded" in kept ? kept.encoded.id : "id" in kept ? kept.id : null;
        this.#database.sql("insert into call_values (call, side, name, value, shown) values (?, ?, ?, ?, ?)")
          .run(call, side, name, id, "shown" in kept ? kept.shown : null);
      }
    }
  }

  /**
   * What the last run, with those that it has gone on from, has done: nodes with the keys of their calls. `null` if that was all.
   */
  unfinished(): (readonly [node: string, key: string])[] | null {
    const some = this.#database.sql(`select 1 from runs where pipeline = ?1 and id >= ${FIRST_UNFINISHED} limit 1`);
    if (!some.get(this.#pipeline)) return null;
    const rows = this.#database.sql(`select node, key from calls where pipeline = ?1 and run >= ${FIRST_UNFINISHED}`);
    return rows.all(this.#pipeline).map(({ node, key }) => [node as string, key as string]);
  }

  /** All calls, the oldest first. */
  calls(): StoredCall[] {
    const query = "select id, record from calls where pipeline = ? and record <> ? order by id";
    const rows = this.#database.sql(query).all(this.#pipeline, FORGOTTEN);
    return rows.flatMap(({ id, record }) => {
      try {
        return [{ id: id as number, record: JSON.parse(record as string) }];
      } catch {
        // A damaged record is as good as none.
        return [];
      }
    });
  }

  /** The values that a call has kept. */
  valuesOf(call: number): StoredValue[] {
    return this.#database.sql("select side, name, value, shown from call_values where call = ? order by rowid")
      .all(call) as unknown as StoredValue[];
  }

  /** Forgets all calls, in a transaction, but what a run that goes on from a failure must know. */
  clear(): void {
    const calls = "select id from calls where pipeline = ?";
    this.#database.sql(`delete from call_values where call in (${calls})`).run(this.#pipeline);
    this.#database.sql(`delete from calls where pipeline = ?1 and run < ${FIRST_UNFINISHED}`).run(this.#pipeline);
    this.#database.sql("update calls set record = ? where pipeline = ?").run(FORGOTTEN, this.#pipeline);
    // Behind the calls, which are counted by the runs.
    const over = `delete from runs where pipeline = ?1 and state <> 'running' and id < ${FIRST_UNFINISHED}`;
    this.#database.sql(over).run(this.#pipeline);
  }
}
