import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { describeLinearPipeline, drawMermaid, drawSvg } from "@ringmill/ringmill/view";
import { deepEqual, match } from "node:assert/strict";

const fn = () => {};

function pipeline(): LinearPipeline {
  return new LinearPipeline({
    name: "goals",
    nodes: [
      new LinearNode({ fn, name: "load", inputs: ["db"], outputs: ["raw"] }),
      new LinearNode({ fn, name: "clean", inputs: ["raw", "config.least", "raw"], outputs: ["rows", "dropped"] }),
      new LinearNode({ fn, name: "write", inputs: ["rows", "db"] }),
    ],
    runtime: { db: 1 },
  });
}

Deno.test("describeLinearPipeline() has each node, each object and each way between them once", () => {
  const { title, nodes, edges } = describeLinearPipeline(pipeline());
  deepEqual(title, "goals");
  deepEqual(nodes.map(({ id, kind }) => `${kind} ${id}`), [
    "program object:db",
    "task node:load",
    "data object:raw",
    "program object:config.least",
    "task node:clean",
    "data object:rows",
    "data object:dropped",
    "task node:write",
  ]);
  deepEqual(edges.map(({ from, to }) => `${from} -> ${to}`), [
    "object:db -> node:load",
    "node:load -> object:raw",
    "object:raw -> node:clean",
    "object:config.least -> node:clean",
    "node:clean -> object:rows",
    "node:clean -> object:dropped",
    "object:rows -> node:write",
    "object:db -> node:write",
  ]);
});

Deno.test("describeLinearPipeline() can be drawn in Mermaid and as SVG, and so can a pipeline without nodes", async () => {
  const description = describeLinearPipeline(pipeline());
  match(drawMermaid(description), /"config#46;least"\]\]\n/);
  match(await drawSvg(description), /<svg[^]*dropped[^]*<\/svg>/);
  drawMermaid(describeLinearPipeline(new LinearPipeline({ name: "pipeline", nodes: [] })));
  await drawSvg(describeLinearPipeline(new LinearPipeline({ name: "pipeline", nodes: [] })));
});
