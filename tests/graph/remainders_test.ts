/** What was asked for beyond the plain ways: parts of graphs, nodes that move, copies, mistakes that are not tried again. */

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { CachedNode, Graph, type GraphEvent, MemoryStore, Node, SubgraphNode } from "@ringmill/ringmill/graph";
import { chain, sleep, until } from "./_helpers.ts";

const add = <const Name extends string>(name: Name) => new Node(name, (n: number) => n + 1);

Deno.test("NodeOptions.inputs: a graph without the inputs that a join expects, or with another one, is refused", () => {
  for (const join of ["all", "arrived"] as const) {
    const start = add("start");
    const one = add("one");
    const two = add("two");
    const sum = new Node("sum", ({ one = 0, two = 0 }: { one?: number; two?: number; start?: number }) => one + two, {
      join,
      inputs: ["one", "two"],
    });
    const graph = new Graph("g", { nodes: [start, one, two, sum], start });
    start.connect(one).connect(sum);
    start.connect(two);
    throws(() => graph.compile(), /node "sum" expects an input from "two", which is not connected to it/);
    two.connect(sum);
    graph.compile();
    start.connect(sum);
    throws(() => graph.compile(), /node "sum" expects no input from "start", which is connected to it/);
  }
  const wrong = new Node("wrong", (_: { a: number }) => 0, { inputs: ["a"] });
  throws(
    () => new Graph("g", { nodes: [wrong], start: wrong }).compile(),
    /"wrong" names its inputs and does not join/,
  );
  // @ts-expect-error The function expects no such input.
  new Node("typed", (_: { a: number }) => 0, { join: "all", inputs: ["b"] });
});

Deno.test("onlyNeeded runs the nodes that an output needs, and no others", async () => {
  const called: string[] = [];
  const note = <const Name extends string>(name: Name) =>
    new Node(name, (n: number) => {
      called.push(name);
      return n + 1;
    });
  const start = note("start");
  const a = note("a");
  const b = note("b");
  const side = note("side");
  const late = note("late");
  const sum = new Node("sum", ({ a, b }: { a: number; b: number }) => a + b, { join: "all" });
  start.connect(a).connect(sum);
  start.connect(b).connect(sum);
  start.connect(side);
  sum.connect(late);
  const graph = new Graph("g", { nodes: [start, a, b, side, late, sum], start });
  equal(await graph.execute(1, { output: sum, onlyNeeded: true }), 6);
  deepEqual(called, ["start", "a", "b"]);
  equal(await graph.execute(1, { output: a, onlyNeeded: true }), 3);
  deepEqual(called.slice(3), ["start", "a"]);
  deepEqual(graph.getPipelineStatus(), { start: "completed", a: "completed" });
  called.length = 0;
  deepEqual(await Array.fromAsync(graph.stream([1, 2], { output: b, onlyNeeded: true })), [3, 4]);
  deepEqual(called.toSorted(), ["b", "b", "start", "start"]);
  equal(await graph.execute(1, { output: sum }), 6);
  ok(called.includes("late") && called.includes("side"));
  a.disconnect(sum);
  equal(await graph.execute(1, { output: sum, onlyNeeded: true }), NaN);
  equal(graph.getPipelineStatus().a, undefined, "what has changed is compiled again");
  await rejects(
    async () => await graph.execute(1, { onlyNeeded: true } as never),
    /onlyNeeded needs the option output/,
  );
});

Deno.test("Graph.removeNode() and Node.disconnect() free a node for another graph, also after close()", async () => {
  const [a, b, c] = ["a", "b", "c"].map(add);
  a.connect(b).connect(c);
  const graph = new Graph("first", { nodes: [a, b, c], start: a });
  await graph.execute(1);
  graph.removeNode(b);
  throws(() => graph.removeNode(b), /Cannot remove node "b" from graph "first": it was not added/);
  throws(() => graph.compile(), /node "c" is not connected to a start node/);
  equal(a.connect(c), c);
  deepEqual(await graph.execute(1), { a: 2, c: 3 });
  equal(a.disconnect(c), true);
  equal(a.disconnect(c), false);
  graph.removeNode(c);
  deepEqual(await graph.execute(1), { a: 2 });
  await graph.close();
  graph.removeNode(a);
  a.connect(b);
  deepEqual(await new Graph("second", { nodes: [a, b], start: a }).execute(1), { a: 2, b: 3 });
  throws(() => graph.removeNode(undefined as never), /Cannot remove node "undefined"/);
});

Deno.test("RetryOptions.when by default tries no mistake of the program again, and network errors", async () => {
  const undef = undefined as unknown as { x: { y(): void } };
  const mistakes: (() => unknown)[] = [
    () => undef.x,
    () => (1 as unknown as () => void)(),
    () => [...(1 as unknown as number[])],
    () => new (1 as unknown as new () => void)(),
    () => (Object.freeze({ a: 1 }) as { a: number }).a = 2,
    () => (globalThis as unknown as { missing: number }).missing ?? eval("notThere"),
    () => AbortSignal.abort().throwIfAborted(),
  ];
  const worth: (() => unknown)[] = [
    () => JSON.parse("{"),
    () => fetch("http://127.0.0.1:1/"),
    () => {
      throw new TypeError("fetch failed");
    },
    () => AbortSignal.abort(new DOMException("slow", "TimeoutError")).throwIfAborted(),
  ];
  const attemptsOf = async (fn: () => unknown) => {
    const node = new Node("n", fn, { retry: { attempts: 2, delayMs: 0 } });
    const error = await new Graph("g", { nodes: [node], start: node }).execute(1).catch((error) => error);
    return error.attempt;
  };
  for (const fn of mistakes) equal(await attemptsOf(fn), 1, String(fn));
  for (const fn of worth) equal(await attemptsOf(fn), 2, String(fn));
  const asked = new Node("n", mistakes[0], { retry: { attempts: 2, delayMs: 0, when: () => true } });
  equal((await new Graph("g", { nodes: [asked], start: asked }).execute(1).catch((error) => error)).attempt, 2);
});

