import { deepEqual, equal, match, ok } from "node:assert/strict";
import { CachedNode, FilterNode, Graph, Node, SubgraphNode } from "@ringmill/ringmill/graph";
import {
  describeGraph,
  describeGraphFigures,
  describePipeline,
  drawMermaid,
  drawSvg,
  drawText,
} from "@ringmill/ringmill/view";

function textGraph() {
  const clean = new Node("clean", (text: string) => text.trim(), { description: "Without spaces" });
  const count = new CachedNode("count", (text: string) => text.length);
  const isLong = new FilterNode("isLong", (text: string) => text.length > 5);
  const report = new Node("report", ({ count }: { count: number; isLong: string }) => `${count}`, { join: "all" });
  clean.connect(count).connect(report);
  clean.connect(isLong).connect(report);
  return new Graph("text", { nodes: [clean, count, isLong, report], start: clean });
}

function nestedGraph() {
  const inner = new Node("clean", (text: string) => text.trim());
  const tokenize = new Node("tokenize", (text: string) => text.split(" "));
  inner.connect(tokenize);
  const prepare = new Graph("prepare", { nodes: [inner, tokenize], start: inner });
  const clean = new SubgraphNode("clean", prepare, { output: tokenize });
  const deep = new SubgraphNode("deep", new Graph("outer", { nodes: [clean], start: clean }));
  return new Graph("nested", { nodes: [deep], start: deep });
}

Deno.test("describeGraph() has the nodes with their kinds, the connections, and where the input goes", () => {
  deepEqual(describeGraph(textGraph()), {
    title: "text",
    nodes: [
      { id: "program:in", kind: "program", title: "the program" },
      {
        ...{ id: "node:clean", kind: "task", title: "clean", details: [], description: "Without spaces" },
        group: undefined,
      },
      ...[
        { id: "node:count", kind: "task", title: "count", details: ["CachedNode"] },
        { id: "node:isLong", kind: "task", title: "isLong", details: ["FilterNode"] },
        { id: "node:report", kind: "task", title: "report", details: ["waits for all"] },
      ].map((node) => ({ ...node, description: undefined, group: undefined })),
    ],
    edges: [
      { from: "program:in", to: "node:clean" },
      { from: "node:clean", to: "node:count" },
      { from: "node:clean", to: "node:isLong" },
      { from: "node:count", to: "node:report" },
      { from: "node:isLong", to: "node:report" },
    ],
    groups: [],
  });
});

Deno.test("describeGraph() has what subgraphs run in frames, one in the other", () => {
  const { nodes, edges, groups } = describeGraph(nestedGraph());
  deepEqual(nodes.map(({ id, group }) => [id, group]), [
    ["program:in", undefined],
    ["node:deep", undefined],
    ["node:deep/clean", "graph of node:deep"],
    ["node:deep/clean/clean", "graph of node:deep/clean"],
    ["node:deep/clean/tokenize", "graph of node:deep/clean"],
  ]);
  deepEqual(groups, [
    { id: "graph of node:deep", title: "outer", group: undefined },
    { id: "graph of node:deep/clean", title: "prepare", group: "graph of node:deep" },
  ]);
  deepEqual(edges.map(({ from, to, kind = "flow" }) => `${kind} ${from} ${to}`), [
    "flow program:in node:deep",
    "control node:deep node:deep/clean",
    "control node:deep/clean node:deep/clean/clean",
    "flow node:deep/clean/clean node:deep/clean/tokenize",
  ]);
});

Deno.test("describeGraphFigures() has the statuses of the latest execution, and of none", async () => {
  const graph = textGraph();
  const statuses = () => Object.values(describeGraphFigures(graph).nodes!).map(({ status }) => status);
  deepEqual(statuses(), ["pending", "pending", "pending", "pending"]);
  await graph.execute("short", { timing: true });
  deepEqual(statuses(), ["completed", "completed", "skipped", "skipped"]);
  match(describeGraphFigures(graph).nodes!["node:clean"].lines!.join(), /^[\d.]+ (ms|µs)$/);
  await graph.execute("long enough", { timing: false });
  deepEqual(statuses(), ["completed", "completed", "completed", "completed"]);
  deepEqual(describeGraphFigures(graph).nodes!["node:clean"].lines, []);
});

Deno.test("describeGraphFigures() tells of failures and attempts, and of a run other than the latest", async () => {
  let calls = 0;
  const node = new Node("flaky", (fails: number) => {
    if (calls++ < fails) throw new Error("not yet");
    return "ready";
  }, { retry: { attempts: 3, delayMs: 0 } });
  const next = new Node("next", (input: unknown) => input);
  node.connect(next);
  const graph = new Graph("flaky", { nodes: [node, next], start: node });
  const first = graph.start(9);
  await first.results.catch(() => {});
  await graph.execute(0);
  const latest = describeGraphFigures(graph).nodes!;
  const before = describeGraphFigures(graph, first.timing).nodes!;
  equal(latest["node:flaky"].status, "completed");
  equal(before["node:flaky"].status, "failed");
  ok(before["node:flaky"].lines!.includes("3 attempts"));
  equal(before["node:next"].status, "cancelled");
});

Deno.test("describeGraph() and describeGraphFigures() can be drawn, also of subgraphs, empty ones and typed ones", async () => {
  const graph = nestedGraph();
  await graph.execute(" a b ");
  const description = describeGraph(graph);
  const figures = describeGraphFigures(graph);
  const text = await drawText(description, { figures });
  equal(text.match(/✓ completed/g)!.length, 4);
  match(text, /╌ prepare ╌/);
  match(drawMermaid(description, { figures }), /subgraph g1\["prepare"\]/);
  match(await drawSvg(description, { figures }), /<svg[^]*tokenize[^]*<\/svg>/);
  equal(await drawText(describeGraph(new Graph("none"))), "none\n\n");
});

// Wrong uses are errors in the editor.
// @ts-expect-error: a graph of nodes is no pipeline
(() => describePipeline(textGraph()));
// @ts-expect-error: a node is no graph
(() => describeGraph(new Node("a", () => {})));
