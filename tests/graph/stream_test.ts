import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { BatchNode, FilterNode, Graph, Node } from "@ringmill/ringmill/graph";
import { from, Subject } from "rxjs";
import { chain, hanging, sleep, until } from "./_helpers.ts";

const range = (length: number) => Array.from({ length }, (_, n) => n);

/** A source that notes how far it was read, and whether it was ended. */
function counted(length: number) {
  const state = { read: 0, ended: false };
  async function* items() {
    try {
      for (let n = 0; n < length; n++) {
        state.read++;
        yield await Promise.resolve(n);
      }
    } finally {
      state.ended = true;
    }
  }
  return { state, source: items() };
}

/** A node that takes as long as it is told. */
const wait = () =>
  new Node("wait", async (ms: number, { signal }) => {
    await sleep(ms, signal);
    return ms;
  });

async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

Deno.test("Graph.stream() takes iterables, async iterables, streams and observables", async () => {
  const double = new Node("double", (n: number) => 2 * n);
  const graph = new Graph("stream", { nodes: [double], start: double });
  const sources = [range(50), new Set(range(50)), counted(50).source, ReadableStream.from(range(50)), from(range(50))];
  for (const source of sources) {
    deepEqual(await collect(graph.stream(source, { output: double })), range(50).map((n) => 2 * n));
  }
  deepEqual(await collect(graph.stream([1])), [{ double: 2 }]);
  deepEqual(await collect(graph.stream([])), []);
});

Deno.test("Graph.stream() takes iterators that hand out thenables of their own", async () => {
  const results = [1, 2].map((value) => ({ value, done: false }));
  const graph = chain(new Node("n", (n: number) => n));
  const thenable = (result: unknown) => ({ then: (resolve: (result: unknown) => void) => resolve(result) });
  const source = { next: () => thenable(results.shift() ?? { value: undefined, done: true }) };
  const items = await collect(graph.stream({ [Symbol.asyncIterator]: () => source } as never));
  deepEqual(items, [{ n: 1 }, { n: 2 }]);
});

Deno.test("Graph.stream() keeps the order of the items by default", async () => {
  const node = wait();
  const graph = new Graph("stream", { nodes: [node], start: node });
  const delays = [20, 1, 10, 1, 5];
  deepEqual(await collect(graph.stream(delays, { output: node })), delays);
});

Deno.test("GraphStreamOptions.ordered: false yields results as they are ready", async () => {
  const node = wait();
  const graph = new Graph("stream", { nodes: [node], start: node });
  deepEqual(await collect(graph.stream([60, 1, 30], { output: node, ordered: false })), [1, 30, 60]);
});

Deno.test("GraphStreamOptions.concurrency bounds the items that are under way", async () => {
  let running = 0;
  let most = 0;
  const node = new Node("n", async (n: number) => {
    most = Math.max(most, ++running);
    await sleep(1);
    running--;
    return n;
  });
  const graph = new Graph("stream", { nodes: [node], start: node });
  for (const ordered of [true, false]) {
    most = 0;
    equal((await collect(graph.stream(range(40), { concurrency: 4, ordered }))).length, 40);
    equal(most, 4);
  }
  most = 0;
  await collect(graph.stream(range(40)));
  equal(most, 32, "by default");
  most = 0;
  await collect(graph.stream(range(40), { concurrency: Infinity }));
  equal(most, 40);
});

Deno.test("GraphStreamOptions.nodeConcurrency bounds the nodes of one item", async () => {
  let running = 0;
  let most = 0;
  const nodes = ["a", "b"].map((name) =>
    new Node(name, async (_: number) => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
    })
  );
  const graph = new Graph("stream", { nodes, start: nodes });
  await collect(graph.stream([1], { nodeConcurrency: 1 }));
  equal(most, 1);
});

Deno.test("Graph.stream() reads its source only as far as results are taken", async () => {
  const { state, source } = counted(1000);
  const graph = chain(new Node("n", (n: number) => n));
  const stream = graph.stream(source, { concurrency: 4 });
  await sleep(5);
  equal(state.read, 0, "not before somebody asks");
  await stream.next();
  await sleep(5);
  equal(state.read, 5);
  await stream.next();
  await sleep(5);
  equal(state.read, 6);
  await stream.return!();
  equal(state.ended, true);
});

