/** One to many, and many to one. */

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  BatchNode,
  FilterNode,
  FlatMapNode,
  Graph,
  MemoryStore,
  Node,
  RunInterruptedError,
  SubgraphNode,
  WindowNode,
} from "@ringmill/ringmill/graph";
import { describeGraph } from "@ringmill/ringmill/view";
import { chain, sleep, until } from "./_helpers.ts";

const double = () => new Node("double", async (n: number) => (await sleep(n % 3), 2 * n));
const countTo = (n: number) => Array.from({ length: n }, (_, k) => k + 1);

Deno.test("FlatMapNode works on each part, bounded, and puts out the list in order", async () => {
  let running = 0;
  let most = 0;
  const each = new Node("each", async (n: number) => {
    most = Math.max(most, ++running);
    await sleep(n % 3);
    running--;
    return n * n;
  });
  const squares = new FlatMapNode("squares", countTo, { each, concurrency: 3 });
  const sum = new Node("sum", (all: number[]) => all.reduce((a, b) => a + b, 0));
  squares.connect(sum);
  const graph = new Graph("g", { nodes: [squares, sum], start: squares });
  deepEqual(await graph.execute(5), { squares: [1, 4, 9, 16, 25], sum: 55 });
  equal(most, 3);
  deepEqual(await graph.execute(0), { squares: [], sum: 0 });
  ok(describeGraph(graph).nodes.some(({ id }) => id === "node:squares/each"));
  // @ts-expect-error The node takes no texts.
  new FlatMapNode("wrong", (text: string) => [text], { each: double() });
  throws(() => new FlatMapNode("wrong", countTo, {} as never), /each must be a node/);
});

Deno.test("FlatMapNode takes generators, leaves out what is skipped, and refuses what is no iterable", async () => {
  const even = () => new FilterNode("even", (n: number) => n % 2 === 0);
  const sync = new FlatMapNode("sync", function* (n: number) {
    yield* countTo(n);
  }, { each: even() });
  const late = new FlatMapNode("late", async function* (n: number) {
    for (const k of countTo(n)) yield await Promise.resolve(k);
  }, { each: even() });
  deepEqual(await chain(sync).execute(5), { sync: [2, 4] });
  deepEqual(await chain(late).execute(5), { late: [2, 4] });
  const none = new FlatMapNode("none", (n: number): number[] => n as never, { each: even() });
  await rejects(chain(none).execute(5), /Cannot take apart the input of node "none": expected an iterable, received 5/);
});

Deno.test("A part that fails cancels the others and fails the node, unless onPartError takes it", async () => {
  let aborted = 0;
  const each = () =>
    new Node("each", async (n: number, { signal }) => {
      if (n === 2) throw new Error("two");
      await sleep(n === 1 ? 60_000 : 1, signal).catch((error) => {
        aborted++;
        throw error;
      });
      return n;
    });
  const strict = new FlatMapNode("strict", countTo, { each: each() });
  await rejects(chain(strict).execute(3), /Node "strict".*Node "each".*two/);
  equal(aborted >= 1, true);
  const told: unknown[] = [];
  const kind = new FlatMapNode("kind", (n: number) => countTo(n).slice(1), {
    each: each(),
    onPartError: (error, part) => told.push([String((error as Error).cause), part]),
  });
  deepEqual(await chain(kind).execute(4), { kind: [3, 4] });
  deepEqual(told, [["Error: two", 2]]);
});

/** The numbers from 1 on. */
function endless() {
  const seen = { read: 0, ended: 0 };
  const numbers = function* () {
    try {
      for (;;) yield ++seen.read;
    } finally {
      seen.ended++;
    }
  };
  return { seen, numbers };
}

