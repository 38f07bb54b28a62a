/** An open cache, with all that is in it. */

import { CacheDatabase, type DamagedError, putAside } from "./cache_database.ts";
import type { Entry, NewEntry } from "./entry.ts";
import { type CacheLimits, evict } from "./evict.ts";
import { FileHashes } from "./file_hashes.ts";
import { type NewCall, type RunEnd, RunRecords } from "./run_records.ts";
import { troubleOf } from "./sqlite_trouble.ts";
import { ValueStore } from "./value_store.ts";
import { whenFree } from "./waiting_for_lock.ts";

/** What one call of a node leaves in the cache. */
export interface Made {
  readonly entries: readonly NewEntry[];
  readonly call: NewCall;
}

/** An open cache. */
export class OpenCache implements Disposable {
  readonly #pipeline: string;
  #database: CacheDatabase;
  /** The number of the run that works with it; `null` before it begins. */
  #run: number | null = null;
  #isResumed = false;
  #hasLost = false;
  /** The values. */
  values: ValueStore;
  /** Fingerprints of files. */
  hashes: FileHashes;
  /** The history. */
  records: RunRecords;

  private constructor(database: CacheDatabase, pipeline: string) {
    this.#pipeline = pipeline;
    this.#database = database;
    this.values = new ValueStore(database);
    this.hashes = new FileHashes(database);
    this.records = new RunRecords(database, pipeline);
  }

  /**
   * Opens the cache of a pipeline for a run. Waits while another program has locked it.
   *
   * @throws {Error} If it cannot be opened.
   */
  static async open(path: string, pipeline: string, signal?: AbortSignal): Promise<OpenCache> {
    return new OpenCache(await whenFree(path, () => CacheDatabase.open(path), signal), pipeline);
  }

  /**
   * Opens a cache to look at it. `null` if there is none.
   *
   * @throws {Error} If it cannot be opened.
   */
  static look(path: string, pipeline: string): OpenCache | null {
    const database = CacheDatabase.openExisting(path);
    return database && new OpenCache(database, pipeline);
  }

  /** Whether it can be looked at only. */
  get isReadOnly(): boolean {
    return this.#database.isReadOnly;
  }

  /** Does `work` wholly or not at all, as soon as no other program has locked the file. */
  async write<Result>(work: (database: CacheDatabase) => Result, signal?: AbortSignal): Promise<Result> {
    return await whenFree(this.#database.path, () => this.#database.transact(() => work(this.#database)), signal);
  }

  /** Whether it has all calls of the run, so that later ones can go on from there. */
  get hasAllCalls(): boolean {
    return this.#run !== null && !this.#hasLost;
  }

  /** Notes that a run begins. */
  async begin(isResumed: boolean): Promise<void> {
    this.#isResumed = isResumed;
    this.#run = await this.write(() => this.records.begin(isResumed));
  }

  /** Keeps what a call of the run has made. */
  async save({ entries, call }: Made): Promise<void> {
    const kept = Object.values({ ...call.values?.inputs, ...call.values?.outputs });
    for (const part of [...entries, ...kept]) {
      if ("encoded" in part && part.encoded) this.values.writeFile(part.encoded);
    }
    try {
      await this.write(() => {
        for (const entry of entries) this.values.addEntry(entry);
        this.records.add(this.#run ?? 0, call, (encoded) => this.values.addValue(encoded));
        if (this.hashes.isChanged) this.hashes.save();
      });
    } catch (error) {
      this.#hasLost = true;
      // The log's share of a full disk is given back.
      if (troubleOf(error) === "full") this.#database.shrink();
      throw error;
    }
  }

  /** Notes how the run ended and what it used, and removes what is over the limits. */
  async finish(end: RunEnd, used: Iterable<Entry>, limits: CacheLimits): Promise<void> {
    await this.write(() => {
      this.values.touch(used);
      if (this.#run !== null) this.records.end(this.#run, end);
      if (this.hashes.isChanged) this.hashes.save();
    });
    await whenFree(this.#database.path, () => evict(this.#database, limits));
  }

  /** Puts a damaged file aside and opens a new one, in which the run begins, too. */
  async startAnew(reason: DamagedError, signal?: AbortSignal): Promise<void> {
    const { path } = this.#database;
    this.#database[Symbol.dispose]();
    putAside(path, reason);
    const { values, hashes, records } = await whenFree(path, () => {
      this.#database = CacheDatabase.open(path);
      return new OpenCache(this.#database, this.#pipeline);
    }, signal);
    Object.assign(this, { values, hashes, records });
    if (this.#run !== null) await this.begin(this.#isResumed);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}
