import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { CachedNode, type CacheStore, Graph, MemoryStore, RedisStore, SqliteStore } from "@ringmill/ringmill/graph";
import { HAS_REDIS, startRedis } from "./_redis.ts";
import { sleep } from "./_helpers.ts";

const VALUES: unknown[] = [
  undefined,
  null,
  0,
  "text",
  10n,
  [1, { a: [new Date(5)] }],
  new Map([["a", new Set([1])]]),
  Float32Array.of(1, 2),
  new Uint8Array(100_000).fill(7),
];

/** What every store must do. */
async function checkStore(store: CacheStore): Promise<void> {
  equal(await store.get("nothing"), undefined);
  for (const [index, value] of VALUES.entries()) await store.set(`key ${index} é`, value, Infinity);
  for (const [index, value] of VALUES.entries()) deepEqual(await store.get(`key ${index} é`), { value });
  await store.set("key 0 é", "other", Infinity);
  deepEqual(await store.get("key 0 é"), { value: "other" });
  await store.delete("key 0 é");
  equal(await store.get("key 0 é"), undefined);
  await store.set("short", 1, 300);
  deepEqual(await store.get("short"), { value: 1 });
  await sleep(400);
  equal(await store.get("short"), undefined);
  await store.clear();
  equal(await store.get("key 1 é"), undefined);
}

/** A node that has its outputs in a store finds those of an earlier one. */
async function checkShared(first: CacheStore, second: CacheStore): Promise<void> {
  let calls = 0;
  for (const store of [first, second]) {
    const node = new CachedNode("square", (n: number) => ++calls && { square: n * n }, { store });
    const graph = new Graph("stored", { nodes: [node], start: node });
    for (const n of [1, 2, 3, 2]) deepEqual(await graph.execute(n, { output: node }), { square: n * n });
  }
  equal(calls, 3);
}

Deno.test("MemoryStore keeps any value, until it expires", async () => {
  await checkStore(new MemoryStore());
  const store = new MemoryStore();
  await checkShared(store, store);
});

Deno.test("SqliteStore keeps values in a file, for later programs", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  {
    using store = new SqliteStore({ path });
    await checkStore(store);
    using other = new SqliteStore({ path });
    await checkShared(store, other);
  }
  using later = new SqliteStore({ path });
  const node = new CachedNode("square", () => "not called", { store: later });
  deepEqual(await new Graph("stored", { nodes: [node], start: node }).execute(3), { square: { square: 9 } });
  later.close();
  later.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("SqliteStoreOptions.max drops what was not used for longest, and namespaces are apart", async () => {
  using store = new SqliteStore({ path: ":memory:", max: 2 });
  for (const key of ["a", "b"]) store.set(key, key, Infinity);
  store.get("a");
  store.set("c", "c", Infinity);
  const kept = await Promise.all(["a", "b", "c"].map((key) => store.get(key)));
  deepEqual(kept.map((entry) => entry?.value), ["a", undefined, "c"]);
  throws(() => new SqliteStore({ path: ":memory:", max: 0 }), {
    name: "RangeError",
    message: /max must be an integer, 1 or more/,
  });
});

Deno.test("SqliteStoreOptions.namespace keeps stores in one file apart", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  {
    using a = new SqliteStore({ path, namespace: "a" });
    using b = new SqliteStore({ path, namespace: "b" });
    a.set("key", 1, Infinity);
    b.set("key", 2, Infinity);
    b.clear();
    deepEqual([a.get("key"), b.get("key")], [{ value: 1 }, undefined]);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name: `RedisStore keeps values in Redis, for other machines${HAS_REDIS ? "" : " (needs redis-server)"}`,
  ignore: !HAS_REDIS,
  async fn() {
    await using redis = await startRedis();
    const { client } = redis;
    await checkStore(new RedisStore({ client }));
    await checkShared(new RedisStore({ client }), new RedisStore({ client }));
    const a = new RedisStore({ client, prefix: "a[*]:" });
    const b = new RedisStore({ client, prefix: "b:" });
    for (const store of [a, b]) await store.set("key", 1, Infinity);
    await a.clear();
    deepEqual([await a.get("key"), await b.get("key")], [undefined, { value: 1 }]);
  },
});

Deno.test("SqliteStore names the file that it cannot open", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const foreign = join(folder, "foreign.db");
    Deno.writeTextFileSync(foreign, "no database at all, ".repeat(500));
    for (const path of [folder, join(folder, "missing", "a.db"), foreign]) {
      throws(() => new SqliteStore({ path }), (error: Error) => {
        ok(error.message.startsWith(`Cannot open SQLite store "${path}": `), error.message);
        return error.cause instanceof Error;
      });
    }
    const missing = join(folder, "missing");
    throws(() => new SqliteStore({ path: join(missing, "a.db") }), (error: Error) => {
      ok(error.message.endsWith(`: there is no folder "${missing}"`), error.message);
      return true;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