Deno.test("FlatMapNode reads a generator as there is room, and ends it when a part fails or time is up", async () => {
  const { seen, numbers } = endless();
  const each = new Node("each", async (n: number) => {
    await sleep(1);
    ok(seen.read <= n + 4, `${seen.read} read at ${n}`);
    if (n === 20) throw new Error("twenty");
    return n;
  });
  const some = chain(new FlatMapNode("some", numbers, { each, concurrency: 4 }));
  await rejects(some.execute(0), /Node "some".*Node "each".*twenty/);
  deepEqual(seen, { read: seen.read, ended: 1 });
  // Parts that take no time leave timers their turn.
  const { seen: others, numbers: more } = endless();
  const quick = new Node("quick", (n: number) => n);
  const all = chain(new FlatMapNode("all", more, { each: quick, timeoutMs: 20 }));
  await rejects(all.execute(0), /took longer than 20 ms/);
  await all.close();
  equal(others.ended, 1);
});

Deno.test("FlatMapNode waits for no generator that is at work when a part fails; close() does", async () => {
  let isAtWork = false;
  const late = async function* () {
    yield 1;
    isAtWork = true;
    await sleep(100);
    isAtWork = false;
    yield 2;
  };
  const each = new Node("each", async () => {
    await sleep(5);
    throw new Error("one");
  });
  const graph = chain(new FlatMapNode("parts", late, { each }));
  const run = graph.start(0);
  await rejects(run.results, /one/);
  equal(isAtWork, true);
  await graph.close();
  equal(isAtWork, false);
});

Deno.test("A generator that throws fails its FlatMapNode, and what is under way is cancelled", async () => {
  let aborted = 0;
  const broken = function* () {
    yield 1;
    throw new RangeError("no more");
  };
  const each = new Node("each", async (n: number, { signal }) => {
    await sleep(60_000, signal).catch((error) => {
      aborted++;
      throw error;
    });
    return n;
  });
  await rejects(chain(new FlatMapNode("parts", broken, { each })).execute(0), /Node "parts".*RangeError: no more/);
  equal(aborted, 1);
});

Deno.test("A part that is a promise which rejects fails its FlatMapNode, and ends the generator", async () => {
  let ended = 0;
  const promised = function* () {
    try {
      yield Promise.resolve(1);
      yield Promise.reject(new Error("never made"));
    } finally {
      ended++;
    }
  };
  const node = new FlatMapNode("parts", promised as unknown as () => Iterable<number>, { each: double() });
  await rejects(chain(node).execute(0), /Node "parts".*never made/);
  equal(ended, 1);
});

Deno.test("Batches fill from a generator that is slow, and the last one goes at once", async () => {
  const sizes: number[] = [];
  const embed = new BatchNode("embed", (all: number[]) => {
    sizes.push(all.length);
    return all;
  }, { size: 4, maxWaitMs: Infinity });
  const slow = async function* (count: number) {
    for (const n of countTo(count)) {
      await sleep(2);
      yield n;
    }
  };
  const parts = new FlatMapNode("parts", slow, { each: embed, concurrency: 6 });
  deepEqual(await Array.fromAsync(chain(parts).stream([10])), [{ parts: countTo(10) }]);
  deepEqual(sizes, [4, 4, 2]);
});

Deno.test("Batches within FlatMapNodes fill across the items of a stream, and the last one goes at once", async () => {
  const sizes: number[] = [];
  const embed = new BatchNode("embed", (all: number[]) => {
    sizes.push(all.length);
    return all.map((n) => n * 10);
  }, { size: 8, maxWaitMs: Infinity });
  const parts = new FlatMapNode("parts", countTo, { each: embed });
  const graph = new Graph("g", { nodes: [parts], start: parts });
  const outputs = await Array.fromAsync(graph.stream([3, 3, 5], { output: parts }));
  deepEqual(outputs, [[10, 20, 30], [10, 20, 30], [10, 20, 30, 40, 50]]);
  deepEqual(sizes, [8, 3]);
});

Deno.test("In a run that is kept, each part is kept, and may ask", async () => {
  const checkpoint = new MemoryStore();
  const calls: string[] = [];
  let isBroken = true;
  const make = () => {
    const each = new Node("each", (n: number, { interrupt }) => {
      calls.push(`each ${n}`);
      if (n === 3 && isBroken) throw new Error("no");
      return n === 2 ? interrupt<number>("two?") : n;
    });
    const parts = new FlatMapNode("parts", (n: number) => (calls.push("split"), countTo(n)), { each, concurrency: 1 });
    return new Graph("g", { nodes: [parts], start: parts, checkpoint });
  };
  await rejects(make().execute(3, { runId: "r" }), RunInterruptedError);
  await rejects(make().resume("r", 22), /no/);
  isBroken = false;
  deepEqual(await make().execute(3, { runId: "r" }), { parts: [1, 22, 3] });
  deepEqual(calls, ["split", "each 1", "each 2", "each 2", "each 3", "each 3"]);
});

