/** The cache file: SQLite, one transaction for what one node has made. Several programs may use it at a time. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { decode, type Encoded } from "./value_codec.ts";

/** "RMLC", so that other tools can tell what the file is. */
const APPLICATION_ID = 0x524d4c43;
const VERSION = 1;
/** How long one program waits for another that is writing, in milliseconds. */
const BUSY_MS = 60_000;
/** Large pages and pieces of some megabytes are what SQLite is fastest with. */
const PAGE_BYTES = 65_536;
const PIECE_BYTES = 4 << 20;

const SCHEMA = `
  create table stored (id integer primary key, lengths text not null) strict;
  create table pieces (id integer primary key, stored integer not null references stored on delete cascade,
    bytes blob not null) strict;
  create index pieces_of on pieces (stored);
  create table entries (name text primary key, id text not null, parts text not null, bytes integer not null,
    stored integer references stored) strict;
  create table history (id integer primary key, record text not null, stored integer not null references stored) strict;
`;

/** What the cache knows of a name. */
export interface Entry {
  readonly name: string;
  /** The fingerprint of the value. */
  readonly id: string;
  /** What the value was made from, as the plan writes it. */
  readonly parts: string;
  /** The size of the value on the disk. */
  readonly bytes: number;
  /** Whether the value itself is there. One that cannot be cloned is not. */
  readonly isOnDisk: boolean;
}

/** An entry to write. Without `encoded`, only that there was such a value. */
export interface NewEntry {
  readonly name: string;
  readonly id: string;
  readonly parts: string;
  readonly encoded?: Encoded;
}

/** The value of an entry is not the one that was planned with: another program has replaced it. */
export class ReplacedError extends Error {}

/** The path of a cache file. */
export function pathOf(cachePath: string | URL): string {
  return cachePath instanceof URL ? fileURLToPath(cachePath) : cachePath;
}

/** Says in the error of `open` what could not be opened. */
function opening<Result>(path: string, open: () => Result): Result {
  try {
    return open();
  } catch (cause) {
    throw new Error(`Cannot open cache "${path}": ${(cause as Error).message}`, { cause });
  }
}

/** An open cache file. */
export class Store implements Disposable {
  readonly path: string;
  readonly #database: DatabaseSync;