Deno.test("MemoryStoreOptions.copies: what is changed afterwards is not changed in the store", async () => {
  const list = (store: MemoryStore) => {
    const node = new CachedNode("list", (n: number) => ({ items: [n] }), { store });
    return (n: number) => chain(node).execute(n, { output: node }) as Promise<{ items: number[] }>;
  };
  const ask = list(new MemoryStore({ copies: true }));
  (await ask(1)).items.push(99);
  (await new MemoryStore({ copies: true })).clear();
  const store = new MemoryStore({ copies: true });
  const value = { items: [1] };
  store.set("k", value, Infinity);
  value.items.push(2);
  (store.get("k")!.value as typeof value).items.push(3);
  deepEqual(store.get("k"), { value: { items: [1] } });
  for (const lost of [new URL("https://a.example"), () => {}, new (class Own {})()]) {
    throws(() => store.set("l", { lost }, Infinity), /Cannot store a copy of the value of "l": its \["lost"\] is/);
  }
});

Deno.test("GraphStreamOptions.readAhead reads a slow source while items are under way", async () => {
  let read = 0;
  let most = 0;
  let ended = 0;
  async function* source() {
    for (let n = 0; n < 8; n++) {
      most = Math.max(most, ++read - ended);
      yield await Promise.resolve(n);
    }
  }
  const work = new Node("work", async (n: number) => {
    await until(() => read >= Math.min(n + 3, 8));
    await sleep(1);
    ended++;
    return n;
  });
  const graph = new Graph("g", { nodes: [work], start: work });
  const results = await Array.fromAsync(graph.stream(source(), { output: work, concurrency: 1, readAhead: 2 }));
  deepEqual(results, [0, 1, 2, 3, 4, 5, 6, 7]);
  ok(most <= 4, `${most}`);
});

Deno.test("A source that fails ends its stream after the results that are ready and due", async () => {
  let ended = 0;
  async function* source() {
    for (const n of [1, 2, 3]) yield await Promise.resolve(n);
    await until(() => ended === 3);
    throw new Error("the source is broken");
  }
  for (const ordered of [true, false]) {
    ended = 0;
    const work = new Node("work", (n: number) => {
      ended++;
      return n;
    });
    const graph = new Graph("g", { nodes: [work], start: work });
    const got: number[] = [];
    await rejects(async () => {
      for await (const n of graph.stream(source(), { output: work, ordered })) got.push(n);
    }, /the source is broken/);
    deepEqual(got.toSorted(), [1, 2, 3]);
    ended = 0;
    const next = graph.stream(source(), { output: work });
    for (const n of [1, 2, 3]) equal((await next.next()).value, n);
    await rejects(next.next(), /broken/);
    equal((await next.next()).done, true);
  }
});

Deno.test("An item that fails ends its stream after the results that are ready and due", async () => {
  const failed = Promise.withResolvers<void>();
  const work = new Node("work", async (n: number, { signal }) => {
    if (n === 4) {
      await sleep(5);
      failed.resolve();
      throw new Error("four");
    }
    if (n === 5) await sleep(60_000, signal);
    return n;
  });
  const graph = new Graph("g", { nodes: [work], start: work });
  const stream = graph.stream([1, 2, 3, 4, 5, 6], { output: work, concurrency: 6 });
  equal((await stream.next()).value, 1);
  await failed.promise;
  await sleep(1);
  deepEqual([(await stream.next()).value, (await stream.next()).value], [2, 3]);
  await rejects(stream.next(), /four/);
  equal((await stream.next()).done, true);
  const aborted = new AbortController();
  const cut = graph.stream([1, 2, 3], { output: work, signal: aborted.signal });
  await cut.next();
  aborted.abort(new Error("cut"));
  await rejects(cut.next(), /cut/);
});

Deno.test("Events of nodes have their outputs, with the run that they belong to, also those of inner graphs", async () => {
  const ends: unknown[] = [];
  const onEvent = (event: GraphEvent) =>
    event.kind === "end" && ends.push([event.graph, event.run, event.node, event.output]);
  const one = add("one");
  const inner = new Graph("inner", { nodes: [one], start: one });
  const sub = new SubgraphNode("sub", inner, { output: one });
  const graph = new Graph("outer", { nodes: [sub], start: sub, onEvent });
  await graph.execute(1);
  await graph.execute(5);
  deepEqual(ends, [["inner", 1, "one", 2], ["outer", 1, "sub", 2], ["inner", 2, "one", 6], ["outer", 2, "sub", 6]]);
});

Deno.test("new Graph<In>() names the type of its input, and still takes nodes", async () => {
  const one = add("one");
  const graph = new Graph<number>("g", { nodes: [one], start: one });
  const results: Readonly<Record<string, unknown>> = await graph.execute(1);
  deepEqual(results, { one: 2 });
  // @ts-expect-error Its input is a number.
  await graph.execute("1");
  const typed = new Graph("g", { nodes: [add("two")] });
  // @ts-expect-error There is no such node.
  throws(() => typed.getNode("three"), /Cannot find node "three"/);
});