Deno.test("WindowNode puts several items of a stream into one, also the last ones", async () => {
  for (const ordered of [true, false]) {
    for (const concurrency of [2, 3, 32]) {
      const slow = new Node("slow", async (n: number) => (await sleep(n % 4), n));
      const window = new WindowNode<number, "window">("window", { size: 4 });
      const size = new Node("size", (all: number[]) => all.length);
      slow.connect(window).connect(size);
      const graph = new Graph("g", { nodes: [slow, window, size], start: slow });
      const windows = await Array.fromAsync(
        graph.stream(countTo(10), { output: window, ordered, concurrency }),
      ) as number[][];
      deepEqual(windows.map(({ length }) => length).toSorted(), [2, 4, 4]);
      deepEqual(windows.flat().toSorted((a, b) => a - b), countTo(10));
    }
  }
});

Deno.test("WindowNodeOptions.maxWeight and maxWaitMs: a window goes when it is heavy enough, or has waited", async () => {
  const heavy = new WindowNode<string, "heavy">("heavy", { maxWeight: 5, weigh: (text) => text.length });
  const graph = new Graph("g", { nodes: [heavy], start: heavy });
  const texts = ["ab", "c", "defgh", "i", "jklm", "n"];
  deepEqual(await Array.fromAsync(graph.stream(texts, { output: heavy })), [["ab", "c", "defgh"], ["i", "jklm"], [
    "n",
  ]]);
  const timed = new WindowNode<number, "timed">("timed", { size: 10, maxWaitMs: 20 });
  const one = new Graph("g", { nodes: [timed], start: timed });
  deepEqual(await one.execute(1), { timed: [1] });
  throws(() => new WindowNode("wrong", { maxWeight: 1 }), /maxWeight needs weigh/);
  const bad = new WindowNode<number, "bad">("bad", { maxWeight: 1, weigh: () => NaN });
  await rejects(
    new Graph("g", { nodes: [bad], start: bad }).execute(1),
    /weigh\(\) must return 0 or more, received NaN/,
  );
});

Deno.test("An input that is cancelled leaves its window, and close() ends the wait", async () => {
  const window = new WindowNode<number, "window">("window", { size: 3 });
  const graph = new Graph("g", { nodes: [window], start: window });
  const first = graph.start(1);
  await until(() => first.status.window === "running");
  const second = graph.start(2);
  deepEqual(await first.results, {});
  second.cancel();
  await rejects(second.results, /AbortError/);
  const third = graph.start(3);
  await until(() => third.status.window === "running");
  deepEqual(await graph.execute(4), { window: [1, 3, 4] });
  deepEqual(await third.results, {});
  const last = graph.start(5);
  await graph.close();
  await rejects(last.results, /was closed/);
});

Deno.test("An input that is cancelled leaves its window, whichever value it is", async () => {
  const object = { n: 1 };
  for (const [kept, cancelled] of [[5, NaN], [NaN, NaN], [0, -0], [undefined, undefined], [object, object]]) {
    let count = 0;
    const gate = Promise.withResolvers<void>();
    const slow = new Node("slow", async ([input, isSlow]: [unknown, boolean]) => {
      if (isSlow) await gate.promise;
      return input;
    });
    const window = new WindowNode<unknown, "window">("window", { maxWeight: 3, weigh: () => (count++, 1) });
    slow.connect(window);
    const graph = new Graph("g", { nodes: [slow, window], start: slow });
    // The second comes before the first, and is the one that waits.
    const first = graph.start([kept, true]);
    const second = graph.start([cancelled, false]);
    await until(() => count === 1);
    gate.resolve();
    deepEqual(await first.results, { slow: kept });
    second.cancel();
    await second.settled;
    const third = graph.start(["third", false]);
    await until(() => count === 3);
    deepEqual(await graph.execute(["fourth", false], { output: window }), [kept, "third", "fourth"]);
    await third.results;
    await graph.close();
  }
});

