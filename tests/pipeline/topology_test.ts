import { deepEqual } from "node:assert/strict";
import { sortTopologically } from "../../src/pipeline/topology.ts";

function sort(nodes: string[], edges: Record<string, string[]>) {
  return sortTopologically(nodes, (node) => edges[node] ?? []);
}

Deno.test("sortTopologically() puts every node before its successors", () => {
  deepEqual(sort(["sink", "scale", "source"], { source: ["scale"], scale: ["sink"] }), {
    order: ["source", "scale", "sink"],
  });
});

Deno.test("sortTopologically() keeps the given order where the edges leave it open", () => {
  deepEqual(sort(["a", "b", "c"], {}), { order: ["a", "b", "c"] });
  deepEqual(sort(["a", "b", "c", "d"], { a: ["b", "c"], b: ["d"], c: ["d"] }), { order: ["a", "b", "c", "d"] });
});

Deno.test("sortTopologically() returns the path of a cycle, without what leads to it", () => {
  const found = sort(["in", "a", "b", "c"], { in: ["a"], a: ["b"], b: ["c"], c: ["a"] });
  const { cycle } = found as { cycle: string[] };
  deepEqual(cycle.length, 4);
  deepEqual(cycle[0], cycle[3]);
  deepEqual(new Set(cycle), new Set(["a", "b", "c"]));
});

Deno.test("sortTopologically() finds a node that leads to itself", () => {
  deepEqual(sort(["a"], { a: ["a"] }), { cycle: ["a", "a"] });
});
