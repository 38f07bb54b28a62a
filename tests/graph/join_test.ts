import { deepEqual, equal, rejects } from "node:assert/strict";
import { FilterNode, Graph, type GraphNode, Node, SKIPPED } from "@ringmill/ringmill/graph";
import { sleep } from "./_helpers.ts";

/** Two branches that end in one node. The slower one is connected first. */
function diamond(
  last: GraphNode,
  left: (n: number) => unknown = (n) => sleep(10).then(() => n + 1),
  right: (n: number) => unknown = (n) => n * 2,
): Graph {
  const start: GraphNode = new Node("start", (n: number) => n);
  const branches: GraphNode[] = [new Node("left", left), new Node("right", right)];
  const graph = new Graph("diamond");
  for (const node of [start, ...branches, last]) graph.addNode(node);
  for (const branch of branches) start.connect(branch).connect(last);
  graph.setStartNode(start);
  return graph;
}

Deno.test('NodeOptions.join "all" calls the function once, with the inputs by name', async () => {
  let calls = 0;
  const last = new Node("last", ({ left, right }: { left: number; right: number }) => {
    calls++;
    return `${left} ${right}`;
  }, { join: "all" });
  deepEqual(await diamond(last).execute(5), { start: 5, left: 6, right: 10, last: "6 10" });
  equal(calls, 1);
});

Deno.test('NodeOptions.join "all" is skipped when an input is', async () => {
  const last = new Node("last", (all: Record<string, number>) => all, { join: "all" });
  const graph = diamond(last, () => SKIPPED);
  deepEqual(await graph.execute(5), { start: 5, right: 10 });
  deepEqual(graph.getPipelineStatus(), { start: "completed", left: "skipped", right: "completed", last: "skipped" });
});

Deno.test('NodeOptions.join "each" calls the function for every arrival, and lists its outputs in the order of the nodes', async () => {
  const arrivals: number[] = [];
  const last = new Node("last", (n: number) => {
    arrivals.push(n);
    return -n;
  }, { join: "each" });
  const graph = diamond(last);
  deepEqual(await graph.execute(5), { start: 5, left: 6, right: 10, last: [-6, -10] });
  deepEqual(arrivals, [10, 6], "as they arrive");
});

Deno.test('NodeOptions.join "each" leaves out what is skipped, and is skipped if all are', async () => {
  const skip = () => SKIPPED;
  const each = () => new Node("last", (n: number) => n === 6 ? SKIPPED : n, { join: "each" });
  deepEqual((await diamond(each(), skip).execute(5)).last, [10]);
  deepEqual((await diamond(each()).execute(5)).last, [10], "by the function itself");
  deepEqual(await diamond(each(), skip, skip).execute(5), { start: 5 });
  deepEqual(await diamond(each(), (n) => n + 1, skip).execute(5), { start: 5, left: 6 });
});

Deno.test("A node after a join of each gets the list once", async () => {
  const last = new Node("last", (n: number) => n, { join: "each" });
  const sum = new Node("sum", (list: number[]) => list.reduce((a, b) => a + b));
  const graph = diamond(last);
  last.connect(graph.addNode(sum));
  deepEqual((await graph.execute(5)).sum, 16);
});

Deno.test("A start node with a join behaves as with one input", async () => {
  const each = new Node("each", (n: number) => n, { join: "each" });
  const all = new Node("all", ({ a }: { a: number }) => a, { join: "all" });
  deepEqual(await new Graph("g", { nodes: [each], start: each }).execute(1), { each: [1] });
  deepEqual(await new Graph("g", { nodes: [all], start: all }).execute({ a: 2 }), { all: 2 });
});

Deno.test("A join of each that fails fails once, and its other calls change nothing", async () => {
  let calls = 0;
  const last = new Node("last", (n: number) => {
    calls++;
    if (n === 10) throw new Error("ten");
    return n;
  }, { join: "each" });
  const graph = diamond(last);
  const run = graph.start(5, { onError: "continue" });
  deepEqual(await run.results, { start: 5, left: 6, right: 10 });
  equal(run.errors.length, 1);
  equal(run.status.last, "failed");
  equal(calls, 1, "what arrives after the failure is not looked at");
  await rejects(diamond(new Node("last", () => Promise.reject("no"), { join: "each" })).execute(5), /"last".*"no"/);
});

Deno.test("FilterNode passes what its predicate accepts, sync or async; the rest is skipped", async () => {
  for (
    const predicate of [(n: number | null) => n !== 1, async (n: number | null) => await sleep(1).then(() => n !== 1)]
  ) {
    const filter = new FilterNode("filter", predicate);
    const after = new Node("after", (n: number | null) => n);
    filter.connect(after);
    const graph = new Graph("filter", { nodes: [filter, after], start: filter });
    deepEqual(await graph.execute(2), { filter: 2, after: 2 });
    deepEqual(await graph.execute(null), { filter: null, after: null });
    const run = graph.start(1);
    deepEqual(await run.results, {});
    deepEqual(run.status, { filter: "skipped", after: "skipped" });
  }
});

Deno.test("FilterNode sends two branches two ways, which meet again", async () => {
  const start = new Node("start", (n: number) => n);
  const even = new FilterNode("even", (n: number) => n % 2 === 0);
  const odd = new FilterNode("odd", (n: number) => n % 2 === 1);
  const half = new Node("half", (n: number) => n / 2);
  const triple = new Node("triple", (n: number) => 3 * n + 1);
  const next = new Node("next", (n: number) => n, { join: "each" });
  start.connect(even).connect(half).connect(next);
  start.connect(odd).connect(triple).connect(next);
  const graph = new Graph("collatz", { nodes: [start, even, odd, half, triple, next], start });
  deepEqual((await graph.execute(6)).next, [3]);
  deepEqual((await graph.execute(7)).next, [22]);
});
