/** The values in a cache, by what they were made from. Several programs may use it at a time. */

import { fingerprintOf, joined } from "./bytes.ts";
import type { CacheDatabase } from "./cache_database.ts";
import { type Entry, type NewEntry, UnavailableError } from "./entry.ts";
import { type Codecs, decodeFrom, type Encoded, memorySource } from "./value_codec.ts";
import { LEAST_FILE_BYTES, ValueFiles } from "./value_files.ts";

type Row = Record<string, unknown>;

/** Fingerprint of all that an entry says: a damaged one is as good as none. */
function proofOf({ name, key, value, parts, bytes, isStored, madeAt }: Omit<Entry, "seq">): string {
  return fingerprintOf(JSON.stringify([name, key, value, parts, bytes, isStored, madeAt]));
}

function entryOf(row: Row | undefined): Entry | undefined {
  if (!row) return undefined;
  const { seq, name, key, value, parts, bytes, is_stored, made_at, proof } = row;
  const entry = { seq, name, key, value, parts, bytes, isStored: is_stored === 1, madeAt: made_at } as unknown as Entry;
  return proofOf(entry) === proof ? entry : undefined;
}

/** The values in an open cache. */
export class ValueStore {
  readonly #database: CacheDatabase;
  readonly #files: ValueFiles;
  /** Values that turned out not to be there. Where nothing can be written, their entries stay. */
  readonly #gone = new Set<string>();

  /** Opens the values in `database`. */
  constructor(database: CacheDatabase) {
    this.#database = database;
    this.#files = new ValueFiles(database.path);
  }

  /** The value of an output that was made from what `key` stands for. */
  find(name: string, key: string): Entry | undefined {
    const entry = entryOf(this.#database.sql("select * from entries where name = ? and key = ?").get(name, key));
    return entry && this.#gone.has(entry.value) ? undefined : entry;
  }

  /** The value of an output that was used last. */
  latest(name: string): Entry | undefined {
    const query = "select * from entries where name = ? order by used_at desc, seq desc limit 1";
    return entryOf(this.#database.sql(query).get(name));
  }

  /** The small value of an output that was used last, if it is not the one with the fingerprint `other`. */
  latestSmall(name: string, other: string): { encoded: Encoded; decode: () => unknown } | undefined {
    const latest = this.latest(name);
    if (!latest?.isStored || latest.value === other || latest.bytes >= LEAST_FILE_BYTES) return undefined;
    const id = latest.value;
    const row = this.#database.sql("select bytes, body from stored where id = ?").get(id);
    if (!(row?.body instanceof Uint8Array)) return undefined;
    const encoded = { id, bytes: row.body.length, pieces: [row.body] };
    return { encoded, decode: this.#read(id, row) };
  }

  /** Whether the value with the fingerprint `id` is there. */
  has(id: string): boolean {
    return this.#database.sql("select 1 from stored where id = ?").get(id) !== undefined;
  }

  /** The size of the value with the fingerprint `id`; null if it is not there. */
  sizeOf(id: string): number | null {
    return (this.#database.sql("select bytes from stored where id = ?").get(id)?.bytes as number | undefined) ?? null;
  }

  /** The names of all outputs of which a value is there. */
  names(): Set<string> {
    const rows = this.#database.sql("select distinct name from entries where is_stored = 1").all();
    return new Set(rows.map(({ name }) => name as string));
  }

  /**
   * The value with the fingerprint `id`.
   *
   * @throws {UnavailableError} If it is not there, or not as it was written. It is forgotten then.
   */
  load(id: string, codecs?: Codecs): unknown {
    const row = this.#database.sql("select bytes, body from stored where id = ?").get(id);
    try {
      if (!row) throw new RangeError("it is not in the cache any more");
      return this.#read(id, row, codecs)();
    } catch (error) {
      this.#forget(id);
      throw new UnavailableError((error as Error).message, { cause: error });
    }
  }

  #read(id: string, { bytes, body }: Row, codecs?: Codecs): () => unknown {
    if (body === null) return this.#files.read(id, bytes as number, (source) => decodeFrom(source, codecs));
    const all = body as Uint8Array;
    if (all.length !== bytes) throw new RangeError(`it has ${all.length} bytes, expected ${bytes}`);
    if (fingerprintOf(all) !== id) {
      throw new RangeError("its bytes are not those that were written");
    }
    return decodeFrom(memorySource(all), codecs);
  }

  #forget(id: string): void {
    this.#gone.add(id);
    if (this.#database.isReadOnly) return;
    this.#database.transact(() => {
      this.#database.sql("delete from entries where value = ?").run(id);
      this.#database.sql("update call_values set value = null, shown = 'a value that was damaged' where value = ?").run(
        id,
      );
      this.#database.sql("delete from stored where id = ?").run(id);
    });
    this.#files.remove(id);
  }

  /** Writes the bytes of a value that are not in the database itself. */
  writeFile(encoded: Encoded): void {
    if (encoded.bytes >= LEAST_FILE_BYTES) this.#files.write(encoded);
  }

  /** Adds a value, in a transaction, after {@link writeFile}. */
  addValue({ id, bytes, pieces }: Encoded): void {
    this.#gone.delete(id);
    const body = bytes >= LEAST_FILE_BYTES ? null : pieces.length === 1 ? pieces[0] : joined(pieces);
    this.#database.sql("insert or replace into stored (id, bytes, body) values (?, ?, ?)").run(id, bytes, body);
  }

  /** Adds what an output had, in a transaction. */
  addEntry({ name, key, value, parts, encoded }: NewEntry): void {
    if (encoded) this.addValue(encoded);
    const madeAt = Date.now();
    const bytes = encoded?.bytes ?? 0;
    const isStored = encoded !== undefined;
    const proof = proofOf({ name, key, value, parts, bytes, isStored, madeAt });
    this.#database.sql(
      "insert or replace into entries (name, key, value, parts, bytes, is_stored, made_at, used_at, proof) " +
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(name, key, value, parts, bytes, isStored ? 1 : 0, madeAt, madeAt, proof);
  }

  /** Notes that entries have been used, in a transaction. */
  touch(entries: Iterable<Entry>): void {
    const now = Date.now();
    const update = this.#database.sql("update entries set used_at = ? where seq = ?");
    for (const { seq } of entries) update.run(now, seq);
  }
}