Deno.test("To leave the loop ends the source and cancels what runs", async () => {
  const { state, source } = counted(1000);
  const { node, counts } = hanging();
  const first = new FilterNode("first", (n: number) => n > 0);
  const graph = chain(first, node);
  for await (const _ of graph.stream(source, { concurrency: 3 })) {
    await until(() => counts.begun > 0);
    break;
  }
  await until(() => state.ended);
  await until(() => counts.aborted === counts.begun);
});

Deno.test("Graph.stream() with the option output leaves out items for which that node is skipped", async () => {
  const odd = new FilterNode("odd", (n: number) => n % 2 === 1);
  const node = new Node("n", (n: number) => n);
  odd.connect(node);
  const graph = new Graph("stream", { nodes: [odd, node], start: odd });
  deepEqual(await collect(graph.stream(range(6), { output: node })), [1, 3, 5]);
  deepEqual(await collect(graph.stream(range(3))), [{}, { odd: 1, n: 1 }, {}]);
});

/** Fails for one number. */
const failing = () =>
  new Node("n", async (n: number) => {
    await sleep(1);
    if (n === 5) throw new Error("five");
    return n;
  });

Deno.test("A failure ends the stream and its source, and then it is done", async () => {
  const { state, source } = counted(1000);
  const stream = chain(failing()).stream(source, { concurrency: 2 });
  await rejects(collect(stream), /Node "n".*Error: five/);
  deepEqual(await stream.next(), { value: undefined, done: true });
  await until(() => state.ended);
  ok(state.read < 20);
});

Deno.test("GraphStreamOptions.onItemError takes failures, and the stream goes on", async () => {
  const failures: unknown[] = [];
  const node = failing();
  const graph = new Graph("stream", { nodes: [node], start: node });
  const onItemError = (error: unknown, item: number) => failures.push([item, (error as Error).message]);
  deepEqual(await collect(graph.stream(range(8), { output: node, onItemError })), [0, 1, 2, 3, 4, 6, 7]);
  deepEqual(failures, [[5, 'Node "n" of graph "stream" failed: Error: five']]);
  const broken = () => {
    throw new Error("not that one");
  };
  await rejects(collect(graph.stream(range(8), { onItemError: broken })), /not that one/);
});

Deno.test('GraphStreamOptions.onError "continue" yields what has completed of each item', async () => {
  const node = failing();
  const other = new Node("other", (n: number) => n);
  const graph = new Graph("stream", { nodes: [node, other], start: [node, other] });
  deepEqual(await collect(graph.stream([4, 5], { onError: "continue" })), [{ n: 4, other: 4 }, { other: 5 }]);
});

Deno.test("GraphStreamOptions.timeoutMs holds for each item", async () => {
  const node = wait();
  const graph = new Graph("stream", { nodes: [node], start: node });
  const late: number[] = [];
  const onItemError = (_: unknown, ms: number) => late.push(ms);
  deepEqual(await collect(graph.stream([1, 60_000, 2], { output: node, timeoutMs: 200, onItemError })), [1, 2]);
  deepEqual(late, [60_000]);
});

Deno.test("GraphStreamOptions.signal ends the stream with its reason", async () => {
  const { node, counts } = hanging();
  const controller = new AbortController();
  const { state, source } = counted(1000);
  const collected = collect(chain(node).stream(source, { signal: controller.signal }));
  await until(() => counts.begun > 0);
  controller.abort(new Error("enough"));
  await rejects(collected, /^Error: enough$/);
  await until(() => state.ended && counts.aborted === counts.begun);
  await rejects(collect(chain(hanging().node).stream([1], { signal: controller.signal })), /^Error: enough$/);
});

Deno.test("An item that is a promise which rejects ends the stream with its error, and ends its generator", async () => {
  let ended = 0;
  const promised = function* () {
    try {
      yield Promise.resolve(1);
      yield Promise.reject(new Error("never made"));
    } finally {
      ended++;
      // deno-lint-ignore no-unsafe-finally
      throw new Error("of no interest");
    }
  };
  const graph = chain(new Node("same", (n: number) => n));
  await rejects(Array.fromAsync(graph.stream(promised() as Iterable<unknown> as Iterable<number>)), /never made/);
  equal(ended, 1);
});

