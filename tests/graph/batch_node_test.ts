import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { BatchNode, type BatchNodeOptions, FilterNode, Graph, Node, SubgraphNode } from "@ringmill/ringmill/graph";
import { chain, sleep } from "./_helpers.ts";

/** A graph whose node doubles numbers in batches, and notes their sizes. */
function doubling(options: BatchNodeOptions<number, number, undefined>) {
  const sizes: number[] = [];
  const node = new BatchNode("double", async (numbers: number[]) => {
    sizes.push(numbers.length);
    await sleep(1);
    return numbers.map((n) => 2 * n);
  }, options);
  const graph = new Graph("batches", { nodes: [node], start: node });
  const run = (...numbers: number[]) => Promise.all(numbers.map((n) => graph.execute(n, { output: node })));
  return { node, graph, run, sizes };
}

Deno.test("BatchNodeOptions.size: a full batch goes at once, and each caller gets its own output", async () => {
  const { run, sizes } = doubling({ size: 3, maxWaitMs: 60_000 });
  deepEqual(await run(1, 2, 3, 4, 5, 6), [2, 4, 6, 8, 10, 12]);
  deepEqual(sizes, [3, 3]);
});

Deno.test("BatchNodeOptions.maxWaitMs: a batch goes then, however small", async () => {
  const { run, sizes } = doubling({ size: 100, maxWaitMs: 5 });
  deepEqual(await run(1, 2), [2, 4]);
  deepEqual(sizes, [2]);
});

Deno.test("BatchNodeOptions.minSize: a batch that large goes when no more inputs come", async () => {
  const { run, sizes } = doubling({ size: 100, maxWaitMs: 60_000, minSize: 2 });
  deepEqual(await run(1, 2, 3), [2, 4, 6]);
  deepEqual(sizes, [3]);
});

Deno.test("BatchNode.flush() sends what is collected", async () => {
  const { node, run, sizes } = doubling({ maxWaitMs: Infinity });
  const outputs = run(1, 2);
  node.flush();
  node.flush();
  deepEqual(await outputs, [2, 4]);
  deepEqual(sizes, [2]);
});

Deno.test("BatchNode fails every caller of a batch that fails, or has a wrong number of outputs", async () => {
  const bad = new BatchNode("bad", (_: number[]): number[] => {
    throw new Error("no");
  }, { size: 2 });
  const graph = new Graph("batches", { nodes: [bad], start: bad });
  const both = [1, 2].map((n) => rejects(graph.execute(n), /Node "bad".*Error: no/));
  await Promise.all(both);
  const few = new BatchNode("few", (numbers: number[]) => numbers.slice(1), { size: 2 });
  const other = new Graph("batches", { nodes: [few], start: few });
  const message = /Cannot use the batch of node "few": expected 2 outputs, received 1/;
  await Promise.all([1, 2].map((n) => rejects(other.execute(n), message)));
});

Deno.test("BatchNode goes on for the others when one caller is cancelled, and stops when all are", async () => {
  const seen: AbortSignal[] = [];
  const node = new BatchNode("slow", async (numbers: number[], { signal }) => {
    seen.push(signal);
    await sleep(20, signal);
    return numbers;
  }, { size: 2 });
  const graph = new Graph("batches", { nodes: [node], start: node });
  const [a, b] = [graph.start(1), graph.start(2)];
  a.cancel();
  deepEqual(await b.results, { slow: 2 });
  equal(seen[0].aborted, false);
  const [c, d] = [graph.start(1), graph.start(2)];
  await sleep(1);
  c.cancel();
  d.cancel();
  await Promise.all([c.settled, d.settled]);
  equal(seen[1].aborted, true);
});

Deno.test("Graph.close() drops what a BatchNode has collected", async () => {
  const { graph, sizes } = doubling({ maxWaitMs: 60_000 });
  const run = graph.start(1);
  const refused = rejects(run.results, /was closed/);
  await graph.close();
  await refused;
  deepEqual(sizes, []);
});

Deno.test("BatchNode refuses options out of range", () => {
  const make = (options: object) => () => doubling(options);
  throws(make({ size: 0 }), {
    name: "RangeError",
    message: /node "double": size must be an integer, 1 or more, received 0/,
  });
  throws(make({ size: 4, minSize: 5 }), { name: "RangeError", message: /minSize must be 1 to size, 4, received 5/ });
  throws(make({ maxWaitMs: -1 }), { name: "RangeError", message: /maxWaitMs/ });
  throws(make({ maxWaitMs: "5" }), { name: "TypeError", message: /maxWaitMs/ });
  throws(() => new BatchNode("b", 5 as never), TypeError);
});

Deno.test("BatchNode: an input leaves the open batch with its caller, and a batch without inputs is dropped", async () => {
  const batches: unknown[][] = [];
  const embed = new BatchNode("embed", (texts: string[], { signal }) => {
    signal.throwIfAborted();
    batches.push(texts);
    return texts.map((text) => text.toUpperCase());
  }, { size: 4, maxWaitMs: 40 });
  const graph = new Graph("batches", { nodes: [embed], start: embed });
  const leave: Readonly<Record<string, () => Promise<unknown>>> = {
    cancel: async () => {
      const run = graph.start("cancelled");
      run.results.catch(() => {});
      await sleep(1);
      run.cancel();
    },
    timeout: () => graph.execute("late", { timeoutMs: 1 }).catch(() => {}),
    abort: () => graph.execute("aborted", { signal: AbortSignal.timeout(1) }).catch(() => {}),
  };
  for (const [how, go] of Object.entries(leave)) {
    await go();
    deepEqual(await graph.execute("innocent", { output: embed }), "INNOCENT", how);
    const both = Promise.all([go(), graph.execute("kept")]);
    await both;
  }
  deepEqual(batches, Array.from({ length: 6 }, (_, n) => [n % 2 ? "kept" : "innocent"]));
  for (const go of Object.values(leave)) await go();
  await sleep(60);
  equal(batches.length, 6, "a batch of nobody does not go");
  await graph.close();
});

