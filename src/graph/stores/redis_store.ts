/** Cached outputs in Redis. */

import { Buffer } from "node:buffer";
import { deserialize, serialize } from "node:v8";
import type { CacheEntry, CacheStore } from "./cache_store.ts";

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
}

/**
 * Keeps outputs in Redis, for programs on several machines. Values are copied by structured cloning. How many entries are
 * kept is the server's setting.
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
export class RedisStore implements CacheStore {
  readonly #client: RedisClient;
  readonly #prefix: string;

  /** A store on a connected client. */
  constructor(options: RedisStoreOptions) {
    this.#client = options.client;
    this.#prefix = options.prefix ?? "ringmill:";
  }

  /** The entry of a key. */
  async get(key: string): Promise<CacheEntry | undefined> {
    const text = await this.#client.get(this.#prefix + key);
    return text === null ? undefined : { value: deserialize(Buffer.from(text, "base64")) };
  }

  /**
   * Keeps a value.
   *
   * @throws {Error} If it cannot be cloned.
   */
  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    const text = serialize(value).toString("base64");
    const expiry = ttlMs === Infinity ? undefined : { PX: Math.max(1, Math.ceil(ttlMs)) };
    await this.#client.set(this.#prefix + key, text, expiry);
  }

  /** Forgets a key. */
  async delete(key: string): Promise<void> {
    await this.#client.del(this.#prefix + key);
  }

  /** Forgets all keys with this store's prefix. */
  async clear(): Promise<void> {
    const pattern = this.#prefix.replace(/[\\*?[\]]/g, "\\$&") + "*";
    for await (const keys of this.#client.scanIterator({ MATCH: pattern })) {
      if (keys.length > 0) await this.#client.del(keys);
    }
  }
}
