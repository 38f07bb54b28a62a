/** Cached outputs in Redis. */

import { Buffer } from "node:buffer";
import { checkOptions } from "../../rules.ts";
import { REDIS_STORE_RULES } from "../option_rules.ts";
import type { CheckpointStore, ClaimedRun, ClaimOptions } from "./checkpoint_store.ts";
import type { CacheEntry, CacheStore } from "./cache_store.ts";
import { RedisRuns } from "./redis_runs.ts";
import { decodeValue, encodeValue, exactText, lifetimeMs } from "./stored_value.ts";

/** What a {@link RedisStore} uses of a client: that of the npm package `redis` has it. */
export interface RedisClient {
  /** Reads a text. */
  get(key: string): Promise<string | null>;
  /** Writes a text, which expires after `PX` milliseconds. */
  set(key: string, value: string, options?: { PX: number }): Promise<unknown>;
  /** Removes keys. */
  del(keys: string | string[]): Promise<unknown>;
  /** Lists keys, some at a time. */
  scanIterator(options: { MATCH: string }): AsyncIterable<string | string[]>;
  /** Runs a script on the server. Only runs that are kept need it. */
  eval?(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Options of a {@link RedisStore}. */
export interface RedisStoreOptions {
  /** A client that is connected. It stays the caller's: the store does not close it. */
  client: RedisClient;
  /**
   * What the store's keys begin with.
   *
   * @default {"ringmill:"}
   */
  prefix?: string;
  /**
   * For how long a run that is kept belongs to a program that has died, in milliseconds from 100 on. A program that lives renews
   * this lease while the run is under way.
   *
   * @default {15000}
   */
  leaseMs?: number;
}

/**
 * Keeps outputs in Redis, for programs on several machines. Values are copied by structured cloning;
 * what that would change is refused. How many entries are
 * kept is the server's setting. Runs of graphs are kept in it, too (option `checkpoint`): a server that evicts keys loses them.
 *
 * @example
 * ```ts ignore
 * import { createClient } from "redis";
 * import { CachedNode, RedisStore } from "@ringmill/ringmill/graph";
 *
 * const client = await createClient({ url: "redis://localhost:6379" }).connect();
 * const embed = new CachedNode("embed", (text: string) => [text.length], { store: new RedisStore({ client }) });
 * ```
 */
export class RedisStore implements CacheStore, CheckpointStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #runs: RedisRuns;

  /** A store on a connected client. */
  constructor(options: RedisStoreOptions) {
    checkOptions("make a Redis store", options, REDIS_STORE_RULES);
    if (!options.client) throw new TypeError("Cannot make a Redis store: it needs a client");
    this.#client = options.client;
    this.#prefix = exactText(options.prefix ?? "ringmill:");
    const call = (script: string, keys: string[], args: string[]) => this.#callScript(script, keys, args);
    this.#runs = new RedisRuns(call, this.#prefix, options.leaseMs ?? 15_000);
  }

  async #callScript(script: string, keys: string[], args: string[]): Promise<unknown> {
    if (this.#client.eval) return await this.#client.eval(script, { keys, arguments: args });
    throw new TypeError("Cannot keep runs in Redis: the client has no method eval()");
  }

  #keyOf(key: string): string {
    return this.#prefix + exactText(key);
  }

  /** The entry of a key. What is damaged, or was not written by a store, counts as missing. */
  async get(key: string): Promise<CacheEntry | undefined> {
    const text = await this.#client.get(this.#keyOf(key));
    return text === null ? undefined : decodeValue(key, Buffer.from(text, "base64"));
  }

  /**
   * Keeps a value.
   *
   * @throws {TypeError} If it would come back as another one.
   */
  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    const text = encodeValue(key, value).toString("base64");
    const PX = lifetimeMs(ttlMs);
    await this.#client.set(this.#keyOf(key), text, PX === undefined ? undefined : { PX });
  }

  /** Forgets a key. */
  async delete(key: string): Promise<void> {
    await this.#client.del(this.#keyOf(key));
  }

  /** Forgets the keys with this store's prefix, and then with this beginning; without one, all with the prefix. */
  async clear(prefix = ""): Promise<void> {
    const pattern = (this.#prefix + prefix).replace(/[\\*?[\]]/g, "\\$&") + "*";
    for await (const keys of this.#client.scanIterator({ MATCH: pattern })) {
      if (keys.length > 0) await this.#client.del(keys);
    }
  }

  /** Claims a run: see {@link CheckpointStore}. */
  claimRun(graph: string, runId: string, options: ClaimOptions): Promise<ClaimedRun | undefined> {
    return this.#runs.claimRun(graph, runId, options);
  }

  /** What is kept of a run: see {@link CheckpointStore}. */
  readRun(graph: string, runId: string): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    return this.#runs.readRun(graph, runId);
  }

  /** Forgets a run: see {@link CheckpointStore}. */
  deleteRun(graph: string, runId: string): Promise<boolean> {
    return this.#runs.deleteRun(graph, runId);
  }
}
