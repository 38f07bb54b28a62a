import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { BatchNode, type BatchNodeOptions, Graph } from "@ringmill/ringmill/graph";
import { sleep } from "./_helpers.ts";

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
  const run = graph.start(1), refused = rejects(run.results, /was closed/);
  await graph.close();
  await refused;
  deepEqual(sizes, []);
});

Deno.test("BatchNode refuses options out of range", () => {
  const make = (options: object) => () => doubling(options);
  throws(make({ size: 0 }), { name: "RangeError", message: /node "double": size must be 1 or more, received 0/ });
  throws(make({ size: 4, minSize: 5 }), { name: "RangeError", message: /minSize must be 1 to size, 4, received 5/ });
  throws(make({ maxWaitMs: -1 }), { name: "RangeError", message: /maxWaitMs/ });
  throws(make({ maxWaitMs: "5" }), { name: "TypeError", message: /maxWaitMs/ });
  throws(() => new BatchNode("b", 5 as never), TypeError);
});