Deno.test("BatchNode: to wait for others does not count for timeoutMs, and nothing is sent twice", async () => {
  const batches: number[][] = [];
  const node = new BatchNode("write", (rows: number[]) => {
    batches.push(rows);
    return rows;
  }, { size: 8, maxWaitMs: 60, timeoutMs: 20, retry: { attempts: 3, delayMs: 0 } });
  const graph = new Graph("batches", { nodes: [node], start: node });
  deepEqual(await Promise.all([1, 2].map((n) => graph.execute(n, { output: node }))), [1, 2]);
  deepEqual(batches, [[1, 2]]);
  const slow = new BatchNode("slow", async (rows: number[]) => {
    await sleep(200);
    return rows;
  }, { maxWaitMs: 0, timeoutMs: 5 });
  await rejects(new Graph("slow", { nodes: [slow], start: slow }).execute(1), /TimeoutError: It took longer than 5 ms/);
});

Deno.test("BatchFunction fails one input by an Error in its place, and a retry isolates one that fails its batch", async () => {
  const one = new BatchNode("one", (n: number[]) => n.map((n) => n === 2 ? new RangeError("two") : n), { size: 3 });
  const graph = new Graph("batches", { nodes: [one], start: one });
  const told = await Promise.allSettled([1, 2, 3].map((n) => graph.execute(n, { output: one })));
  deepEqual(told.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const sizes: number[] = [];
  const poison = new BatchNode("poison", (numbers: number[]) => {
    sizes.push(numbers.length);
    if (numbers.includes(2)) throw new Error("poison");
    return numbers;
  }, { size: 3, retry: { attempts: 2, delayMs: 0 } });
  const other = new Graph("batches", { nodes: [poison], start: poison });
  const ends = await Promise.allSettled([1, 2, 3].map((n) => other.execute(n)));
  deepEqual(ends.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  deepEqual(sizes, [3, 1, 1, 1]);
});

Deno.test("BatchNodeOptions.maxWeight bounds what the inputs of a batch weigh together", async () => {
  const batches: string[][] = [];
  const node = new BatchNode("tokens", (texts: string[]) => {
    batches.push(texts);
    return texts;
  }, { maxWeight: 5, weigh: (text) => text.length });
  const graph = new Graph("batches", { nodes: [node], start: node });
  const texts = ["aaa", "bb", "cc", "dddd", "eeeeeeee", "f"];
  await Promise.all(texts.map((text) => graph.execute(text)));
  deepEqual(batches, [["aaa", "bb"], ["cc"], ["dddd"], ["eeeeeeee"], ["f"]]);
  throws(() => new BatchNode("n", (n: number[]) => n, { maxWeight: 5 }), /maxWeight needs weigh/);
  const wrong = new BatchNode("wrong", (n: number[]) => n, { weigh: () => NaN });
  await rejects(
    new Graph("w", { nodes: [wrong], start: wrong }).execute(1),
    /weigh\(\) must return 0 or more, received NaN/,
  );
});

/** Graphs in which all that is under way waits in batches, in several ways. */
const STALLING: Readonly<Record<string, (batch: () => BatchNode<number, number>) => Graph>> = {
  "one node": (batch) => chain(batch()),
  "after a filter": (batch) => chain(new FilterNode("odd", (n: number) => n % 2 === 1), batch()),
  "after an async node": (batch) => chain(new Node("later", (n: number) => sleep(1).then(() => n)), batch()),
  "one after the other": (batch) => chain(batch(), batch()),
  "side by side": (batch) => {
    const nodes = [batch(), batch()];
    return new Graph("both", { nodes, start: nodes });
  },
  "in an inner graph": (batch) => chain(new SubgraphNode("outer", new Graph("middle", single(chain(batch()))))),
};

function single(graph: Graph) {
  const node = new SubgraphNode("inner", graph);
  return { nodes: [node], start: node };
}

for (const [where, make] of Object.entries(STALLING)) {
  Deno.test(`Graph.stream() sends batches for which nothing more can come: ${where}`, async () => {
    let name = 0;
    const batch = () => new BatchNode(`batch ${++name}`, (n: number[]) => n, { maxWaitMs: Infinity });
    for (const options of [{}, { ordered: false }, { concurrency: 3 }, { concurrency: 3, ordered: false }]) {
      const graph = make(batch);
      const results = [];
      for await (const result of graph.stream([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], options)) results.push(result);
      equal(results.length, 10);
      await graph.close();
    }
  });
}

Deno.test("Graph.stream() fills batches as far as its concurrency goes", async () => {
  const { graph, node, sizes } = doubling({ maxWaitMs: Infinity });
  let sum = 0;
  for await (const n of graph.stream(Array.from({ length: 200 }, (_, n) => n), { output: node })) sum += n;
  equal(sum, 199 * 200);
  deepEqual(sizes, [32, 32, 32, 32, 32, 32, 8]);
});
