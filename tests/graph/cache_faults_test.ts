import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import {
  CachedNode,
  type CachedNodeOptions,
  type CacheStore,
  Graph,
  type GraphEvent,
  MemoryStore,
  RedisStore,
  sortedKeys,
  SqliteStore,
  StreamingNode,
} from "@ringmill/ringmill/graph";
import { sleep } from "./_helpers.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

// deno-lint-ignore no-explicit-any
type Any = any;

/** A graph of one cached node, which counts its calls. */
function cached(work: (input: Any) => unknown, options: CachedNodeOptions<Any, unknown, undefined> = {}, name = "n") {
  const state = { calls: 0 };
  const node = new CachedNode(name, (input: Any) => {
    state.calls++;
    return work(input);
  }, options);
  const graph = new Graph(`of ${name}`, { nodes: [node], start: node });
  return { state, node, graph, ask: (input: unknown) => graph.execute(input, { output: node }) };
}

class Meters {
  constructor(public v: number) {}
}
class Feet {
  constructor(public v: number) {}
}

const scaled = (list: object, scale: number) => Object.assign(list, { scale });
const hidden = (list: object, value: number) => Object.defineProperty(list, "scale", { value });

Deno.test("CachedNode never gives one input's output for another one: it has another key, or is refused by name", async () => {
  const pairs: [unknown, unknown, (input: Any) => unknown][] = [
    [0, -0, (x) => 1 / x],
    [[0], [-0], ([x]) => 1 / x],
    [new URL("https://a.example/"), new URL("https://b.example/"), (x) => x.href],
    [{ at: new URL("https://a.example/") }, { at: new URL("https://b.example/") }, (x) => x.at.href],
    [new Headers({ a: "1" }), new Headers({ b: "2" }), (x) => [...x].join()],
    [new Meters(1), new Feet(1), (x) => x.constructor.name],
    [{ [Symbol.for("k")]: 1 }, { [Symbol.for("k")]: 2 }, (x) => x[Symbol.for("k")]],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, (x) => Object.keys(x).join()],
    ["😀".slice(1), "😁".slice(1), (x) => x.charCodeAt(0)],
    [() => 1, () => 2, (x) => x()],
    [1, "1", (x) => typeof x],
    ["null", null, (x) => typeof x],
    [[, 1], [undefined, 1], (x) => 0 in x],
    [Object.assign([, 1], { "": 1 }), Object.assign([, 1], { "": 2 }), (x) => x[""]],
    ...[1000, 1001].flatMap((length): [unknown, unknown, (input: Any) => unknown][] => [
      [scaled(new Float64Array(length), 1), scaled(new Float64Array(length), 2), (x) => x.scale],
      [scaled(new Array(length).fill(0), 1), scaled(new Array(length).fill(0), 2), (x) => x.scale],
      [hidden(new Array(length).fill(0), 1), hidden(new Array(length).fill(0), 2), (x) => x.scale],
    ]),
  ];
  for (const [one, two, work] of pairs) {
    const { ask } = cached(work);
    for (const input of [one, two]) {
      const output = await ask(input).catch((error) => error);
      if (output instanceof Error) {
        match(output.message, /cache of node "n": its input has no key, as .*; set the option key$/);
      } else ok(Object.is(output, work(input)), Deno.inspect(input));
    }
  }
});

Deno.test("CachedNode calls its function once for equal inputs, however they came about", async () => {
  const once = [1.5, 2, 3];
  const part = { x: 1 };
  const long = "x".repeat(300);
  once[0] = 1;
  const pairs: [unknown, unknown][] = [
    [long, ("€" + long).slice(1)],
    [{ q: "short" }, { q: "€short".slice(1) }],
    [[1, 2, 3], once],
    [{ a: part, b: part }, { a: { x: 1 }, b: { x: 1 } }],
  ];
  for (const [one, two] of pairs) {
    const { ask, state } = cached(() => 1);
    await ask(one);
    await ask(two);
    equal(state.calls, 1, Deno.inspect(one));
  }
  const { ask, state } = cached(() => 1, { key: sortedKeys });
  await ask({ a: 1, b: [{ c: 1, d: 2 }] });
  await ask({ b: [{ d: 2, c: 1 }], a: 1 });
  await ask({ b: [{ d: 1, c: 1 }], a: 1 });
  equal(state.calls, 2);
});