/** A graph with a window, and beside it a node that fails for negative items once they wait in the window. */
function windowed(inside = false): { readonly got: number[][]; readonly graph: Graph<number> } {
  const got: number[][] = [];
  const start = new Node("start", (n: number) => n);
  const window = new WindowNode<number, "window">("window", { size: 3, maxWaitMs: 60_000 });
  const bad = new Node("bad", async (n: number) => {
    await sleep(10);
    if (n < 0) throw new Error(`no ${n}`);
  });
  const end = new Node("end", (all: number[]) => got.push(all));
  start.connect(window).connect(end);
  start.connect(bad);
  const graph = new Graph("g", { nodes: [start, window, bad, end], start });
  if (!inside) return { got, graph: graph as unknown as Graph<number> };
  const outer = new SubgraphNode("outer", graph);
  return { got, graph: new Graph("around", { nodes: [outer], start: outer }) as unknown as Graph<number> };
}

Deno.test("Inputs before one that is cancelled go with the next one, and otherwise the stream's end says how many are lost", async () => {
  const read = (graph: Graph<number>, items: number[]) => {
    return Array.fromAsync(graph.stream(items, { onItemError: () => {} }));
  };
  for (const inside of [false, true]) {
    const { got, graph } = windowed(inside);
    await read(graph, [1, 2, -3, 4, 5]);
    deepEqual(got.map((all) => all.filter((n) => n > 0).length).reduce((a, b) => a + b), 4);
    got.length = 0;
    await rejects(read(graph, [1, 2, 3, 4, -5]), {
      name: "LifecycleError",
      message: /^Node "window" has lost 1 input: the input that came last.* was cancelled$/,
    });
    deepEqual(got, [[1, 2, 3]]);
    await rejects(read(graph, [1, 2, 3, 4, 5, 6, 7, -8]), /Node "window" has lost/);
    // What was told once is told, and what was lost is in no later window.
    got.length = 0;
    await read(graph, [10]);
    deepEqual(got, [[10]]);
    await graph.close();
  }
});

Deno.test("Graph.close() says how many inputs of a window are lost, as no other came after one that was cancelled", async () => {
  const window = new WindowNode<number, "window">("window", { size: 3, maxWaitMs: 20 });
  const graph = new Graph("g", { nodes: [window], start: window });
  const cancelled = async (...inputs: number[]) => {
    const runs = inputs.map((n) => graph.start(n));
    await sleep(1);
    runs.at(-1)!.cancel();
    await Promise.all(runs.map(({ settled }) => settled));
  };
  await cancelled(1, 2);
  deepEqual(await graph.execute(3), { window: [1, 3] }, "after maxWaitMs");
  await cancelled(4, 5);
  const six = graph.execute(6);
  deepEqual(await graph.execute(7), { window: [4, 6, 7] }, "as soon as it is full");
  await six;
  await cancelled(8, 9, 10);
  await cancelled(11, 12);
  await rejects(graph.close(), { name: "LifecycleError", message: /^Node "window" has lost 1 input: / });
});

Deno.test("A stream that is broken off or fails leaves nothing in a window", async () => {
  for (const how of ["break", "fail", "abort"]) {
    const { got, graph } = windowed();
    const stop = new AbortController();
    const items = how === "fail" ? [1, 2, 3, 4, -5] : [1, 2, 3, 4];
    const source = async function* () {
      yield* items;
      await sleep(50);
      if (how === "abort") stop.abort(new Error("no"));
      await sleep(50);
    };
    const reading = (async () => {
      for await (const _ of graph.stream(source(), { signal: stop.signal })) if (how === "break") break;
    })();
    await (how === "break" ? reading : rejects(reading, /no/));
    got.length = 0;
    await Array.fromAsync(graph.stream([10]));
    deepEqual(got, [[10]], how);
    await graph.close();
  }
});
