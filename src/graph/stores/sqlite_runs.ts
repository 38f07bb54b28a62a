/** Runs that are kept in an SQLite file. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { whyNewer } from "../../format_version.ts";
import type { CheckpointStore, ClaimedRun, ClaimOptions } from "./checkpoint_store.ts";
import { RunBusyError } from "../run_errors.ts";
import { FileOwners } from "./file_owner.ts";
import type { FileQueue } from "./file_queue.ts";
import { RunClaims } from "./run_claims.ts";
import { inTransaction, makeTables, type Schema, versionsOf } from "./sqlite_file.ts";
import { exactText, lifetimeMs } from "./stored_value.ts";

/** Runs that have expired are removed this many at a time, whenever one is claimed. */
const MOST_EXPIRED = 16;

/** The version of the tables, which is part of their names. */
const VERSION = 1;
const TABLE = `ringmill_runs_${VERSION}`;
const TABLES = /^ringmill_runs_(\d+)$/;

const SCHEMA: Schema = {
  last: `${TABLE}_removed`,
  text: `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    id INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    graph TEXT NOT NULL,
    run TEXT NOT NULL,
    owner TEXT,
    used REAL NOT NULL,
    expires REAL,
    UNIQUE (namespace, graph, run)
  );
  CREATE INDEX IF NOT EXISTS ${TABLE}_expires ON ${TABLE} (expires) WHERE expires IS NOT NULL AND owner IS NULL;
  CREATE INDEX IF NOT EXISTS ${TABLE}_owner ON ${TABLE} (owner) WHERE owner IS NOT NULL;
  CREATE TABLE IF NOT EXISTS ${TABLE}_steps (
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (run, step)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ${TABLE}_owners (owner TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS ${TABLE}_removed AFTER DELETE ON ${TABLE} BEGIN
    DELETE FROM ${TABLE}_steps WHERE run = old.id;
  END;
`,
};

const STATEMENTS = {
  find: `SELECT id, owner, used FROM ${TABLE} WHERE namespace = ? AND graph = ? AND run = ?`,
  live: `SELECT id FROM ${TABLE} WHERE namespace = ? AND graph = ? AND run = ?
    AND (expires IS NULL OR expires > ? OR owner IS NOT NULL)`,
  begin: `INSERT INTO ${TABLE} (namespace, graph, run, owner, used, expires) VALUES (?, ?, ?, ?, ?, ?)`,
  claim: `UPDATE ${TABLE} SET owner = ?, used = ?, expires = ? WHERE id = ?`,
  release: `UPDATE ${TABLE} SET owner = NULL, used = ?, expires = ? WHERE id = ?`,
  delete: `DELETE FROM ${TABLE} WHERE id = ?`,
  expire: `DELETE FROM ${TABLE} WHERE id IN
    (SELECT id FROM ${TABLE} WHERE expires <= ? AND owner IS NULL LIMIT ${MOST_EXPIRED})`,
  steps: `SELECT step, bytes FROM ${TABLE}_steps WHERE run = ?`,
  save: `INSERT INTO ${TABLE}_steps VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes`,
  forget: `DELETE FROM ${TABLE}_steps WHERE run = ?1 AND substr(step, 1, length(?2)) = ?2`,
  owners: `SELECT owner FROM ${TABLE}_owners`,
  addOwner: `INSERT INTO ${TABLE}_owners VALUES (?)`,
  removeOwner: `DELETE FROM ${TABLE}_owners WHERE owner = ?`,
  disown: `UPDATE ${TABLE} SET owner = NULL WHERE owner = ?`,
};

/** Where runs lie. */
export interface SqliteRunsOptions {
  readonly path: string;
  readonly namespace: string;
  readonly queue: FileQueue;
}

/** Runs in a file. A run belongs to the program that works on it, until it lets go of it or ends. */
export class SqliteRuns implements CheckpointStore {
  readonly #database: DatabaseSync;
  readonly #options: SqliteRunsOptions;
  readonly #queue: FileQueue;
  readonly #owners: FileOwners | undefined;
  readonly #claims = new RunClaims();
  #made: Readonly<Record<keyof typeof STATEMENTS, StatementSync>> | undefined;
  #self: string | undefined;

  /** Makes its tables when the first run is claimed. */
  constructor(database: DatabaseSync, options: SqliteRunsOptions) {
    this.#database = database;
    this.#options = options;
    this.#queue = options.queue;
    // No other program can use what is in memory.
    if (options.path !== ":memory:" && options.path !== "") this.#owners = new FileOwners(options.path);
  }