Deno.test("CachedNodeOptions.namespace: two nodes share answers only if they are told to", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  const memory = new MemoryStore();
  const stores: (() => CacheStore)[] = [() => memory, () => new SqliteStore({ path })];
  const open: CacheStore[] = [];
  for (const [index, store] of stores.entries()) {
    const make = (name: string, namespace?: string) => {
      const made = store();
      open.push(made);
      return cached(() => name, { store: made, namespace, key: () => "same" }, name);
    };
    const [small, large] = [make("small"), make("large")];
    deepEqual([await small.ask(1), await large.ask(1)], ["small", "large"], `${index}`);
    await small.node.clear();
    await small.ask(1);
    await large.ask(1);
    deepEqual([small.state.calls, large.state.calls], [2, 1]);
    const [a, b] = [make("a", "shared"), make("b", "shared")];
    deepEqual([await a.ask(1), await b.ask(1).catch((error) => error)].slice(0, 1), ["a"]);
  }
  const twins = ["one", "two"].map((text) => {
    const node = new CachedNode("n", text === "one" ? () => "one" : () => "two", { store: memory });
    return new Graph("g", { nodes: [node], start: node });
  });
  await twins[0].execute(1);
  await rejects(
    twins[1].execute(1),
    /Cannot compile node "n": its store keeps answers of another node.*set the option namespace/,
  );
  for (const store of open) await store.close?.();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("CachedNode: bound functions, whose source is the same, share no answers", async () => {
  const model = (name: string) => ({ name });
  function ask(this: { name: string }, text: string) {
    return `${this.name}: ${text}`;
  }
  const pairs: [(input: Any) => unknown, (input: Any) => unknown][] = [
    [ask.bind(model("small")), ask.bind(model("large"))],
    [Math.abs, Math.sqrt],
    [new Proxy((x) => x, {}), new Proxy((x) => -x, {})],
  ];
  for (const [one, two] of pairs) {
    const make = (store: CacheStore, work: (input: Any) => unknown, namespace?: string) => {
      const node = new CachedNode("n", work, { store, namespace });
      const graph = new Graph("g", { nodes: [node], start: node });
      return graph.execute(4, { output: node });
    };
    const store = new MemoryStore();
    equal(await make(store, one), one(4));
    equal(await make(store, one), one(4), "the same function");
    await rejects(
      make(store, two),
      /Cannot compile node "n".*set the option namespace, or give both nodes the same function: bound ones cannot/,
    );
    equal(await make(store, two, "two"), two(4));
    await rejects(make(store, one, "two"), /Cannot compile node "n"/);
  }
  const streaming = (name: string, store: CacheStore) => {
    const speak = function* (this: { name: string }) {
      yield this.name;
    };
    const node = new StreamingNode("n", speak.bind(model(name)), { cache: { store } });
    return new Graph("g", { nodes: [node], start: node }).execute(1, { output: node });
  };
  const store = new MemoryStore();
  deepEqual(await streaming("small", store), ["small"]);
  await rejects(streaming("large", store), /Cannot compile node "n"/);
});

Deno.test("CachedNode begins a new call where one has taken too long, whoever else waits for it", async () => {
  let calls = 0;
  const hang = (_: number, { signal }: { signal: AbortSignal }) => {
    if (++calls > 1) return Promise.resolve("answer");
    return new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const node = new CachedNode("n", hang, { timeoutMs: 40, retry: { attempts: 4, delayMs: 1 } });
  const graph = new Graph("g", { nodes: [node], start: node });
  const first = graph.execute(1, { output: node });
  await sleep(20);
  deepEqual(await Promise.all([first, graph.execute(1, { output: node })]), ["answer", "answer"]);
  equal(calls, 2);
});

Deno.test("SqliteStore and MemoryStore refuse what would come back as another value, and the output is given all the same", async () => {
  const values: (() => unknown)[] = [
    () => new URL("https://a.example/"),
    () => new Response("hi"),
    () => new Meters(7),
    () => ({ deep: [new Map([["key", new Feet(1)]])] }),
    () => () => 1,
    () => (async function* () {})(),
  ];
  for (const make of values) {
    using store = new SqliteStore({ path: ":memory:" });
    const errors: Error[] = [];
    const onStoreError = (error: unknown) => void errors.push(error as Error);
    const { ask, state } = cached(make, { store, onStoreError });
    const kinds = [await ask(1), await ask(1)].map((value) => Object.getPrototypeOf(value));
    equal(kinds[0].constructor, kinds[1].constructor);
    equal(state.calls, 2);
    match(errors[0].message, /^Cannot store the value of "of n\/n:1": it/);
  }
  for (
    const make of [
      () => new Response("hi"),
      () => (async function* () {})(),
      () => [[].values()],
      () => new ReadableStream(),
    ]
  ) {
    const errors: Error[] = [];
    const { ask, state } = cached(make, { onStoreError: (error) => errors.push(error as Error) });
    await ask(1);
    await ask(1);
    equal(state.calls, 2);
    match(errors[0].message, /it (is|holds) an? .*, which can be read once only$/);
  }
});

Deno.test("Damaged entries of a store are misses", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  using store = new SqliteStore({ path });
  using database = new DatabaseSync(path, { timeout: 1000 });
  const damages: string[] = [
    "substr(value, 1, length(value) - 3)",
    "x''",
    "x'00112233'",
    "value || x'00'",
    "substr(value, 1, 24) || x'ff' || substr(value, 26)",
    "'a text'",
    "1.5",
    "(SELECT value FROM ringmill_cache_2 WHERE key = 'other')",
  ];
  for (const damage of damages) {
    store.set("other", { b: 2 }, Infinity);
    store.set("key", { a: [1, 2, 3], text: "some text that is long enough" }, Infinity);
    database.exec(`UPDATE ringmill_cache_2 SET value = ${damage} WHERE key = 'key'`);
    equal(store.get("key"), undefined, damage);
  }
  const texts = new Map<string, string>();
  const client = {
    get: (key: string) => Promise.resolve(texts.get(key) ?? null),
    set: (key: string, text: string) => Promise.resolve(texts.set(key, text)),
    del: () => Promise.resolve(),
    async *scanIterator() {},
  };
  const redis = new RedisStore({ client });
  await redis.set("key", { a: 1 }, Infinity);
  deepEqual(await redis.get("key"), { value: { a: 1 } });
  const [[key, text]] = texts;
  for (const damaged of ["", "no base64 §", text.slice(8), text.slice(0, -8), "AAAA" + text.slice(4)]) {
    texts.set(key, damaged);
    equal(await redis.get("key"), undefined, damaged);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("Stores tell keys apart that UTF-8 cannot", () => {
  using store = new SqliteStore({ path: ":memory:" });
  const keys = ["\ud800", "\ud801", "\ufffd", "a\0b", "a", "\u000100d8", ""];
  for (const key of keys) store.set(key, key, Infinity);
  for (const key of keys) deepEqual(store.get(key), { value: key });
});

/** A store that is away: nothing settles. */
function away(): CacheStore & { isAway: boolean } {
  const memory = new MemoryStore();
  const never = new Promise<never>(() => {});
  const store = {
    isAway: true,
    get: (key: string) => store.isAway ? never : memory.get(key),
    set: (...entry: [string, unknown, number]) => store.isAway ? never : memory.set(...entry),
    delete: (key: string) => store.isAway ? never : memory.delete(key),
    clear: () => store.isAway ? never : memory.clear(),
  };
  return store;
}

Deno.test("CachedNodeOptions.storeTimeoutMs: a store that is away costs a bounded time, never the output", async () => {
  const store = away();
  const errors: unknown[] = [];
  const onStoreError = (error: unknown) => errors.push((error as Error).name);
  const { ask, state, node, graph } = cached((x) => x, { store, storeTimeoutMs: 10, onStoreError });
  deepEqual(await Promise.all([ask(1), ask(2), ask(1)]), [1, 2, 1]);
  await rejects(node.forget(1), { name: "TimeoutError" });
  await rejects(node.clear(), { name: "TimeoutError" });
  store.isAway = false;
  deepEqual([await ask(3), await ask(3)], [3, 3]);
  deepEqual([...new Set(errors)], ["TimeoutError"]);
  equal(state.calls, 3);
  await graph.close();
});

Deno.test("CachedNode: a store that cannot keep an output does not have the function called again", async () => {
  const store: CacheStore = {
    get: () => undefined,
    set: () => Promise.reject(new Error("full")),
    delete() {},
    clear() {},
  };
  const options = { store, retry: { attempts: 3, delayMs: 0 }, onStoreError: () => {} };
  const { ask, state } = cached((x) => x, options);
  equal(await ask(1), 1);
  equal(state.calls, 1);
});

Deno.test("CachedNode.forget() and .clear() during a call: its output is not kept, and whoever asks then gets a new one", async () => {
  for (const make of [() => undefined, () => new SqliteStore({ path: ":memory:" })]) {
    for (const how of ["forget", "clear"] as const) {
      const store = make();
      let version = 1;
      const { ask, node } = cached(async () => {
        const answer = version;
        await sleep(20);
        return answer;
      }, { store });
      const early = ask(1);
      await sleep(5);
      version = 2;
      await (how === "forget" ? node.forget(1) : node.clear());
      deepEqual([await ask(1), await early, await ask(1)], [2, 1, 2], how);
      store?.close();
    }
  }
});

Deno.test("CachedNode.forget() and .clear() reach calls that nobody joins any more", async () => {
  for (const how of ["forget", "clear"] as const) {
    for (const why of ["it was cancelled", "it took too long"]) {
      const isLate = why === "it took too long";
      const old = Promise.withResolvers<string>();
      let calls = 0;
      const deaf = () => ++calls === 1 ? old.promise : Promise.resolve("new");
      const node = new CachedNode("n", deaf, { timeoutMs: isLate ? 40 : 60_000 });
      const graph = new Graph("g", { nodes: [node], start: node });
      const stop = new AbortController();
      const first = graph.start("k", { signal: stop.signal });
      await sleep(1);
      if (!isLate) stop.abort();
      await rejects(first.results, isLate ? /took longer/ : /abort/i);
      // The first call is replaced, as it may hang.
      equal(await graph.execute("k", { output: node }), "new");
      await (how === "forget" ? node.forget("k") : node.clear());
      old.resolve("old");
      await first.settled;
      equal(await graph.execute("k", { output: node }), "new", `${how}: ${why}`);
      equal(calls, 3);
      await graph.close();
    }
  }
});

Deno.test("CachedNode.forget() and .clear() wait for what a call that was replaced is storing", async () => {
  for (const how of ["forget", "clear"] as const) {
    const memory = new MemoryStore();
    const storing = Promise.withResolvers<void>();
    const store: CacheStore = {
      get: (key) => memory.get(key),
      delete: (key) => memory.delete(key),
      clear: () => memory.clear(),
      set: (key, value, ttlMs) => {
        if (value === "new") return memory.set(key, value, ttlMs);
        return storing.promise.then(() => memory.set(key, value, ttlMs));
      },
    };
    const old = Promise.withResolvers<string>();
    let calls = 0;
    const node = new CachedNode("n", () => ++calls === 1 ? old.promise : Promise.resolve("new"), {
      store,
      timeoutMs: 40,
      storeTimeoutMs: 60_000,
    });
    const graph = new Graph("g", { nodes: [node], start: node });
    const first = graph.start("k");
    await rejects(first.results, /took longer/);
    old.resolve("old");
    await first.settled;
    const forgotten = how === "forget" ? node.forget("k") : node.clear();
    storing.resolve();
    await forgotten;
    equal(await graph.execute("k", { output: node }), "new", how);
    await graph.close();
  }
});

Deno.test("Graph events tell hits, misses and shared calls of a CachedNode", async () => {
  const outcomes: string[] = [];
  const node = new CachedNode("n", (x: number) => sleep(1).then(() => x));
  const onEvent = (event: GraphEvent) => event.kind === "cache" && outcomes.push(event.outcome);
  const graph = new Graph("g", { nodes: [node], start: node, onEvent });
  await Promise.all([graph.execute(1), graph.execute(1)]);
  await graph.execute(1);
  deepEqual(outcomes.sort(), ["hit", "miss", "shared"]);
});

Deno.test("SqliteStore: whoever holds the file holds up nobody for long, and entries that have expired are removed", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  using store = new SqliteStore({ path });
  using other = new DatabaseSync(path);
  for (let n = 0; n < 40; n++) store.set(`old ${n}`, n, 1);
  await sleep(5);
  for (let n = 0; n < 5; n++) store.set(`new ${n}`, n, Infinity);
  equal(other.prepare("SELECT count(*) AS n FROM ringmill_cache_2").get()!.n, 5);
  other.exec("BEGIN IMMEDIATE");
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  using hasty = new SqliteStore({ path, busyTimeoutMs: 50 });
  for (const change of [() => hasty.set("x", 1, Infinity), () => hasty.delete("x"), () => hasty.clear()]) {
    await rejects(async () => await change(), /locked/);
  }
  ok(ticks > 10, "the program goes on");
  clearInterval(ticking);
  deepEqual(store.get("new 1"), { value: 1 }, "reading goes on");
  const { ask } = cached((x) => x, { store, onStoreError: () => {} });
  equal(await ask(1), 1);
  const waiting = [1, 2, 3].map((n) => store.set("x", n, Infinity));
  equal(waiting.every((one) => one instanceof Promise), true);
  other.exec("ROLLBACK");
  await Promise.all([...waiting, store.set("y", 1, Infinity)]);
  deepEqual([store.get("x"), store.get("y")], [{ value: 3 }, { value: 1 }], "in order");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("SqliteStore.close() does what waits for another program, so that nothing is lost", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  const store = new SqliteStore({ path, busyTimeoutMs: 10_000 });
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const late = [store.set("a", 1, Infinity), store.set("b", 2, Infinity)];
  other.exec("COMMIT");
  store.close();
  await Promise.all(late);
  using next = new SqliteStore({ path });
  deepEqual([next.get("a"), next.get("b")], [{ value: 1 }, { value: 2 }]);
  other.exec("BEGIN IMMEDIATE");
  const vain = new SqliteStore({ path, busyTimeoutMs: 20 });
  const lost = vain.set("c", 3, Infinity) as Promise<void>;
  lost.catch(() => {});
  vain.close();
  await rejects(lost, /locked/);
  other.exec("COMMIT");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("SqliteStoreOptions.max counts exactly, also of several stores in one file", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  const stores = [1, 2].map(() => new SqliteStore({ path, max: 10 }));
  for (let n = 0; n < 50; n++) stores[n % 2].set(`${n % 30}`, n, Infinity);
  stores[0].delete("19");
  const found = Array.from({ length: 30 }, (_, n) => stores[1].get(`${n}`)).filter(Boolean);
  equal(found.length, 9);
  stores[0].clear();
  stores[0].set("a", 1, Infinity);
  deepEqual(stores[1].get("a"), { value: 1 });
  for (const store of stores) store.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("SqliteStore: many programs open one new file at the same time, and write to it", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "cache.db");
  const module = new URL("../../src/graph/stores/sqlite_store.ts", import.meta.url).href;
  const code = `import { SqliteStore } from ${JSON.stringify(module)};
    using store = new SqliteStore({ path: ${JSON.stringify(path)} });
    for (let n = 0; n < 100; n++) store.set(Deno.pid + " " + n, { n }, Infinity);`;
  const script = join(folder, "open.ts");
  await Deno.writeTextFile(script, code);
  const open = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", CONFIG, script],
      stderr: "piped",
    }).output();
  const ends = await Promise.all(Array.from({ length: 6 }, open));
  deepEqual(ends.map(({ stderr }) => new TextDecoder().decode(stderr)), ends.map(() => ""));
  using database = new DatabaseSync(path);
  equal(database.prepare("SELECT count(*) AS n FROM ringmill_cache_2").get()!.n, 600);
  await Deno.remove(folder, { recursive: true });
});
