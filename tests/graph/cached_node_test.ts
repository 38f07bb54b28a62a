import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import {
  CachedNode,
  type CachedNodeOptions,
  type CacheStore,
  Graph,
  MemoryStore,
  SKIPPED,
} from "@ringmill/ringmill/graph";
import { sleep } from "./_helpers.ts";

/** A graph whose node answers, and counts how often it had to. */
function answering<In>(
  options: CachedNodeOptions<In, unknown, undefined> = {},
  answer: (input: In) => unknown = (x) => x,
) {
  const calls: In[] = [];
  const node = new CachedNode("answer", async (input: In) => {
    calls.push(input);
    await sleep(1);
    return answer(input);
  }, options);
  const graph = new Graph("cached", { nodes: [node], start: node });
  return { node, graph, calls, ask: (input: In) => graph.execute(input, { output: node }) };
}

Deno.test("CachedNode calls its function once for equal inputs", async () => {
  const { node, calls, ask } = answering<unknown>();
  const inputs = [
    "a",
    "1",
    1,
    true,
    null,
    undefined,
    [1, 2],
    { a: { b: [1] } },
    Float64Array.of(1, 2),
    "x".repeat(1000),
  ];
  for (let round = 0; round < 3; round++) {
    for (const input of inputs) deepEqual(await ask(structuredClone(input)), input);
  }
  deepEqual(calls, inputs);
  deepEqual(node.stats, { hits: 2 * inputs.length, misses: inputs.length, shared: 0 });
});

Deno.test("CachedNode keeps null and undefined like other values", async () => {
  for (const value of [null, undefined]) {
    const { calls, ask } = answering<number>({}, () => value);
    equal(await ask(1), value);
    equal(await ask(1), value);
    equal(calls.length, 1);
  }
});

Deno.test("CachedNode has equal inputs wait for the call that runs", async () => {
  const { node, calls, ask } = answering<number>();
  deepEqual(await Promise.all([ask(1), ask(1), ask(2), ask(1)]), [1, 1, 2, 1]);
  deepEqual(calls, [1, 2]);
  deepEqual(node.stats, { hits: 0, misses: 2, shared: 2 });
});

Deno.test("CachedNode does not keep what fails or is skipped", async () => {
  let times = 0;
  const { calls, ask, graph } = answering<number>({}, () => {
    if (++times === 1) throw new Error("no");
    return times === 2 ? SKIPPED : times;
  });
  await rejects(Promise.all([ask(1), ask(1)]), /Error: no/);
  deepEqual(await graph.execute(1), {});
  equal(await ask(1), 3);
  equal(calls.length, 3);
});

Deno.test("CachedNodeOptions.max drops what was not used for longest", async () => {
  const { calls, ask } = answering<number>({ max: 2 });
  for (const n of [1, 2, 1, 3, 1, 2]) await ask(n);
  deepEqual(calls, [1, 2, 3, 2]);
});

Deno.test("CachedNodeOptions.ttlMs lets outputs expire", async () => {
  const { calls, ask } = answering<number>({ ttlMs: 300 });
  await ask(1);
  await ask(1);
  equal(calls.length, 1);
  await sleep(400);
  await ask(1);
  equal(calls.length, 2);
});

Deno.test("CachedNodeOptions.key says which inputs are equal", async () => {
  const { calls, ask } = answering<{ id: number; at: number }>({ key: ({ id }) => `${id}` });
  for (const [id, at] of [[1, 1], [1, 2], [2, 3]]) await ask({ id, at });
  deepEqual(calls.map(({ at }) => at), [1, 3]);
  const wrong = answering<number>({ key: ((n: number) => n) as never });
  await rejects(wrong.ask(1), /cache of node "answer": key\(\) must return a text, received 1/);
  await rejects(answering<unknown>().ask({ callback() {} }), /its \["callback"\] is a function; set the option key/);
});

Deno.test("CachedNode.forget() and .clear() drop what is kept", async () => {
  const { node, calls, ask } = answering<number>();
  for (const n of [1, 2]) await ask(n);
  await node.forget(1);
  for (const n of [1, 2]) await ask(n);
  await node.clear();
  for (const n of [1, 2]) await ask(n);
  deepEqual(calls, [1, 2, 1, 1, 2]);
});

Deno.test("CachedNodeOptions.onStoreError is told of a store that fails, which is done without in any case", async (t) => {
  const broken = () => {
    throw new Error("the store is down");
  };
  const store: CacheStore = {
    get: broken,
    set: () => Promise.reject(new Error("it is down")),
    delete() {},
    clear() {},
  };
  const warnings: unknown[] = [];
  await t.step("by default, the console is told once", async () => {
    const { warn } = console;
    console.warn = (...texts: unknown[]) => void warnings.push(texts);
    try {
      const { ask } = answering<number>({ store });
      deepEqual([await ask(1), await ask(1)], [1, 1]);
    } finally {
      console.warn = warn;
    }
    equal(warnings.length, 1);
  });
  const errors: unknown[] = [];
  const { ask, calls } = answering<number>({ store, onStoreError: (error) => errors.push((error as Error).message) });
  equal(await ask(1), 1);
  equal(await ask(1), 1);
  equal(calls.length, 2);
  deepEqual(errors, ["the store is down", "it is down", "the store is down", "it is down"]);
});

Deno.test("CachedNode goes on with a call as long as one caller waits for it", async () => {
  const signals: AbortSignal[] = [];
  const node = new CachedNode("slow", async (n: number, { signal }) => {
    signals.push(signal);
    await sleep(20, signal);
    return n;
  });
  const graph = new Graph("cached", { nodes: [node], start: node });
  const [a, b] = [graph.start(1), graph.start(1)];
  await sleep(1);
  a.cancel();
  deepEqual(await b.results, { slow: 1 });
  const [c, d] = [graph.start(2), graph.start(2)];
  await sleep(1);
  c.cancel();
  d.cancel();
  await Promise.all([c.settled, d.settled]);
  deepEqual(signals.map(({ aborted }) => aborted), [false, true]);
  deepEqual(await graph.execute(2), { slow: 2 }, "what was cancelled is not kept");
});

Deno.test("CachedNode does not have a new caller wait for a call that is cancelled", async () => {
  let calls = 0;
  const node = new CachedNode("deaf", async (n: number) => {
    calls++;
    await sleep(20);
    return n;
  });
  const graph = new Graph("cached", { nodes: [node], start: node });
  const run = graph.start(1);
  await sleep(1);
  run.cancel();
  await sleep(1);
  deepEqual(await graph.execute(1), { deaf: 1 });
  equal(calls, 2);
  await run.settled;
});

Deno.test("CachedNode refuses options of the wrong kind or range", () => {
  const make = (options: object) => () => answering(options);
  throws(make({ max: 0 }), { name: "RangeError", message: /max must be an integer, 1 or more, received 0/ });
  throws(make({ ttlMs: -1 }), {
    name: "RangeError",
    message: /ttlMs must be a number of milliseconds, 0 or more, received -1/,
  });
  throws(make({ key: 5 }), { name: "TypeError", message: /key must be a function, received 5/ });
  throws(make({ onStoreError: 5 }), { name: "TypeError", message: /onStoreError/ });
  for (const store of [{}, { get() {}, set() {} }, { get: 1, set: 2, delete: 3 }]) {
    throws(make({ store }), { name: "TypeError", message: /store must be a store of values, such as a MemoryStore/ });
  }
  throws(make({ max: 5, store: new MemoryStore() }), {
    name: "TypeError",
    message: /max belongs to the store that is given, received 5/,
  });
  throws(() => new CachedNode("c", 5 as never), TypeError);
});