  get #statements(): Readonly<Record<keyof typeof STATEMENTS, StatementSync>> {
    if (this.#made) return this.#made;
    const why = whyNewer(Math.max(VERSION, ...versionsOf(this.#database, TABLES)), VERSION);
    if (why !== null) throw new Error(`Cannot use the runs in SQLite store ${this.#options.path}: ${why}`);
    makeTables(this.#database, SCHEMA);
    const made = Object.entries(STATEMENTS).map(([name, text]) => [name, this.#database.prepare(text)]);
    return this.#made = Object.fromEntries(made);
  }

  #change<Result>(work: () => Result): Result | Promise<Result> {
    return this.#queue.do(() => {
      void this.#statements;
      return inTransaction(this.#database, work);
    });
  }

  claimRun(
    graph: string,
    runId: string,
    options: ClaimOptions,
  ): ClaimedRun | undefined | Promise<ClaimedRun | undefined> {
    return this.#queue.do(() => {
      void this.#statements;
      const id = inTransaction(this.#database, () => this.#claimRun(graph, runId, options));
      return id === undefined ? undefined : this.#claimed(id, graph, runId, options.maxAgeMs);
    });
  }

  /** The number of a run that belongs to this program then. */
  #claimRun(graph: string, runId: string, { header, maxAgeMs }: ClaimOptions): number | undefined {
    const self = this.#self ??= this.#join();
    const now = Date.now();
    this.#statements.expire.run(now);
    const found = this.#find(graph, runId, now - maxAgeMs);
    const expires = expiryOf(now, maxAgeMs);
    if (found !== undefined) this.#statements.claim.run(self, now, expires, found);
    if (found !== undefined || !header) return found;
    const id = Number(this.#statements.begin.run(...this.#nameOf(graph, runId), self, now, expires).lastInsertRowid);
    this.#statements.save.run(id, "", header);
    return id;
  }

  #nameOf(graph: string, runId: string): [string, string, string] {
    return [this.#options.namespace, exactText(graph), exactText(runId)];
  }

  /** The number of a run that nobody works on. One that was used last before `oldest` is removed. */
  #find(graph: string, runId: string, oldest: number): number | undefined {
    this.#claims.check(graph, runId);
    const found = this.#statements.find.get(...this.#nameOf(graph, runId));
    if (!found) return undefined;
    const owner = found.owner as string | null;
    const id = Number(found.id);
    if (owner !== null && owner !== this.#self && this.#owners?.isAlive(owner)) {
      throw new RunBusyError(graph, runId, `in process ${owner.split("-")[0]}`);
    }
    if (Number(found.used) >= oldest) return id;
    this.#statements.delete.run(id);
  }

  /** Makes this program known to others. What dead ones have left is tidied up. */
  #join(): string {
    if (!this.#owners) return "memory";
    for (const { owner } of this.#statements.owners.all() as { owner: string }[]) {
      if (this.#owners.isAlive(owner)) continue;
      this.#statements.disown.run(owner);
      this.#statements.removeOwner.run(owner);
    }
    const self = this.#owners.claim();
    this.#statements.addOwner.run(self);
    return self;
  }

  #claimed(id: number, graph: string, runId: string, maxAgeMs: number): ClaimedRun {
    const claim = this.#claims.take(graph, runId);
    const { save, forget } = this.#statements;
    return {
      steps: this.#stepsOf(id),
      save: (step, bytes) => {
        claim.check();
        return this.#queue.do(() => void save.run(id, step, bytes));
      },
      forget: (prefixes) => {
        claim.check();
        return this.#change(() => prefixes.forEach((prefix) => forget.run(id, prefix)));
      },
      release: () => {
        if (claim.end()) return this.#release(id, maxAgeMs);
      },
    };
  }

  #release(id: number, maxAgeMs: number): void | Promise<void> {
    const now = Date.now();
    return this.#queue.do(() => void this.#statements.release.run(now, expiryOf(now, maxAgeMs), id));
  }

  #stepsOf(id: number): Map<string, Uint8Array> {
    const rows = this.#statements.steps.all(id) as { step: string; bytes: Uint8Array }[];
    return new Map(rows.map(({ step, bytes }) => [step, bytes]));
  }

  readRun(
    graph: string,
    runId: string,
  ): ReadonlyMap<string, Uint8Array> | undefined | Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    return this.#queue.read(() => {
      const found = this.#statements.live.get(...this.#nameOf(graph, runId), Date.now());
      return found && this.#stepsOf(Number(found.id));
    });
  }

  deleteRun(graph: string, runId: string): boolean | Promise<boolean> {
    return this.#change(() => {
      const id = this.#find(graph, runId, -Infinity);
      return id !== undefined && Number(this.#statements.delete.run(id).changes) > 0;
    });
  }

  /** This program works on no run any more. */
  close(): void {
    const self = this.#self;
    if (!self || !this.#owners) return;
    try {
      inTransaction(this.#database, () => {
        this.#statements.disown.run(self);
        this.#statements.removeOwner.run(self);
      });
    } catch {
      // The next program that opens the file tidies up.
    }
    this.#owners.release();
  }
}

/** When a run expires, or `null` for never. */
function expiryOf(now: number, maxAgeMs: number): number | null {
  const lifetime = lifetimeMs(maxAgeMs);
  return lifetime === undefined ? null : now + lifetime;
}