  private constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
  }

  /** Opens a cache file, and makes it and its folder if need be. */
  static open(cachePath: string | URL): Store {
    const path = pathOf(cachePath);
    return opening(path, () => {
      Deno.mkdirSync(dirname(path), { recursive: true });
      return Store.#prepared(path, (store) => store.transact(() => store.#isEmpty ? store.#create() : store.#check()))!;
    });
  }

  /** Opens a cache file that exists, to look at it. `null` if there is none, or nothing in it yet. */
  static openExisting(cachePath: string | URL): Store | null {
    const path = pathOf(cachePath);
    return opening(path, () => {
      if (!existsSync(path)) return null;
      return Store.#prepared(path, (store) => store.#isEmpty ? false : store.#check());
    });
  }

  /** `prepare` returns whether the file is of use. */
  static #prepared(path: string, prepare: (store: Store) => boolean): Store | null {
    const store = new Store(path, new DatabaseSync(path, { timeout: BUSY_MS }));
    let isReady = false;
    try {
      store.#database.exec(`pragma page_size = ${PAGE_BYTES}; pragma journal_mode = wal; pragma synchronous = normal`);
      isReady = prepare(store);
    } finally {
      if (!isReady) store[Symbol.dispose]();
    }
    return isReady ? store : null;
  }

  /** Whether nobody has made anything in it: a program may just be about to, or was killed before it could. */
  get #isEmpty(): boolean {
    return this.#pragma("schema_version") === 0;
  }

  #create(): true {
    this.#database.exec(SCHEMA);
    this.#database.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = ${VERSION}`);
    return true;
  }

  #check(): true {
    const version = this.#pragma("user_version");
    if (this.#pragma("application_id") !== APPLICATION_ID) throw new Error("it is a database of something else");
    if (version !== VERSION) throw new Error(`it has format ${version}, expected ${VERSION}; delete it to start anew`);
    return true;
  }

  #pragma(name: string): unknown {
    return this.#database.prepare(`pragma ${name}`).get()![name];
  }

  /** Does `work` wholly or not at all. */
  transact<Result>(work: () => Result): Result {
    // At once for writing: two programs that both read first would each wait for the other to let go.
    this.#database.exec("begin immediate");
    try {
      const result = work();
      this.#database.exec("commit");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  /** All entries by name. */
  entries(): Map<string, Entry> {
    const rows = this.#database.prepare("select name, id, parts, bytes, stored from entries order by name").all();
    return new Map(rows.map(({ name, id, parts, bytes, stored }) => {
      return [name as string, { name, id, parts, bytes, isOnDisk: stored !== null } as unknown as Entry];
    }));
  }

  /**
   * The value of an entry.
   *
   * @throws {ReplacedError} If it is no longer there, or another than that with the fingerprint `id`.
   */
  load(name: string, id: string): unknown {
    // One transaction, lest another program replaces the value between its pieces.
    this.#database.exec("begin");
    try {
      const entry = this.#database.prepare("select id, stored from entries where name = ?").get(name);
      if (entry?.id !== id || entry.stored === null) {
        throw new ReplacedError(`Cannot load "${name}" from cache "${this.path}": another program has replaced it`);
      }
      return this.#read(entry.stored);
    } finally {
      this.#database.exec("commit");
    }
  }

  /** Writes what one node has made. */
  save(entries: readonly NewEntry[]): void {
    this.transact(() => {
      for (const { name, id, parts, encoded } of entries) {
        this.#remove(name);
        this.#database.prepare("insert into entries (name, id, parts, bytes, stored) values (?, ?, ?, ?, ?)")
          .run(name, id, parts, encoded?.bytes ?? 0, encoded ? this.#write(encoded) : null);
      }
    });
  }

  #remove(name: string): void {
    const row = this.#database.prepare("delete from entries where name = ? returning stored").get(name);
    if (row) this.#database.prepare("delete from stored where id = ?").run(row.stored);
  }

  #write({ segments }: Encoded): number | bigint {
    const lengths = JSON.stringify(segments.map(({ length }) => length));
    const stored = this.#database.prepare("insert into stored (lengths) values (?)").run(lengths).lastInsertRowid;
    const insert = this.#database.prepare("insert into pieces (stored, bytes) values (?, ?)");
    for (const segment of segments) {
      for (let start = 0; start < segment.length; start += PIECE_BYTES) {
        insert.run(stored, segment.subarray(start, start + PIECE_BYTES));
      }
    }
    return stored;
  }

  #read(stored: unknown): unknown {
    const { lengths } = this.#database.prepare("select lengths from stored where id = ?").get(stored as number)!;
    const segments = (JSON.parse(lengths as string) as number[]).map((length) => new Uint8Array(length));
    const pieces = this.#database.prepare("select bytes from pieces where stored = ? order by id")
      .iterate(stored as number);
    for (const segment of segments) {
      for (let end = 0; end < segment.length;) {
        const piece = pieces.next().value!.bytes as Uint8Array;
        segment.set(piece, end);
        end += piece.length;
      }
    }
    // A statement that has not come to its end would keep the file locked.
    pieces.next();
    return decode(segments);
  }

  /** Appends to the history: a record as JSON, and the values that go with it. */
  addHistory(record: string, values: Encoded): void {
    this.transact(() => {
      this.#database.prepare("insert into history (record, stored) values (?, ?)").run(record, this.#write(values));
    });
  }

  /** The history: records as JSON, and the values that go with them. */
  history(): { record: string; values: unknown }[] {
    this.#database.exec("begin");
    try {
      const rows = this.#database.prepare("select record, stored from history order by id").all();
      return rows.map(({ record, stored }) => ({ record: record as string, values: this.#read(stored) }));
    } finally {
      this.#database.exec("commit");
    }
  }

  /** Forgets the history. */
  clearHistory(): void {
    this.transact(() => {
      const rows = this.#database.prepare("delete from history returning stored").all();
      for (const { stored } of rows) this.#database.prepare("delete from stored where id = ?").run(stored);
    });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}