Deno.test("A source that fails ends the stream with its error", async () => {
  async function* bad() {
    yield await Promise.resolve(1);
    throw new Error("no more data");
  }
  await rejects(collect(chain(new Node("n", (n: number) => n)).stream(bad())), /no more data/);
  const subject = new Subject<number>();
  const { node } = hanging();
  const collected = collect(chain(node).stream(subject));
  subject.next(1);
  subject.error(new Error("broken sensor"));
  await rejects(collected, /broken sensor/);
});

Deno.test("An observable is left when its stream is", async () => {
  const subject = new Subject<number>();
  const node = new Node("n", (n: number) => n);
  const stream = new Graph("stream", { nodes: [node], start: node }).stream(subject, { output: node });
  const first = stream.next();
  subject.next(7);
  deepEqual(await first, { value: 7, done: false });
  equal(subject.observed, true);
  await stream.return!();
  equal(subject.observed, false);
});

Deno.test("Graph.close() ends its streams", async () => {
  const { node, counts } = hanging();
  const graph = chain(node);
  const collected = collect(graph.stream(range(1000)));
  const refused = rejects(collected, /was closed/);
  await until(() => counts.begun > 0);
  await graph.close();
  await refused;
});

Deno.test("Graph.stream() holds memory for what is under way only", async () => {
  const nodes = ["a", "b"].map((name) => new Node(name, (n: number) => n + 1));
  const graph = chain(...nodes);
  function* numbers() {
    for (let n = 0; n < 300_000; n++) yield n;
  }
  let taken = 0;
  let early = 0;
  for await (const { b } of graph.stream(numbers())) {
    equal(b, taken + 2);
    if (++taken === 50_000) early = Deno.memoryUsage().heapUsed;
  }
  // Leaving anything behind for each item would take tens of megabytes.
  ok(Deno.memoryUsage().heapUsed - early < 30 * 2 ** 20);
});

Deno.test("Graph.stream() refuses what is no source, and options out of range", () => {
  const graph = chain(new Node("n", (n: number) => n));
  throws(() => graph.stream(5 as never), {
    name: "TypeError",
    message: /^Cannot stream through graph "test": expected/,
  });
  throws(() => graph.stream([], { concurrency: 0 }), {
    name: "RangeError",
    message: /concurrency must be an integer, 1 or more/,
  });
  throws(() => graph.stream([], { nodeConcurrency: 0 }), RangeError);
  throws(() => graph.stream([], { onItemError: 5 as never }), { name: "TypeError", message: /onItemError/ });
  throws(() => graph.stream([], { signal: 5 as never }), { name: "TypeError", message: /signal/ });
});

Deno.test("An ordered stream ends the wait of a batch also when a later item ends without coming to it", async () => {
  const first = new Node("first", async (n: number) => {
    if (n > 0) await sleep(10 * n);
    return n;
  });
  const isFirst = new FilterNode("isFirst", (n: number) => n === 0);
  const batch = new BatchNode("batch", (numbers: number[]) => numbers.map((n) => n + 1), { size: 9, maxWaitMs: 1e6 });
  const graph = chain(first, isFirst, batch);
  for (const concurrency of [2, 3, 32]) {
    deepEqual(await collect(graph.stream([0, 1, 2, 0], { output: batch, concurrency })), [1, 1]);
  }
  await graph.close();
});

Deno.test("GraphStreamOptions.onItem is told of every item that has begun, however the stream ends", async () => {
  for (const how of ["failure", "signal", "return"]) {
    const ends: string[] = [];
    const stop = new AbortController();
    const node = new Node("node", async (n: number, { signal }) => {
      if (n === 0) return n;
      await sleep(5);
      if (n === 1 && how === "failure") throw new Error("no");
      if (n === 1 && how === "signal") stop.abort(new Error("stopped"));
      signal.throwIfAborted();
      await sleep(60_000, signal);
      return n;
    });
    const graph = chain(node);
    const stream = graph.stream([0, 1, 2, 3], {
      ...{ output: node, concurrency: 4, signal: stop.signal },
      onItem: ({ index, outcome }) => ends.push(`${index} ${outcome}`),
    });
    equal((await stream.next()).value, 0);
    if (how === "return") await stream.return!();
    else await rejects(collect(stream));
    const [, ...rest] = ends.sort();
    equal(ends[0], "0 completed");
    deepEqual(rest.map((end) => end[0]), ["1", "2", "3"]);
    deepEqual(rest.slice(1), ["2 cancelled", "3 cancelled"]);
    await graph.close();
  }
});
