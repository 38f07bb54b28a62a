import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { FilterNode, Graph, Node, SubgraphNode } from "@ringmill/ringmill/graph";
import { chain, hanging } from "./_helpers.ts";

function inner() {
  const odd = new FilterNode("odd", (n: number) => n % 2 === 1);
  const triple = new Node("triple", (n: number) => 3 * n);
  odd.connect(triple);
  return { odd, triple, graph: new Graph("inner", { nodes: [odd, triple], start: odd }) };
}

Deno.test("SubgraphNode puts out the results of the inner graph", async () => {
  const { graph } = inner();
  const node = new SubgraphNode("sub", graph);
  const count = new Node("count", (results: { odd?: number; triple?: number }) => Object.keys(results).length);
  node.connect(count);
  const outer = new Graph("outer", { nodes: [node, count], start: node });
  deepEqual(await outer.execute(3), { sub: { odd: 3, triple: 9 }, count: 2 });
  deepEqual(await outer.execute(2), { sub: {}, count: 0 });
  deepEqual(graph.getPipelineStatus(), { odd: "skipped", triple: "skipped" });
});

Deno.test("SubgraphNode with the option output puts out what that node does, or skips what follows", async () => {
  const { graph, triple } = inner();
  const node = new SubgraphNode("sub", graph, { output: triple });
  const next = new Node("next", (n: number) => n + 1);
  node.connect(next);
  const outer = new Graph("outer", { nodes: [node, next], start: node });
  deepEqual(await outer.execute(3), { sub: 9, next: 10 });
  deepEqual(await outer.execute(2), {});
});

Deno.test("A failure in an inner graph names both nodes", async () => {
  const bad = new Node("bad", (): number => {
    throw new Error("no");
  });
  const outer = chain(new SubgraphNode("sub", new Graph("inner", { nodes: [bad], start: bad })));
  const error = await outer.execute(0).catch((error) => error);
  equal(error.message, 'Node "sub" of graph "test" failed: NodeError: Node "bad" of graph "inner" failed: Error: no');
  equal(error.cause.node, "bad");
});

Deno.test("To cancel the outer execution cancels the inner one, and to close the outer graph closes the inner", async () => {
  const { node, counts } = hanging();
  const innerGraph = chain(node);
  const outer = chain(new SubgraphNode("sub", innerGraph));
  const run = outer.start(0);
  run.cancel();
  await run.settled;
  equal(counts.aborted, 1);
  deepEqual(innerGraph.getPipelineStatus(), { hang: "cancelled" });
  await outer.close();
  await rejects(innerGraph.execute(0), /is closed/);
});

Deno.test("Graph.compile() checks inner graphs, and that a graph does not contain itself", () => {
  const outer = chain(new SubgraphNode("sub", new Graph("empty")));
  throws(() => outer.compile(), /Cannot compile graph "empty": it has no nodes/);
  const self = new Graph("self");
  self.setStartNode(self.addNode(new SubgraphNode("sub", self)));
  throws(() => self.compile(), {
    name: "DeclarationError",
    message: 'Cannot compile graph "self": it contains itself',
  });
  throws(() => new SubgraphNode("sub", {} as Graph), { name: "TypeError", message: /expected a graph/ });
});

Deno.test("SubgraphNodeOptions.concurrency bounds the inner graph", async () => {
  let running = 0;
  let most = 0;
  const branch = (name: string) =>
    new Node(name, async (_: number) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    });
  const nodes = ["a", "b", "c"].map(branch);
  const graph = new Graph("inner", { nodes, start: nodes });
  await chain(new SubgraphNode("sub", graph, { concurrency: 1 })).execute(0);
  equal(most, 1);
});
